/**
 * The hash of keyed maps: HalfSipHash-1-3 with 32 bits of result (Linux calls it hsiphash of the 32-bit kind), because
 * keys come out of packets and a sender must not be able to choose keys that collide. The agent's trace_map.c computes
 * the same. All arithmetic is modulo 2^32; `<<<` rotates.
 *
 * ```
 *   k0 = seed, k1 = 0x07060504 (so that a seed of 0x03020100 gives the test vectors of Linux)
 *   v0 = k0, v1 = k1, v2 = 0x6c796765 ^ k0, v3 = 0x74656462 ^ k1
 *   for each 32-bit little-endian word w of the key, padded with zeros to a multiple of 8 bytes:
 *     v3 ^= w; round; v0 ^= w
 *   w = bytes of the padded key << 24, as another word
 *   v2 ^= 0xff; round; round; round
 *   hash = v1 ^ v3
 *
 *   round: v0 += v1; v1 = v1 <<< 5;  v1 ^= v0; v0 = v0 <<< 16;
 *          v2 += v3; v3 = v3 <<< 8;  v3 ^= v2;
 *          v0 += v3; v3 = v3 <<< 7;  v3 ^= v0;
 *          v2 += v1; v1 = v1 <<< 13; v1 ^= v2; v2 = v2 <<< 16
 * ```
 */
const SECOND_KEY = 0x07060504;
const FIRST_CONSTANT = 0x6c796765;
const SECOND_CONSTANT = 0x74656462;
const FINAL_ROUNDS = 3;

/**
 * @param words the memory in 32-bit words, little-endian as this machine is
 * @param at the key's first word
 * @param count words of the padded key, an even number
 * @returns the hash as a signed 32-bit number
 */
export function hashKey(seed: number, words: Int32Array, at: number, count: number): number {
  let v0 = seed | 0;
  let v1 = SECOND_KEY;
  let v2 = FIRST_CONSTANT ^ seed;
  let v3 = SECOND_CONSTANT ^ SECOND_KEY;
  // The words, then the length, then the final rounds: one loop, so that the round stands here once.
  const rounds = count + 1 + FINAL_ROUNDS;
  for (let i = 0; i < rounds; i++) {
    const word = i < count ? words[at + i]! : i === count ? count << 26 : 0;
    if (i === count + 1) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return v1 ^ v3;
}
