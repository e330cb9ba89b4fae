/** Recorded captures: files of every kind and compression, in order, filtered, into files, lines, fields and counts. */
export { CaptureInput } from './capture-input.ts';
export type { EarlyRecord } from './early-record.ts';
export { DEFAULT_FIELDS_LAYOUT, type FieldsLayout } from './fields-layout.ts';
export { fileForm } from './file-form.ts';
export { FilterMatcher } from './filter-matcher.ts';
export type { LinesOptions } from './lines-sink.ts';
export { type FileOutput, openFileSink, openTextSink, type TextOutput } from './open-sink.ts';
export { openSource } from './open-source.ts';
export { parsePacketRanges } from './packet-ranges.ts';
export { parseTime } from './parse-time.ts';
export { ProgramMatcher } from './program-matcher.ts';
export { ReadSession } from './read-session.ts';
export type { RecordSink } from './record-sink.ts';
export type { Selection } from './selection.ts';
