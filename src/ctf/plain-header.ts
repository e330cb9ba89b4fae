/**
 * The usual header of events: whole bytes, of which 1, 2 or 4 are the class's id and 8 the time. Where a stream has such headers, an event
 * is walked over in one step; whatever else there is, its codecs do.
 */
import type { StructureCodec } from './compile-fields.ts';
import type { IntegerClass, Role, StructureClass } from './trace-class.ts';

export interface PlainHeader {
  readonly sizeBits: number;
  /** @param at the header's first byte */
  readonly readId: (view: DataView, at: number) => number;
  /** Where the halves of the time are, from the header's first byte. */
  readonly timeHigh: number;
  readonly timeLow: number;
  readonly isTimeLittleEndian: boolean;
  readonly id: { readonly at: number; readonly sizeBytes: number; readonly isLittleEndian: boolean };
}

/** Undefined for a header of another kind. */
export function plainHeader({ members }: StructureClass, codec: StructureCodec): PlainHeader | undefined {
  const { sizeBits } = codec;
  if (sizeBits === undefined || sizeBits % 8 !== 0 || codec.alignBits > 8) return undefined;
  let id: { readonly of: IntegerClass; readonly at: number } | undefined;
  let time: { readonly of: IntegerClass; readonly at: number } | undefined;
  for (const [index, { fieldClass }] of members.entries()) {
    const place = codec.members[index]!.offset!;
    const isWhole = fieldClass.kind === 'integer' && !fieldClass.isReversed && place % 8 === 0;
    if (!isWhole) return undefined;
    const found = { of: fieldClass, at: place / 8 };
    if (hasOnly(fieldClass, 'event-record-class-id') && id === undefined) id = found;
    else if (hasOnly(fieldClass, 'default-clock-timestamp') && time === undefined) time = found;
    else if (fieldClass.roles.length > 0) return undefined;
  }
  const readId = id && idReader(id.of, id.at);
  if (readId === undefined || time === undefined || time.of.sizeBits !== 64) return undefined;
  const isTimeLittleEndian = time.of.littleEndian;
  const [low, high] = isTimeLittleEndian ? [0, 4] : [4, 0];
  return {
    ...{ sizeBits, readId, timeHigh: time.at + high, timeLow: time.at + low, isTimeLittleEndian },
    id: { at: id!.at, sizeBytes: id!.of.sizeBits / 8, isLittleEndian: id!.of.littleEndian },
  };
}

function hasOnly({ roles }: IntegerClass, role: Role): boolean {
  return roles.length === 1 && roles[0] === role;
}

function idReader(of: IntegerClass, place: number): PlainHeader['readId'] | undefined {
  const { sizeBits, littleEndian, isSigned } = of;
  if (isSigned) return undefined;
  if (sizeBits === 8) return (view, at) => view.getUint8(at + place);
  if (sizeBits === 16) return (view, at) => view.getUint16(at + place, littleEndian);
  if (sizeBits === 32) return (view, at) => view.getUint32(at + place, littleEndian);
  return undefined;
}
