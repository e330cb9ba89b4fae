/** Recorded captures: files of every kind and compression, in order, filtered, into files, lines, fields and counts. */
export { BulkSession } from './bulk-session.ts';
export type { ByteSource } from './byte-source.ts';
export { CaptureInput } from './capture-input.ts';
export { CaptureWalk } from './capture-walk.ts';
export { DEFAULT_FIELDS_LAYOUT, type FieldsLayout } from './fields-layout.ts';
export { fileForm } from './file-form.ts';
export { FilterMatcher, walkCompiler } from './filter-matcher.ts';
export type { LinesOptions } from './lines-sink.ts';
export { collectFor, type FileOutput, openFileSink, openTextSink, type TextOutput } from './open-sink.ts';
export { openSource } from './open-source.ts';
export { parsePacketRanges } from './packet-ranges.ts';
export { parseTime } from './parse-time.ts';
export { ReadSession } from './read-session.ts';
export type { RecordSink } from './record-sink.ts';
export type { Selection } from './selection.ts';
export { HeavyHitters } from './stats/heavy-hitters.ts';
export { TextStream } from './text-stream.ts';
export { WalkedInput } from './walked-input.ts';
