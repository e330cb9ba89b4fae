/** The language's syntax: text to a tree. */
export { parseScript } from './parser.ts';
export type * from './tree.ts';
