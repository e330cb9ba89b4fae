/** Bytes that were unpacked and not yet asked for. */
export class ByteBacklog {
  readonly #pieces: Uint8Array[] = [];

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Keeps `bytes`, not a copy. */
  add(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pieces.push(bytes);
  }

  /** Moves what fits into `target`, and gives how much that was. */
  take(target: Uint8Array): number {
    let count = 0;
    while (count < target.length) {
      const piece = this.#pieces[0];
      if (piece === undefined) break;
      const taken = piece.subarray(0, target.length - count);
      target.set(taken, count);
      count += taken.length;
      if (taken.length === piece.length) this.#pieces.shift();
      else this.#pieces[0] = piece.subarray(taken.length);
    }
    return count;
  }
}
