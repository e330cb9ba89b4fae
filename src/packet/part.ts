/**
 * A part of a packet: where it starts, where the captured bytes end, and how long it is on the wire. All views are
 * made of one. Numbers are read in network byte order. Nothing here throws: what a view reads, it has first asked
 * for with `has`; a read beyond the bytes gives a wrong number, not an error.
 */
export class Part {
  readonly bytes: Uint8Array;
  /** First byte of the part, in `bytes`. */
  readonly start: number;
  /** Where the captured bytes of the part end, in `bytes`. */
  readonly end: number;
  /** Bytes of the part on the wire, as the packet's length or the header before says: may be more or less than captured. */
  readonly length: number;

  constructor(bytes: Uint8Array, start: number, end: number, length: number) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.length = length;
  }

  static ofFrame(frame: Uint8Array, originalLength: number): Part {
    return new Part(frame, 0, frame.length, originalLength);
  }

  /** Whether the first `count` bytes were captured. */
  has(count: number): boolean {
    return this.end - this.start >= count;
  }

  /** What follows the first `count` bytes. */
  after(count: number): Part {
    const start = Math.min(this.start + count, this.end);
    return new Part(this.bytes, start, this.end, Math.max(this.length - count, 0));
  }

  /** The same part, ending after `length` bytes at the latest. */
  limit(length: number): Part {
    const end = Math.min(this.end, this.start + length);
    return new Part(this.bytes, this.start, end, Math.min(this.length, length));
  }

  u8(at: number): number {
    return this.bytes[this.start + at]!;
  }

  u16(at: number): number {
    return (this.u8(at) << 8) | this.u8(at + 1);
  }

  u24(at: number): number {
    return (this.u8(at) << 16) | this.u16(at + 1);
  }

  u32(at: number): number {
    return this.u16(at) * 0x1_0000 + this.u16(at + 2);
  }

  /** A view of `count` bytes. */
  borrow(at: number, count: number): Uint8Array {
    return this.bytes.subarray(this.start + at, this.start + at + count);
  }
}

/**
 * What all views of headers are: accessors over a part. A view comes from the `tryOf` of its class, after one check of
 * the length; from then on every accessor finds its bytes.
 */
export abstract class View {
  readonly part: Part;

  constructor(part: Part) {
    this.part = part;
  }
}
