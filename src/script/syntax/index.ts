/** The language's syntax: text to a tree. */
export { Fault, fail } from './fault.ts';
export { parseScript } from './parser.ts';
export { parseSelection } from './selection-parser.ts';
export type * from './tree.ts';
