/** Integers of fixed and of variable size, enumerations, booleans and bit maps (CTF2-SPEC-2.0, sections 6.4.1 to 6.4.6). */
import { clockUpdate, updated } from './clock-update.ts';
import { type FieldCodec, type KnownPlace, shiftOf } from './field-codec.ts';
import type { FieldNode } from './field-node.ts';
import { type FieldReader, StreamDamage } from './field-reader.ts';
import { EnumerationValue, type FieldValue } from './field-value.ts';
import { narrow } from './narrow.ts';
import { bitReader } from './read-bits.ts';
import type {
  BitsClass,
  BooleanClass,
  IntegerClass,
  Mapping,
  Role,
  VariableIntegerClass,
} from './trace-class.ts';

type Integer = number | bigint;
type Effect = (reader: FieldReader, value: Integer) => void;

/** Values of an enumeration that are made once. */
const KEPT_VALUES = 1024;
/** Of a variable-length integer: 10 bytes hold 64 bits; hostile ones may have any number. */
const MAXIMUM_VARIABLE_BYTES = 586;

export function integerCodec(
  fieldClass: IntegerClass | BooleanClass | BitsClass,
  node: FieldNode,
  place: KnownPlace,
): FieldCodec {
  const { sizeBits, alignBits } = fieldClass;
  const shift = shiftOf(place);
  const isSigned = fieldClass.kind === 'integer' && fieldClass.isSigned;
  const readNarrow = signed(bitReader(fieldClass, shift, true), sizeBits, isSigned, true);
  const readExact = signed(bitReader(fieldClass, shift, false), sizeBits, isSigned, false);
  const toValue = fieldValueOf(fieldClass);
  const keep = keeping(node, readNarrow);
  const skipPlain = (reader: FieldReader) => reader.advance(sizeBits);
  const roles = fieldClass.kind === 'integer' ? fieldClass.roles : [];
  const run = roles.length === 0 ? undefined : roleEffects(roles, fieldClass, shift, readNarrow);
  const decodeExact = (reader: FieldReader): FieldValue => toValue(readExact(reader));
  return {
    alignBits,
    sizeBits,
    isPlain: node.slots.length === 0 && run === undefined,
    endsAtByte: false,
    skip: run === undefined ? (keep ?? skipPlain) : keep === undefined ? run : both(keep, run),
    decode: keep === undefined ? decodeExact : keepThen(keep, decodeExact),
  };
}

/** Reads twice: what is referred to is rare, and its value is wanted in another form. */
function keepThen(
  keep: (reader: FieldReader) => void,
  then: (reader: FieldReader) => FieldValue,
): (reader: FieldReader) => FieldValue {
  return (reader) => {
    const { bit } = reader;
    keep(reader);
    reader.bit = bit;
    return then(reader);
  };
}

function both(
  keep: (reader: FieldReader) => void,
  run: (reader: FieldReader) => void,
): (reader: FieldReader) => void {
  return (reader) => {
    const { bit } = reader;
    keep(reader);
    reader.bit = bit;
    run(reader);
  };
}

function keeping(
  { slots }: FieldNode,
  read: (reader: FieldReader) => Integer,
): ((reader: FieldReader) => void) | undefined {
  if (slots.length === 0) return undefined;
  return (reader) => {
    const value = read(reader);
    for (const slot of slots) reader.slots[slot] = value;
  };
}

/** What `bitReader` gives as two's complement; the same kinds of value. */
function signed(
  read: (reader: FieldReader) => Integer,
  sizeBits: number,
  isSigned: boolean,
  isNarrow: boolean,
): (reader: FieldReader) => Integer {
  if (!isSigned) return read;
  if (sizeBits <= 32) {
    const up = 32 - sizeBits;
    return (reader) => ((read(reader) as number) << up) >> up;
  }
  return (reader) => {
    const value = BigInt.asIntN(sizeBits, BigInt(read(reader)));
    return isNarrow ? narrow(value) : value;
  };
}

function fieldValueOf(fieldClass: IntegerClass | BooleanClass | BitsClass): (value: Integer) => FieldValue {
  switch (fieldClass.kind) {
    case 'boolean':
      return (value) => value !== 0 && value !== 0n;
    case 'bits':
      return fieldClass.flags === undefined ? (value) => value : flagsOf(fieldClass.flags);
    case 'integer':
      return fieldClass.mappings === undefined ? (value) => value : enumerated(fieldClass.mappings);
  }
}

function enumerated(mappings: readonly Mapping[]): (value: Integer) => EnumerationValue {
  return remembered((value) =>
    mappings
      .filter(({ ranges }) => ranges.some(({ from, to }) => from <= value && value <= to))
      .map(({ label }) => label),
  );
}

function flagsOf(flags: readonly Mapping[]): (value: Integer) => EnumerationValue {
  return remembered((value) => {
    const bits = BigInt(value);
    return flags
      .filter(({ ranges }) =>
        ranges.some(
          ({ from, to }) => (bits >> BigInt(from)) % (1n << (BigInt(to) - BigInt(from) + 1n)) !== 0n,
        ),
      )
      .map(({ label }) => label);
  });
}

