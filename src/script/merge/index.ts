/** What many writers gathered, as one. */
export type { MapContents, MapEntry } from './map-contents.ts';
export { MergedMap } from './merged-map.ts';
export { TraceMaps } from './trace-maps.ts';
