/** The Common Trace Format: what recordings look like, and ways through the events of traces. */
export type { ByteSource } from './byte-source.ts';
export type { EventCursor, EventDescription, PacketDescription } from './event-cursor.ts';
export { EnumerationValue, type FieldValue, type StructureValue } from './field-value.ts';
export type {
  PacketHead,
  RecordedEventShape,
  RecordedFieldShape,
  RecordingShape,
} from './recording-shape.ts';
