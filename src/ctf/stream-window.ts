/**
 * The part of a stream that is in memory: a buffer of bounded size that is loaded from where it is needed. What is read once is read
 * again when it must begin elsewhere: an event at the buffer's end costs one more read of its first bytes.
 */
import type { ByteSource } from './byte-source.ts';

const FIRST_BYTES = 1 << 16;
/** What one event, or one packet's head, may take. */
export const MAXIMUM_WINDOW_BYTES: number = 1 << 24;

export class StreamWindow {
  readonly #source: ByteSource;
  bytes: Uint8Array;
  /** Of the buffer's first byte, in the stream. */
  offset = 0;
  /** How many bytes of the buffer are the stream's. */
  length = 0;

  constructor(source: ByteSource) {
    this.#source = source;
    this.bytes = new Uint8Array(Math.max(64, Math.min(FIRST_BYTES, source.sizeBytes)));
  }

  get endsAtEnd(): boolean {
    return this.offset + this.length >= this.#source.sizeBytes;
  }

  load(offset: number): void {
    this.offset = offset;
    this.length = this.#source.read(this.bytes, offset);
  }

  /** Loads again with a larger buffer; false when it may not become larger. */
  grow(): boolean {
    if (this.bytes.length >= MAXIMUM_WINDOW_BYTES) return false;
    this.bytes = new Uint8Array(Math.min(MAXIMUM_WINDOW_BYTES, this.bytes.length * 4));
    this.load(this.offset);
    return true;
  }
}
