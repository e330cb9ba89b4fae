/** `hone top`: what applications do with their packets at this moment, as a table, as JSON, as metrics. */
export { columnsFor, type Scale } from './columns.ts';
export { formatMetrics } from './metrics.ts';
export { formatScreen, shownRows } from './screen.ts';
export { formatSnapshotJson } from './snapshot-json.ts';
export { firstView, press, type View } from './view.ts';
