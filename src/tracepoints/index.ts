/** Trace points: what a probe can be put on, and the standard ones as a table. */
export { dpdkPoints } from './dpdk-points.ts';
export type { ArgumentPlace, ArgumentType, ProbeArgument, ProbeKind, ProbePoint } from './probe-point.ts';
