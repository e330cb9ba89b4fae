/** Texts in all encodings, blobs, and floats (CTF2-SPEC-2.0, sections 6.4.7 to 6.4.13; CTF 1.8.3, sections 4.1.7 and 4.2.5). */
import { type FieldCodec, type KnownPlace, shiftOf } from './field-codec.ts';
import type { FieldNode } from './field-node.ts';
import { type FieldReader, OVERRUN, StreamDamage } from './field-reader.ts';
import { bitReader } from './read-bits.ts';
import type { BlobClass, Encoding, FloatClass, TextClass } from './trace-class.ts';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
/** Longer ASCII texts are for TextDecoder, whose calls cost more than they do. */
const SHORT_TEXT = 40;

const UNIT_BYTES: Readonly<Record<Encoding, 1 | 2 | 4>> = {
  'utf-8': 1,
  'utf-16be': 2,
  'utf-16le': 2,
  'utf-32be': 4,
  'utf-32le': 4,
};

export function textCodec(fieldClass: TextClass, node: FieldNode): FieldCodec {
  const { encoding, lengthBytes } = fieldClass;
  if (lengthBytes === undefined) return terminatedCodec(encoding);
  return sizedCodec(typeof lengthBytes === 'number' ? lengthBytes : undefined, node, (bytes, from, length) =>
    decodeText(bytes, from, from + textLength(bytes, from, length, encoding), encoding),
  );
}

/** @param lengthOf undefined for a length that another field has */
export function blobCodec(fieldClass: BlobClass, node: FieldNode): FieldCodec {
  const { lengthBytes, roles } = fieldClass;
  const codec = sizedCodec(typeof lengthBytes === 'number' ? lengthBytes : undefined, node, copyBytes);
  if (!roles.includes('metadata-stream-uuid')) return codec;
  return {
    ...codec,
    isPlain: false,
    skip: (reader) => {
      reader.uuid = codec.decode(reader) as Uint8Array;
    },
  };
}

/** A text that an array of characters is: its length in bytes is a constant, or in the array's slot. */
export function characterArrayCodec(
  length: number | undefined,
  node: FieldNode,
  alignBits: number,
): FieldCodec {
  return {
    ...sizedCodec(length, node, (bytes, from, count) =>
      decodeText(bytes, from, from + textLength(bytes, from, count, 'utf-8'), 'utf-8'),
    ),
    alignBits,
  };
}

function copyBytes(bytes: Uint8Array, from: number, length: number): Uint8Array {
  // A plain Uint8Array, whatever the window is.
  return new Uint8Array(bytes.subarray(from, from + length));
}

function sizedCodec(
  length: number | undefined,
  node: FieldNode,
  decode: (bytes: Uint8Array, from: number, length: number) => string | Uint8Array,
): FieldCodec {
  if (length !== undefined) {
    const sizeBits = length * 8;
    return {
      alignBits: 8,
      sizeBits,
      isPlain: true,
      endsAtByte: true,
      skip: (reader) => reader.advance(sizeBits),
      decode: (reader) => {
        const at = reader.bit >>> 3;
        reader.advance(sizeBits);
        return decode(reader.bytes, at, length);
      },
    };
  }
  const slot = node.source;
  return {
    alignBits: 8,
    sizeBits: undefined,
    isPlain: false,
    endsAtByte: true,
    skip: (reader) => reader.advance(slotLength(reader, slot) * 8),
    decode: (reader) => {
      const count = slotLength(reader, slot);
      const at = reader.bit >>> 3;
      reader.advance(count * 8);
      return decode(reader.bytes, at, count);
    },
  };
}

/** The length that another field has given. */
export function slotLength(reader: FieldReader, slot: number): number {
  const value = reader.slots[slot];
  if (value === undefined) throw new StreamDamage('the length of a field is in one that is not there');
  if (value < 0) throw new StreamDamage(`a field with the length ${value}`);
  return Number(value);
}

function terminatedCodec(encoding: Encoding): FieldCodec {
  const unit = UNIT_BYTES[encoding];
  const find = unit === 1 ? findZero : (reader: FieldReader) => findZeroUnit(reader, unit);
  return {
    alignBits: 8,
    sizeBits: undefined,
    isPlain: false,
    endsAtByte: true,
    skip: (reader) => {
      reader.bit = (find(reader) + unit) * 8;
    },
    decode: (reader) => {
      const start = reader.bit >>> 3;
      const end = find(reader);
      reader.bit = (end + unit) * 8;
      return decodeText(reader.bytes, start, end, encoding);
    },
  };
}

