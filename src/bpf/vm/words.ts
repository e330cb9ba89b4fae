/**
 * 64-bit arithmetic on pairs of 32-bit words in an Int32Array, lower half first. `dst` and `src` are the indices of the
 * lower halves and may be equal; the result goes to `dst`. Numbers below 2^53 are divided as doubles, which is exact:
 * quotients of such integers never round up to the next one. Others are divided as BigInt.
 */

export function multiply64(words: Int32Array, dst: number, src: number): void {
  const a = words[dst]!;
  const b = words[src]!;
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // Sums of a product of 16-bit numbers and a 16-bit number fit in 32 bits.
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const carried = a0 * b1 + (middle & 0xffff);
  const upper = a1 * b1 + (middle >>> 16) + (carried >>> 16);
  words[dst + 1] = upper + Math.imul(a, words[src + 1]!) + Math.imul(words[dst + 1]!, b);
  words[dst] = Math.imul(a, b);
}

export function shiftLeft64(words: Int32Array, dst: number, src: number): void {
  const distance = words[src]! & 63;
  const low = words[dst]!;
  if (distance >= 32) {
    words[dst + 1] = low << (distance - 32);
    words[dst] = 0;
  } else if (distance > 0) {
    words[dst + 1] = (words[dst + 1]! << distance) | (low >>> (32 - distance));
    words[dst] = low << distance;
  }
}

export function shiftRight64(words: Int32Array, dst: number, src: number): void {
  const distance = words[src]! & 63;
  const high = words[dst + 1]!;
  if (distance >= 32) {
    words[dst] = high >>> (distance - 32);
    words[dst + 1] = 0;
  } else if (distance > 0) {
    words[dst] = (words[dst]! >>> distance) | (high << (32 - distance));
    words[dst + 1] = high >>> distance;
  }
}

/** Keeps the sign. */
export function shiftRightSigned64(words: Int32Array, dst: number, src: number): void {
  const distance = words[src]! & 63;
  const high = words[dst + 1]!;
  if (distance >= 32) {
    words[dst] = high >> (distance - 32);
    words[dst + 1] = high >> 31;
  } else if (distance > 0) {
    words[dst] = (words[dst]! >>> distance) | (high << (32 - distance));
    words[dst + 1] = high >> distance;
  }
}

export function negate64(words: Int32Array, dst: number): void {
  const low = -words[dst]! | 0;
  words[dst + 1] = ~words[dst + 1]! + (low === 0 ? 1 : 0);
  words[dst] = low;
}

/** Gives 0 for a divisor of 0. */
export function divide64(words: Int32Array, dst: number, src: number): void {
  const high = words[dst + 1]! >>> 0;
  const divisorHigh = words[src + 1]! >>> 0;
  if (high < 0x200000 && divisorHigh < 0x200000) {
    const divisor = divisorHigh * 2 ** 32 + (words[src]! >>> 0);
    const quotient = divisor === 0 ? 0 : Math.floor((high * 2 ** 32 + (words[dst]! >>> 0)) / divisor);
    put(words, dst, quotient);
    return;
  }
  const divisor = unsigned64(words, src);
  putBigInt(words, dst, divisor === 0n ? 0n : unsigned64(words, dst) / divisor);
}

/** Leaves the number as it is for a divisor of 0. */
export function modulo64(words: Int32Array, dst: number, src: number): void {
  const high = words[dst + 1]! >>> 0;
  const divisorHigh = words[src + 1]! >>> 0;
  if (high < 0x200000 && divisorHigh < 0x200000) {
    const divisor = divisorHigh * 2 ** 32 + (words[src]! >>> 0);
    if (divisor !== 0) put(words, dst, (high * 2 ** 32 + (words[dst]! >>> 0)) % divisor);
    return;
  }
  const divisor = unsigned64(words, src);
  if (divisor !== 0n) putBigInt(words, dst, unsigned64(words, dst) % divisor);
}

/** The quotient is truncated; -2^63 / -1 is -2^63. */
export function divideSigned64(words: Int32Array, dst: number, src: number): void {
  const divisor = signed64(words, src);
  putBigInt(words, dst, divisor === 0n ? 0n : signed64(words, dst) / divisor);
}

/** The remainder has the sign of the number. */
export function moduloSigned64(words: Int32Array, dst: number, src: number): void {
  const divisor = signed64(words, src);
  if (divisor !== 0n) putBigInt(words, dst, signed64(words, dst) % divisor);
}

export const unsigned64 = (words: Int32Array, at: number): bigint => BigInt.asUintN(64, signed64(words, at));

const signed64 = (words: Int32Array, at: number): bigint =>
  (BigInt(words[at + 1]!) << 32n) | BigInt(words[at]! >>> 0);

/** `value` is a whole number from 0 to 2^53. */
function put(words: Int32Array, at: number, value: number): void {
  words[at] = value;
  words[at + 1] = value / 2 ** 32;
}

function putBigInt(words: Int32Array, at: number, value: bigint): void {
  words[at] = Number(BigInt.asIntN(32, value));
  words[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}

/** The lower `bits` (16, 32 or 64) with their bytes in the other order, the rest 0. */
export function swapBytes(words: Int32Array, at: number, bits: number): void {
  const low = words[at]!;
  const high = words[at + 1]!;
  words[at + 1] = bits === 64 ? swap32(low) : 0;
  words[at] = bits === 16 ? swap32(low) >>> 16 : bits === 32 ? swap32(low) : swap32(high);
}

const swap32 = (value: number): number =>
  (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);

/** The lower `bits` (16, 32 or 64), the rest 0. */
export function truncate(words: Int32Array, at: number, bits: number): void {
  if (bits === 16) words[at]! &= 0xffff;
  if (bits !== 64) words[at + 1] = 0;
}

/** Whether the unsigned number at `a` is less than the one at `b`. */
export function isLess(words: Int32Array, a: number, b: number): boolean {
  const high = words[a + 1]!;
  const otherHigh = words[b + 1]!;
  return high === otherHigh ? words[a]! >>> 0 < words[b]! >>> 0 : high >>> 0 < otherHigh >>> 0;
}

export function isLessSigned(words: Int32Array, a: number, b: number): boolean {
  const high = words[a + 1]!;
  const otherHigh = words[b + 1]!;
  return high === otherHigh ? words[a]! >>> 0 < words[b]! >>> 0 : high < otherHigh;
}
