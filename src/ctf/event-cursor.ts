/**
 * A way through the events of one stream, in its order, without a value made for an event that nobody asks about. What it
 * stands on is valid until the next call of next().
 */
import type { EventLayout, EventStretch } from './event-layout.ts';
import type { FieldValue, StructureValue } from './field-value.ts';
import type { Halves } from './halves.ts';

/** What its metadata says of an event, as far as readers need it. */
export interface EventDescription {
  readonly id: number;
  readonly name: string;
  readonly logLevel: number | undefined;
  /** Names of the payload's fields, in order. */
  readonly fieldNames: readonly string[];
  /** Names of the fields of its contexts, of the stream's and of its own. */
  readonly contextNames: readonly string[];
  /** Where a payload of it lies; undefined when that is not the same for every one. */
  readonly layout?: EventLayout | undefined;
}

/** Of the packet that the cursor is in. */
export interface PacketDescription {
  /** Its place in the stream's file. */
  readonly offsetBytes: number;
  readonly beginNs: bigint | undefined;
  readonly endNs: bigint | undefined;
  readonly sequenceNumber: number | undefined;
  /** Events lost in this stream since its start, as the packet says; undefined when it does not. */
  readonly eventsDiscarded: bigint | undefined;
  /** The whole packet context (cpu_id and what else it has). */
  readonly context: StructureValue;
}

export interface EventCursor {
  /** What messages call the stream. */
  readonly name: string;
  /** Goes to the next event; false at the end, or where damage begins (see `damage`). @throws nothing for what a file holds */
  next(): boolean;
  readonly event: EventDescription;
  /** Nanoseconds since 1970 (or since the clock's origin, where the trace says nothing of it); 0 without a clock. */
  readonly timeNs: bigint;
  /** The same without a bigint being made. */
  readonly time: Halves;
  readonly packet: PacketDescription;
  /** Decodes one field of the payload; undefined when the event has none of that name. */
  field(name: string): FieldValue;
  /** The same by its place in `event.fieldNames`. */
  fieldAt(index: number): FieldValue;
  /** Decodes everything: payload, and the contexts of stream and event. */
  payload(): StructureValue;
  context(): StructureValue;
  /** What of its packet is in memory from the event on that it stands on; undefined where that has no layout. Valid until next(). */
  ahead?(): EventStretch | undefined;
  /** Makes next() go to what begins so many bytes behind the event at hand, where an event begins or they end: after ahead(). */
  skip?(lengthBytes: number): void;
  /** Why reading ended before the end of the stream, with the offset; undefined when it did not. */
  readonly damage: string | undefined;
}