/** The place of the zero byte, which is within the limit. */
function findZero(reader: FieldReader): number {
  const { bytes } = reader;
  const end = reader.limit >>> 3;
  const start = reader.bit >>> 3;
  const near = Math.min(end, start + SHORT_TEXT);
  for (let at = start; at < near; at++) if (bytes[at] === 0) return at;
  const at = bytes.indexOf(0, near);
  if (at === -1 || at >= end) throw OVERRUN;
  return at;
}

function findZeroUnit(reader: FieldReader, unit: number): number {
  const { bytes } = reader;
  const end = reader.limit >>> 3;
  for (let at = reader.bit >>> 3; at + unit <= end; at += unit) {
    if (isZeroUnit(bytes, at, unit)) return at;
  }
  throw OVERRUN;
}

function isZeroUnit(bytes: Uint8Array, at: number, unit: number): boolean {
  for (let index = 0; index < unit; index++) if (bytes[at + index] !== 0) return false;
  return true;
}

/** Of a text with a length: it ends at its first zero, if it has one. */
function textLength(bytes: Uint8Array, from: number, length: number, encoding: Encoding): number {
  const unit = UNIT_BYTES[encoding];
  for (let at = 0; at + unit <= length; at += unit) if (isZeroUnit(bytes, from + at, unit)) return at;
  return length;
}

function decodeText(bytes: Uint8Array, from: number, to: number, encoding: Encoding): string {
  if (encoding === 'utf-8') {
    if (to - from <= SHORT_TEXT) {
      let text = '';
      let at = from;
      for (; at < to && bytes[at]! < 0x80; at++) text += String.fromCharCode(bytes[at]!);
      if (at === to) return text;
    }
    return utf8.decode(bytes.subarray(from, to));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + from, to - from);
  const littleEndian = encoding.endsWith('le');
  const unit = UNIT_BYTES[encoding];
  let text = '';
  for (let at = 0; at + unit <= view.byteLength; at += unit) {
    if (unit === 2) text += String.fromCharCode(view.getUint16(at, littleEndian));
    else {
      const point = view.getUint32(at, littleEndian);
      text += point <= 0x10_ffff ? String.fromCodePoint(point) : '\ufffd';
    }
  }
  return text;
}

export function floatCodec(fieldClass: FloatClass, place: KnownPlace): FieldCodec {
  const { sizeBits, alignBits } = fieldClass;
  return {
    alignBits,
    sizeBits,
    isPlain: true,
    endsAtByte: false,
    skip: (reader) => reader.advance(sizeBits),
    decode: floatReader(fieldClass, shiftOf(place)),
  };
}

function floatReader(fieldClass: FloatClass, shift: number | undefined): (reader: FieldReader) => number {
  const { sizeBits, littleEndian, isReversed } = fieldClass;
  if (shift === 0 && !isReversed && (sizeBits === 32 || sizeBits === 64)) {
    return (reader) => {
      const at = reader.bit >>> 3;
      reader.advance(sizeBits);
      return sizeBits === 32
        ? reader.view.getFloat32(at, littleEndian)
        : reader.view.getFloat64(at, littleEndian);
    };
  }
  const read = bitReader(fieldClass, shift, false);
  const scratch = new DataView(new ArrayBuffer(8));
  // IEEE 754, table 3.5.
  const exponentBits = sizeBits === 16 ? 5 : Math.round(4 * Math.log2(sizeBits)) - 13;
  return (reader) => {
    const bits = BigInt(read(reader));
    if (sizeBits === 32) {
      scratch.setUint32(0, Number(bits));
      return scratch.getFloat32(0);
    }
    if (sizeBits === 64) {
      scratch.setBigUint64(0, bits);
      return scratch.getFloat64(0);
    }
    return ieee(bits, exponentBits, sizeBits - exponentBits - 1);
  };
}

/** A binary float of any width, to the nearest double that its upper 53 bits give. */
function ieee(bits: bigint, exponentBits: number, fractionBits: number): number {
  const fraction = BigInt.asUintN(fractionBits, bits);
  const exponent = Number(BigInt.asUintN(exponentBits, bits >> BigInt(fractionBits)));
  const sign = (bits >> BigInt(exponentBits + fractionBits)) & 1n ? -1 : 1;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === 2 ** exponentBits - 1)
    return fraction === 0n ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  const whole = exponent === 0 ? fraction : fraction | (1n << BigInt(fractionBits));
  const power = Math.max(exponent, 1) - bias - fractionBits;
  // In two steps, as 2^power alone may be less than any double.
  const half = Math.trunc(power / 2);
  return sign * Number(whole) * 2 ** half * 2 ** (power - half);
}
