/**
 * Messages of protocol buffers to bytes, as far as a writer needs the format: fields in the order of the calls, lengths of nested messages
 * put in when they end. It knows no schema. https://protobuf.dev/programming-guides/encoding
 */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

const LONGEST_VARINT = 10;
/** A nested message is taken to be shorter than this; a longer one is moved to make room for its length. */
const SHORT_MESSAGE = 0x80;
const WORD = 0x1_0000_0000;

export class ProtoWriter {
  length = 0;
  #bytes = new Uint8Array(64 << 10);
  #view = new DataView(this.#bytes.buffer);
  readonly #open: number[] = [];
  readonly #encoder = new TextEncoder();
  readonly #word = new DataView(new ArrayBuffer(8));

  /** A uint64, uint32 or enum; of a bigint the lowest 64 bits. */
  uint(field: number, value: number | bigint): void {
    this.#reserve(2 * LONGEST_VARINT);
    this.#varint((field << 3) | VARINT);
    this.#wide(value);
  }

  bool(field: number, value: boolean): void {
    this.uint(field, value ? 1 : 0);
  }

  /** An int64 or int32: ten bytes for every negative number. */
  int(field: number, value: number | bigint): void {
    this.uint(field, value < 0 ? BigInt(value) : value);
  }

  /** @param value a whole number from 0 to 2^53 - 1 */
  fixed64(field: number, value: number): void {
    this.#reserve(LONGEST_VARINT + 8);
    this.#varint((field << 3) | FIXED64);
    this.#view.setUint32(this.length, value % WORD, true);
    this.#view.setUint32(this.length + 4, value / WORD, true);
    this.length += 8;
  }

  double(field: number, value: number): void {
    this.#reserve(LONGEST_VARINT + 8);
    this.#varint((field << 3) | FIXED64);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  string(field: number, text: string): void {
    this.open(field);
    // UTF-8 takes at most three bytes for a unit of UTF-16.
    this.#reserve(3 * text.length);
    this.length += this.#encoder.encodeInto(text, this.#bytes.subarray(this.length)).written;
    this.close();
  }

  /** Begins a nested message. */
  open(field: number): void {
    this.#reserve(LONGEST_VARINT + 1);
    this.#varint((field << 3) | LENGTH);
    this.#open.push(this.length++);
  }

  /** Ends the innermost one. */
  close(): void {
    const at = this.#open.pop()!;
    const size = this.length - at - 1;
    if (size >= SHORT_MESSAGE) {
      let more = 0;
      for (let rest = size; rest >= SHORT_MESSAGE; rest = Math.floor(rest / SHORT_MESSAGE)) more++;
      this.#reserve(more);
      this.#bytes.copyWithin(at + 1 + more, at + 1, this.length);
      this.length += more;
    }
    const end = this.length;
    this.length = at;
    this.#varint(size);
    this.length = end;
  }

  /** What was written, borrowed until the next call; it begins anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.length);
    this.length = 0;
    return bytes;
  }

  #wide(value: number | bigint): void {
    if (typeof value === 'number') {
      this.#varint(value);
      return;
    }
    // Two words: arithmetic of bigints makes a new one each time.
    this.#word.setBigUint64(0, value);
    let high = this.#word.getUint32(0);
    let low = this.#word.getUint32(4);
    const bytes = this.#bytes;
    while (high !== 0) {
      bytes[this.length++] = 0x80 | (low & 0x7f);
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.#varint(low);
  }

  #varint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    while (rest >= WORD) {
      bytes[this.length++] = 0x80 | (rest % SHORT_MESSAGE);
      rest = Math.floor(rest / SHORT_MESSAGE);
    }
    while (rest >= SHORT_MESSAGE) {
      bytes[this.length++] = 0x80 | (rest & 0x7f);
      rest >>>= 7;
    }
    bytes[this.length++] = rest;
  }

  #reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
