/** The checker: from the parser's tree to the typed tree. */
export { checkScript } from './check-script.ts';
export type { PointOptions } from './points.ts';
