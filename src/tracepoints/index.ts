/** Trace points: what a probe can be put on, the standard ones as tables, and what is generated from such a table. */
export { dataplanePoints, dataplaneTable } from './dataplane-points.ts';
export { dpdkPoints } from './dpdk-points.ts';
export { type GeneratedPoints, generatePoints } from './generate-points.ts';
export { parsePointTable } from './parse-point-table.ts';
export type { PointTable } from './point-table.ts';
export { formatArgumentType, formatPoint } from './points-page.ts';
export type { ArgumentPlace, ArgumentType, ProbeArgument, ProbeKind, ProbePoint } from './probe-point.ts';
