/**
 * The hash of keyed maps: products of halves, as wyhash's and NH's are, every factor with a secret in it, because keys come out of
 * packets and a sender must not be able to choose keys that collide. It is no cipher: who sees hashes can learn the secrets, but
 * nobody who sends packets sees them. The agent's trace_map.c computes the same.
 *
 * ```
 *   secret[i] = mix(seed + (i + 1) * 0x9e3779b9), i from 0 to 3: 32 bits each; mix is the end of MurmurHash3
 *   low = high = 0
 *   for each pair of 32-bit little-endian words of the key, padded with zeros to a multiple of 8 bytes:
 *     high:low = (low ^ word[0] ^ secret[0]) * (high ^ word[1] ^ secret[1])
 *   high:low = (low ^ secret[2]) * (high ^ secret[3])
 *   hash = low ^ high
 * ```
 */
const GOLDEN = 0x9e3779b9;

/** The secrets of a seed. */
export type HashKeys = readonly [number, number, number, number];

export function hashKeys(seed: number): HashKeys {
  const key = (i: number): number => mix((seed + Math.imul(i, GOLDEN)) | 0);
  return [key(1), key(2), key(3), key(4)];
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/**
 * @param words the memory in 32-bit words, little-endian as this machine is
 * @param at the key's first word
 * @param count words of the padded key, an even number
 * @returns the hash as a signed 32-bit number
 */
export function hashKey(keys: HashKeys, words: Int32Array, at: number, count: number): number {
  let low = 0;
  let high = 0;
  for (let i = at; i < at + count; i += 2) {
    const a = low ^ words[i]! ^ keys[0];
    const b = high ^ words[i + 1]! ^ keys[1];
    low = Math.imul(a, b);
    high = upperHalf(a, b);
  }
  const a = low ^ keys[2];
  const b = high ^ keys[3];
  return Math.imul(a, b) ^ upperHalf(a, b);
}

/** Of the product of two unsigned numbers; each partial sum below is less than 2^32. */
function upperHalf(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (other >>> 16)) | 0;
}
