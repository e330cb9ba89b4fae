/** Bytes in network order, for those who compose packets. */

export function u16(value: number): [number, number] {
  return [value >> 8, value & 0xff];
}

export function u32(value: number): [number, number, number, number] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

export function joinBytes(...pieces: readonly ArrayLike<number>[]): Uint8Array {
  const joined = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}
