/** Recordings of every kind merged on one clock, and written in the forms of other tools. */
export { checkFolder } from './check-folder.ts';
export { Conversion, type ItemSelection } from './conversion.ts';
export type { ItemSource } from './item-source.ts';
export { openInputs } from './open-inputs.ts';
export { FORMATS, type Format, openItemSink } from './open-sink.ts';
export { type InputOffset, parseOffset } from './parse-offset.ts';
