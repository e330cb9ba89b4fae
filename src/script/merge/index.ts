/** What many writers gathered, as one. */
export type { MapContents } from './map-contents.ts';
export { MergedMap } from './merged-map.ts';
export { TraceMaps } from './trace-maps.ts';
