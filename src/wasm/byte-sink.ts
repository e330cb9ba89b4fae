/** Bytes in the encodings of the WebAssembly binary format: LEB128 numbers, names, vectors (core spec, section 5.2). */

const encoder = new TextEncoder();

export class ByteSink {
  readonly bytes: number[] = [];

  byte(value: number): void {
    this.bytes.push(value & 0xff);
  }

  /** An unsigned number of 32 bits. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.bytes.push(rest);
  }

  /** A signed number of 32 bits; larger ones are taken modulo 2^32. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.bytes.push((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.bytes.push(rest & 0x7f);
  }

  /** A signed number of 64 bits; larger ones are taken modulo 2^64. */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.bytes.push(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.bytes.push(Number(rest & 0x7fn));
  }

  name(text: string): void {
    this.block(encoder.encode(text));
  }

  /** The bytes behind their number. */
  block(bytes: ArrayLike<number>): void {
    this.u32(bytes.length);
    this.append(bytes);
  }

  append(bytes: ArrayLike<number>): void {
    for (let i = 0; i < bytes.length; i++) this.bytes.push(bytes[i]!);
  }
}
