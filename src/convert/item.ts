/**
 * What happened, one thing after another: an event of a trace or a packet of a capture. Items are borrowed: the same object
 * is filled in again when its source goes on.
 */
import type { EventCursor, Halves, StructureValue } from '../ctf/index.ts';
import type { PacketRecord } from '../pcapng/index.ts';
import type { Place } from './place.ts';
import type { Session } from './session.ts';

interface ItemBase {
  /** As `timeNs`, without a bigint being made. */
  readonly time: Halves;
  readonly session: Session;
  readonly place: Place;
  /** Nanoseconds since 1970, the offset of the input included. */
  readonly timeNs: bigint;
}

export interface EventItem extends ItemBase {
  readonly kind: 'event';
  readonly name: string;
  /** The folder of its trace. */
  readonly trace: string;
  /** Stands on the event. */
  readonly cursor: EventCursor;
  /** Decodes its payload, and of its contexts what the payload has no field for. */
  fields(): StructureValue;
}

export interface PacketItem extends ItemBase {
  readonly kind: 'packet';
  readonly name: 'packet';
  /** Its bytes are borrowed. */
  readonly packet: PacketRecord;
  /** Counted from 1 in its file. */
  readonly number: number;
}

export type Item = EventItem | PacketItem;
