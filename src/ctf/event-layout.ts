/**
 * Where everything of an event lies in memory, for events of a kind that is always laid out the same: whole bytes, little-endian, one
 * event right behind the other. Whoever has the bytes of many of them can go over them without a cursor.
 */
import type { StructureCodec } from './compile-fields.ts';
import type { PlainHeader } from './plain-header.ts';
import type { FieldClass, StructureClass } from './trace-class.ts';

/** Offsets count from the event's first byte. */
export interface EventLayout {
  readonly header: HeaderLayout;
  readonly sizeBytes: number;
  /** Of the payload, in order; undefined for what is no integer of 1, 2, 4 or 8 whole bytes. */
  readonly fields: readonly (IntegerLayout | undefined)[];
}

/** One object for all events of a stream class. */
export interface HeaderLayout {
  readonly sizeBytes: number;
  readonly id: IntegerLayout;
  /** 8 bytes. */
  readonly timeAt: number;
}

export interface IntegerLayout {
  readonly at: number;
  readonly sizeBytes: number;
  readonly isSigned: boolean;
}

/** Many events of such kinds in memory. */
export interface EventStretch {
  /** From the event that a cursor stands on, to as far as there may be others: the last is not always whole. Borrowed. */
  readonly bytes: Uint8Array;
  /** Of the first byte in its stream. Bytes of a stream do not change. */
  readonly offsetBytes: number;
  /** What makes the times in the headers nanoseconds since 1970, modulo 2^64. */
  readonly timeOffset: bigint;
}

/** Undefined for a header with numbers of the other byte order. */
export function headerLayout({ sizeBits, id, ...time }: PlainHeader): HeaderLayout | undefined {
  if (!time.isTimeLittleEndian || !(id.isLittleEndian || id.sizeBytes === 1)) return undefined;
  const { at, sizeBytes } = id;
  return { sizeBytes: sizeBits / 8, id: { at, sizeBytes, isSigned: false }, timeAt: time.timeLow };
}

/** @param payloadBytes the whole of it */
export function eventLayout(
  header: HeaderLayout,
  { members }: StructureClass,
  codec: StructureCodec,
  payloadBytes: number,
): EventLayout {
  const fields = members.map(({ fieldClass }, index) =>
    integerLayout(fieldClass, codec.members[index]!.offset, header.sizeBytes),
  );
  return { header, sizeBytes: header.sizeBytes + payloadBytes, fields };
}

function integerLayout(
  of: FieldClass,
  offset: number | undefined,
  headerBytes: number,
): IntegerLayout | undefined {
  if (of.kind !== 'integer' || of.isReversed || offset === undefined || offset % 8 !== 0) return undefined;
  const sizeBytes = of.sizeBits / 8;
  if (![1, 2, 4, 8].includes(sizeBytes) || !(of.littleEndian || sizeBytes === 1)) return undefined;
  return { at: headerBytes + offset / 8, sizeBytes, isSigned: of.isSigned };
}
