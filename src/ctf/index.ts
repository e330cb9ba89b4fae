/** The Common Trace Format, 1.8 and 2: recordings written, traces of any tracer read. Pure. */
export { type ByteSource, MemorySource } from './byte-source.ts';
export { encodeIndexEntry, encodeIndexHeader } from './encode-index.ts';
export { encodePacketHead } from './encode-packet-head.ts';
export type { EventCursor, EventDescription, PacketDescription } from './event-cursor.ts';
export { EventEncoder, type RecordedValue } from './event-encoder.ts';
export type { EventLayout, EventStretch, HeaderLayout, IntegerLayout } from './event-layout.ts';
export { EnumerationValue, type FieldValue, type StructureValue } from './field-value.ts';
export { formatRecordingMetadata } from './format-recording-metadata.ts';
export { Halves } from './halves.ts';
export { openTrace, type Trace } from './open-trace.ts';
export type {
  PacketHead,
  RecordedEventShape,
  RecordedFieldShape,
  RecordingShape,
} from './recording-shape.ts';
export type { ClockClass, EventClass, FieldClass, StreamClass, TraceClass } from './trace-class.ts';
