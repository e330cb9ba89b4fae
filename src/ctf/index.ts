/** The Common Trace Format: what recordings look like, and ways through the events of traces. */
export type { ByteSource } from './byte-source.ts';
export { encodeIndexEntry, encodeIndexHeader } from './encode-index.ts';
export { encodePacketHead } from './encode-packet-head.ts';
export type { EventCursor, EventDescription, PacketDescription } from './event-cursor.ts';
export { EventEncoder, type RecordedValue } from './event-encoder.ts';
export { EnumerationValue, type FieldValue, type StructureValue } from './field-value.ts';
export { formatRecordingMetadata } from './format-recording-metadata.ts';
export type {
  PacketHead,
  RecordedEventShape,
  RecordedFieldShape,
  RecordingShape,
} from './recording-shape.ts';
