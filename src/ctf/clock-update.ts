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
      reader.clockHigh = reader.view.getUint32(at + high, littleEndian);
      reader.clockLow = reader.view.getUint32(at + low, littleEndian);
    };
  }
  if (sizeBits < 32 && !place.isReversed) {
    const read = upTo32(sizeBits, littleEndian, shift);
    const span = 2 ** sizeBits;
    const mask = span - 1;
    return (reader) => {
      const value = read(reader);
      const was = reader.clockLow & mask;
      let low = reader.clockLow - was + value;
      if (value < was) low += span;
      if (low >= WORD) {
        low -= WORD;
        reader.clockHigh = (reader.clockHigh + 1) >>> 0;
      }
      reader.clockLow = low;
    };
  }
  const read = bitReader(place, shift, true);
  return (reader) => {
    const value = read(reader);
    if (sizeBits <= 52) updateNumber(reader, Number(value), 2 ** sizeBits);
    else updateBigint(reader, BigInt(value), sizeBits);
  };
}

/** @param span 2^size, from 2^32 to 2^52 */
function updateNumber(reader: FieldReader, value: number, span: number): void {
  const highSpan = span / WORD;
  if (highSpan < 1) {
    updateBigint(reader, BigInt(value), Math.log2(span));
    return;
  }
  const wasHigh = reader.clockHigh % highSpan;
  let high = reader.clockHigh - wasHigh + Math.floor(value / WORD);
  if (value < wasHigh * WORD + reader.clockLow) high += highSpan;
  reader.clockHigh = high >>> 0;
  reader.clockLow = value % WORD;
}

function updateBigint(reader: FieldReader, value: bigint, sizeBits: number): void {
  const clock = updated(clockValue(reader), value, sizeBits);
  reader.clockHigh = Number(BigInt.asUintN(32, clock >> 32n));
  reader.clockLow = Number(BigInt.asUintN(32, clock));
}

/** The clock's value after a timestamp of `sizeBits` bits, modulo 2^64. */
export function updated(clock: bigint, value: bigint, sizeBits: number): bigint {
  if (sizeBits >= 64) return BigInt.asUintN(64, value);
  const was = BigInt.asUintN(sizeBits, clock);
  const wrapped = value < was ? 1n << BigInt(sizeBits) : 0n;
  return BigInt.asUintN(64, clock - was + value + wrapped);
}

export function clockValue(reader: FieldReader): bigint {
  return (BigInt(reader.clockHigh) << 32n) | BigInt(reader.clockLow);
}
