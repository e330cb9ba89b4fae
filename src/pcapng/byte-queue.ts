/**
 * Bytes that arrive in pieces and are read in units: the reader asks for n contiguous bytes and gets them, or is
 * told that they are not there yet. A unit that lies in one piece is not copied; one that spans pieces is put
 * together in a buffer of the queue, which grows only as bytes really arrive.
 */
const EMPTY = new Uint8Array(0);

export class ByteQueue {
  /** The bytes asked for start at `bytes[at]`, and at the same place in `view`. */
  bytes: Uint8Array = EMPTY;
  view: DataView = new DataView(EMPTY.buffer);
  at = 0;
  /** Where `bytes[at]` stands in the whole stream. */
  offset = 0;

  #end = 0;
  #carry: Uint8Array = EMPTY;
  #pending: Uint8Array[] = [];

  /**
   * Borrows `bytes`. They are given back, read or copied, when `ensure` returns false: until then they must not
   * be changed.
   */
  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    // A plain Uint8Array: slice() of Node's Buffer, which callers may well push, does not copy.
    this.#pending.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  /** Bytes pushed and not yet skipped. */
  get length(): number {
    return this.#pending.reduce((sum, piece) => sum + piece.length, this.#end - this.at);
  }

  /** Forgets what was pushed: the next byte is at `offset` of the stream. */
  restart(offset: number): void {
    this.#pending.length = 0;
    this.#look(EMPTY, 0);
    this.offset = offset;
  }

  /** True when `count` contiguous bytes are at `at`; false when more must be pushed first. */
  ensure(count: number): boolean {
    if (this.#end - this.at >= count) return true;
    if (this.at === this.#end) {
      const piece = this.#pending.shift();
      if (piece === undefined) return false;
      this.#look(piece, piece.length);
      if (piece.length >= count) return true;
    }
    return this.#gather(count);
  }

  /** Goes on by `count` bytes, which `ensure` has given. */
  skip(count: number): void {
    this.at += count;
    this.offset += count;
  }

  /** Puts what is left and what is pending together in the carry buffer, up to `count` bytes. */
  #gather(count: number): boolean {
    let have = this.#end - this.at;
    const left = this.bytes.subarray(this.at, this.#end);
    if (this.bytes === this.#carry) this.#carry.copyWithin(0, this.at, this.#end);
    else {
      this.#reserve(0, have);
      this.#carry.set(left);
    }
    while (have < count) {
      const piece = this.#pending.shift();
      if (piece === undefined) break;
      const taken = Math.min(count - have, piece.length);
      this.#reserve(have, taken);
      this.#carry.set(piece.subarray(0, taken), have);
      have += taken;
      if (taken < piece.length) this.#pending.unshift(piece.subarray(taken));
    }
    this.#look(this.#carry, have);
    return have >= count;
  }

  /** Room for `more` bytes after the first `kept` of the carry buffer. */
  #reserve(kept: number, more: number): void {
    if (kept + more <= this.#carry.length) return;
    const grown = new Uint8Array(Math.max(kept + more, this.#carry.length * 2, 4096));
    grown.set(this.#carry.subarray(0, kept));
    this.#carry = grown;
  }

  #look(bytes: Uint8Array, end: number): void {
    if (this.bytes !== bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    this.at = 0;
    this.#end = end;
  }
}
