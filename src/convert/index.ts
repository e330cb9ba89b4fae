/** Recordings of every kind merged on one clock, and written in the forms of other tools. */
export { CaptureSource } from './capture-source.ts';
export { checkFolder } from './check-folder.ts';
export { Conversion, type ItemSelection } from './conversion.ts';
export { findInputs } from './find-inputs.ts';
export { isRepeated } from './is-repeated.ts';
export type { EventItem, Item, PacketItem } from './item.ts';
export type { ItemSink } from './item-sink.ts';
export type { ItemSource } from './item-source.ts';
export { Merge } from './merge.ts';
export { type OpenInputs, openInputs } from './open-inputs.ts';
export { FORMATS, type Format, openItemSink } from './open-sink.ts';
export type { EventKind } from './open-trace.ts';
export { type InputOffset, parseOffset } from './parse-offset.ts';
export { integer, type Place, text } from './place.ts';
export { TraceSource } from './trace-source.ts';
