/** `hone top`: what applications do with their packets at this moment, as a table, as JSON, as metrics. */
export { columnsFor, type Scale } from './columns.ts';
export { formatMetrics } from './metrics.ts';
export type { ApplicationReading } from './reading.ts';
export { Sampler } from './sampler.ts';
export { formatScreen, shownRows } from './screen.ts';
export { type Snapshot, takeSnapshot } from './snapshot.ts';
export { formatSnapshotJson } from './snapshot-json.ts';
export { readCyclesPerNs } from './tsc-rate.ts';
export { firstView, press, type View } from './view.ts';
