/**
 * Functions that read one integer of a known size, byte order and position within its byte, made when metadata is compiled: the
 * usual ones are one load, the others gather bytes. They check the limit and go past the integer.
 *
 * In little-endian fields the first bit of a byte is its least significant, in big-endian ones its most significant (CTF 1.8.3, section
 * 4.1.4; CTF2-SPEC-2.0, section 6.4.1).
 */
import { type FieldReader, OVERRUN } from './field-reader.ts';

/** An unsigned integer: a number up to 32 bits, above them a bigint, or with `isNarrow` a number where it is exact. */
export type BitReader = (reader: FieldReader) => number | bigint;

export interface BitPlace {
  readonly sizeBits: number;
  readonly littleEndian: boolean;
  readonly isReversed: boolean;
}

const WORD = 0x1_0000_0000;

/**
 * @param shift which bit of a byte the integer begins at, 0 to 7; undefined when it depends on what stands before
 * @param isNarrow more than 32 bits give a number where it is exact
 */
export function bitReader(place: BitPlace, shift: number | undefined, isNarrow: boolean): BitReader {
  const { sizeBits, littleEndian } = place;
  const read =
    sizeBits <= 32
      ? upTo32(sizeBits, littleEndian, shift)
      : sizeBits === 64 && shift === 0
        ? isNarrow
          ? narrow64(littleEndian)
          : wide64(littleEndian)
        : gathered(sizeBits, littleEndian, isNarrow && !place.isReversed);
  return place.isReversed ? reversed(read, sizeBits, isNarrow) : read;
}

/** The same as a number, for sizes up to 32 bits. */
export function upTo32(
  sizeBits: number,
  littleEndian: boolean,
  shift: number | undefined,
): (reader: FieldReader) => number {
  if (shift === 0 && sizeBits === 8) {
    return (reader) => {
      const at = claim(reader, 8);
      return reader.bytes[at]!;
    };
  }
  if (shift === 0 && sizeBits === 16) {
    return (reader) => {
      const at = claim(reader, 16);
      return reader.view.getUint16(at, littleEndian);
    };
  }
  if (shift === 0 && sizeBits === 32) {
    return (reader) => {
      const at = claim(reader, 32);
      return reader.view.getUint32(at, littleEndian);
    };
  }
  if (shift !== undefined && shift + sizeBits <= 32) return inWord(sizeBits, littleEndian, shift);
  return (reader) => {
    const { bit } = reader;
    claim(reader, sizeBits);
    return gather32(reader.bytes, bit, sizeBits, littleEndian);
  };
}

/** Within one to four bytes that begin where the integer's first byte is. */
function inWord(sizeBits: number, littleEndian: boolean, shift: number): (reader: FieldReader) => number {
  const bytes = (shift + sizeBits + 7) >>> 3;
  const down = littleEndian ? shift : bytes * 8 - shift - sizeBits;
  const mask = sizeBits === 32 ? 0xffff_ffff : 2 ** sizeBits - 1;
  if (bytes === 4) {
    return (reader) => {
      const at = claim(reader, sizeBits);
      return ((reader.view.getUint32(at, littleEndian) >>> down) & mask) >>> 0;
    };
  }
  if (bytes === 2) {
    return (reader) => {
      const at = claim(reader, sizeBits);
      return (reader.view.getUint16(at, littleEndian) >>> down) & mask;
    };
  }
  if (bytes === 1) {
    return (reader) => {
      const at = claim(reader, sizeBits);
      return (reader.bytes[at]! >>> down) & mask;
    };
  }
  return (reader) => {
    const at = claim(reader, sizeBits);
    const first = reader.bytes[at]!;
    const rest = reader.view.getUint16(at + 1, littleEndian);
    return ((littleEndian ? (rest << 8) | first : (first << 16) | rest) >>> down) & mask;
  };
}

function wide64(littleEndian: boolean): BitReader {
  return (reader) => {
    const at = claim(reader, 64);
    return reader.view.getBigUint64(at, littleEndian);
  };
}

function narrow64(littleEndian: boolean): BitReader {
  const [low, high] = littleEndian ? [0, 4] : [4, 0];
  return (reader) => {
    const at = claim(reader, 64);
    const upper = reader.view.getUint32(at + high, littleEndian);
    if (upper >= 0x20_0000) return reader.view.getBigUint64(at, littleEndian);
    return upper * WORD + reader.view.getUint32(at + low, littleEndian);
  };
}

function gathered(sizeBits: number, littleEndian: boolean, isNarrow: boolean): BitReader {
  return (reader) => {
    const { bit, bytes } = reader;
    claim(reader, sizeBits);
    const value = gatherBits(bytes, bit, sizeBits, littleEndian);
    return isNarrow && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  };
}

function gatherBits(bytes: Uint8Array, bit: number, sizeBits: number, littleEndian: boolean): bigint {
  let value = 0n;
  for (let done = 0; done < sizeBits; done += 32) {
    const count = Math.min(32, sizeBits - done);
    const word = BigInt(gather32(bytes, bit + done, count, littleEndian));
    value = littleEndian ? value | (word << BigInt(done)) : (value << BigInt(count)) | word;
  }
  return value;
}

/** Byte by byte, up to 32 bits at any place. */
function gather32(bytes: Uint8Array, bit: number, sizeBits: number, littleEndian: boolean): number {
  let value = 0;
  let done = 0;
  while (done < sizeBits) {
    const at = bit + done;
    const inByte = at & 7;
    const count = Math.min(8 - inByte, sizeBits - done);
    const byte = bytes[at >>> 3]!;
    const part = (byte >>> (littleEndian ? inByte : 8 - inByte - count)) & ((1 << count) - 1);
    value = littleEndian ? value + part * 2 ** done : value * 2 ** count + part;
    done += count;
  }
  return value;
}

function reversed(read: BitReader, sizeBits: number, isNarrow: boolean): BitReader {
  return (reader) => {
    let from = BigInt(read(reader));
    let value = 0n;
    for (let index = 0; index < sizeBits; index++) {
      value = (value << 1n) | (from & 1n);
      from >>= 1n;
    }
    return sizeBits <= 32 || (isNarrow && value <= Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  };
}

/** Checks the limit and goes on; the byte in which the integer began. */
function claim(reader: FieldReader, sizeBits: number): number {
  const { bit } = reader;
  const end = bit + sizeBits;
  if (end > reader.limit) throw OVERRUN;
  reader.bit = end;
  return bit >>> 3;
}
