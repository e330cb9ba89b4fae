/** The Internet checksum: the one's complement of the one's complement sum of 16-bit words (RFC 1071). */

/** The sum over several pieces as if they were one; only the last may have an odd length. */
export function internetChecksum(...pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i += 2) sum += (piece[i]! << 8) | (piece[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = Math.floor(sum / 0x1_0000) + (sum % 0x1_0000);
  return sum ^ 0xffff;
}
