/**
 * What a timestamp does to the clock of a stream (CTF 1.8.3, section 8; CTF2-SPEC-2.0, section 6.3): one of 64 bits is the clock's value;
 * a shorter one replaces as many of its lower bits, and adds 2^size when it is less than they were: the field has wrapped.
 */
import type { FieldReader } from './field-reader.ts';
import { type BitPlace, bitReader, upTo32 } from './read-bits.ts';

const WORD = 0x1_0000_0000;

/** A function that reads a timestamp and moves the reader's clock. */
export function clockUpdate(place: BitPlace, shift: number | undefined): (reader: FieldReader) => void {
  const { sizeBits, littleEndian } = place;
  if (sizeBits === 64 && shift === 0 && !place.isReversed) {
    const [low, high] = littleEndian ? [0, 4] : [4, 0];
    return (reader) => {
      const at = reader.bit >>> 3;
      reader.advance(64);
      const { view } = reader;
      reader.clock.set(view.getUint32(at + high, littleEndian), view.getUint32(at + low, littleEndian));
    };
  }
  if (sizeBits === 32 && !place.isReversed) {
    const read = upTo32(sizeBits, littleEndian, shift);
    return (reader) => {
      const value = read(reader);
      const { clock } = reader;
      clock.set(value < clock.low ? clock.high + 1 : clock.high, value);
    };
  }
  if (sizeBits < 32 && !place.isReversed) {
    const read = upTo32(sizeBits, littleEndian, shift);
    const span = 2 ** sizeBits;
    const mask = span - 1;
    return (reader) => {
      const value = read(reader);
      const { clock } = reader;
      const was = clock.low & mask;
      const low = clock.low - was + value + (value < was ? span : 0);
      clock.set(low >= WORD ? clock.high + 1 : clock.high, low);
    };
  }
  const read = bitReader(place, shift, true);
  return (reader) => {
    reader.clock.assign(updated(reader.clock.unsigned, BigInt(read(reader)), sizeBits));
  };
}

/** The clock's value after a timestamp of `sizeBits` bits, modulo 2^64. */
export function updated(clock: bigint, value: bigint, sizeBits: number): bigint {
  if (sizeBits >= 64) return BigInt.asUintN(64, value);
  const was = BigInt.asUintN(sizeBits, clock);
  const wrapped = value < was ? 1n << BigInt(sizeBits) : 0n;
  return BigInt.asUintN(64, clock - was + value + wrapped);
}
