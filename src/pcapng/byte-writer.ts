/** Bytes that are being written, in one byte order. It grows as needed and knows nothing of pcapng. */
export class ByteWriter {
  readonly #littleEndian: boolean;
  #bytes: Uint8Array = new Uint8Array(256);
  #view: DataView = new DataView(this.#bytes.buffer);
  length = 0;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  u8(value: number): void {
    const at = this.#claim(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#claim(2);
    this.#view.setUint16(at, value, this.#littleEndian);
  }

  u32(value: number): void {
    const at = this.#claim(4);
    this.#view.setUint32(at, value, this.#littleEndian);
  }

  u64(value: bigint): void {
    const at = this.#claim(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, value), this.#littleEndian);
  }

  /** The upper 32 bits, then the lower: how pcapng writes a time. */
  highLow(value: bigint): void {
    this.u32(Number(BigInt.asUintN(32, value >> 32n)));
    this.u32(Number(BigInt.asUintN(32, value)));
  }

  bytes(value: Uint8Array): void {
    const at = this.#claim(value.length);
    this.#bytes.set(value, at);
  }

  /** Zero bytes up to the next multiple of four. */
  padToWord(): void {
    this.#claim(-this.length & 3);
  }

  /** Writes a 32-bit value over what stands at `offset`: for a length that is known only at the end. */
  patchU32(offset: number, value: number): void {
    this.#view.setUint32(offset, value, this.#littleEndian);
  }

  /** The same for 16 bits. */
  patchU16(offset: number, value: number): void {
    this.#view.setUint16(offset, value, this.#littleEndian);
  }

  /** Everything written so far, as a copy of exactly that length. */
  copyBytes(): Uint8Array {
    return this.#bytes.slice(0, this.length);
  }

  #claim(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, this.#bytes.length * 2));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return start;
  }
}