function remembered(labelsOf: (value: Integer) => string[]): (value: Integer) => EnumerationValue {
  const known = new Map<Integer, EnumerationValue>();
  return (value) => {
    let result = known.get(value);
    if (result === undefined) {
      result = new EnumerationValue(value, labelsOf(value));
      if (known.size < KEPT_VALUES) known.set(value, result);
    }
    return result;
  };
}

function roleEffects(
  roles: readonly Role[],
  fieldClass: IntegerClass | BooleanClass | BitsClass,
  shift: number | undefined,
  read: (reader: FieldReader) => Integer,
): (reader: FieldReader) => void {
  if (roles.includes('default-clock-timestamp')) {
    const update = clockUpdate(fieldClass, shift);
    return (reader) => {
      update(reader);
      reader.hasBegin = true;
    };
  }
  if (roles.length === 1 && roles[0] === 'event-record-class-id') {
    return (reader) => {
      reader.eventId = Number(read(reader));
    };
  }
  const effects = roles.map((role) => effectOf(role, fieldClass.sizeBits));
  return (reader) => {
    const value = read(reader);
    for (const effect of effects) effect(reader, value);
  };
}

function effectOf(role: Role, sizeBits: number): Effect {
  switch (role) {
    case 'packet-magic-number':
      return (reader, value) => {
        reader.magic = Number(value);
      };
    case 'data-stream-class-id':
      return (reader, value) => {
        reader.streamId = Number(value);
      };
    case 'data-stream-id':
      return (reader, value) => {
        reader.streamInstance = Number(value);
      };
    case 'packet-total-length':
      return (reader, value) => {
        reader.packetBits = Number(value);
      };
    case 'packet-content-length':
      return (reader, value) => {
        reader.contentBits = Number(value);
      };
    case 'packet-sequence-number':
      return (reader, value) => {
        reader.sequenceNumber = Number(value);
      };
    case 'packet-end-default-clock-timestamp':
      return (reader, value) => {
        reader.endClock = BigInt(value);
        reader.endClockBits = sizeBits;
      };
    case 'discarded-event-record-counter-snapshot':
      return (reader, value) => {
        reader.eventsDiscarded = BigInt(value);
      };
    case 'event-record-class-id':
      return (reader, value) => {
        reader.eventId = Number(value);
      };
    default:
      return () => {};
  }
}

/** LEB128: 7 bits a byte, the least significant first; the last byte has its highest bit clear. */
export function variableIntegerCodec(fieldClass: VariableIntegerClass, node: FieldNode): FieldCodec {
  const { isSigned } = fieldClass;
  const toValue =
    fieldClass.mappings === undefined ? (value: Integer) => value : enumerated(fieldClass.mappings);
  const effects = fieldClass.roles.map((role) => effectOf(role, 64));
  const isTime = fieldClass.roles.includes('default-clock-timestamp');
  const read = (reader: FieldReader): Integer => readLeb128(reader, isSigned);
  const skip = (reader: FieldReader): void => {
    const { bit } = reader;
    const value = read(reader);
    for (const slot of node.slots) reader.slots[slot] = value;
    if (isTime) {
      reader.clock.assign(updated(reader.clock.unsigned, BigInt(value), ((reader.bit - bit) / 8) * 7));
      reader.hasBegin = true;
    }
    for (const effect of effects) effect(reader, value);
  };
  return {
    alignBits: 8,
    sizeBits: undefined,
    isPlain: false,
    endsAtByte: true,
    skip,
    decode: (reader) => {
      const value = read(reader);
      for (const slot of node.slots) reader.slots[slot] = value;
      return toValue(typeof value === 'number' && fitsWord(value, isSigned) ? value : BigInt(value));
    },
  };
}

/** Values of up to 32 bits are numbers, as those of fixed size are. */
function fitsWord(value: number, isSigned: boolean): boolean {
  return isSigned ? value === (value | 0) : value === value >>> 0;
}

function readLeb128(reader: FieldReader, isSigned: boolean): Integer {
  let small = 0;
  let scale = 1;
  let big = 0n;
  for (let count = 0; ; count++) {
    if (count === MAXIMUM_VARIABLE_BYTES) {
      throw new StreamDamage(`an integer of more than ${MAXIMUM_VARIABLE_BYTES} bytes`);
    }
    const at = reader.bit >>> 3;
    reader.advance(8);
    const byte = reader.bytes[at]!;
    const bits = byte & 0x7f;
    if (count < 7) {
      small += bits * scale;
      scale *= 128;
    } else {
      if (count === 7) big = BigInt(small);
      big |= BigInt(bits) << BigInt(count * 7);
    }
    if ((byte & 0x80) !== 0) continue;
    const isNegative = isSigned && (byte & 0x40) !== 0;
    if (count < 7) return isNegative ? small - scale : small;
    const value = isNegative ? big - (1n << BigInt(count * 7 + 7)) : big;
    return narrow(value);
  }
}
