/** Little-endian numbers out of untrusted bytes: each access is checked, and a fault says where in the file it is. */
import { FormatError } from '../../base/index.ts';

export class ByteView {
  readonly lengthBytes: number;
  /** What the bytes are, for messages: `section .BTF`. */
  readonly #what: string;
  /** Where the bytes begin in the file. */
  readonly #offsetInFile: number;
  readonly #view: DataView;

  /** Borrows the bytes. */
  constructor(bytes: Uint8Array, what: string, offsetInFile = 0) {
    this.lengthBytes = bytes.length;
    this.#what = what;
    this.#offsetInFile = offsetInFile;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#check(offset, 1));
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#check(offset, 2), true);
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#check(offset, 4), true);
  }

  /** 64 bits as a number: above 2^53 not exact, which no offset or length of a file reaches. */
  u64(offset: number): number {
    this.#check(offset, 8);
    return this.#view.getUint32(offset, true) + this.#view.getUint32(offset + 4, true) * 2 ** 32;
  }

  /** A part as bytes (borrowed). */
  bytes(offset: number, lengthBytes: number): Uint8Array {
    this.#check(offset, lengthBytes);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + offset, lengthBytes);
  }

  /** Text up to a zero byte; what is not ASCII is shown as such. */
  text(offset: number): string {
    let end = this.#check(offset, 1);
    while (this.u8(end) !== 0) end++;
    const codes = this.bytes(offset, Math.min(end - offset, 256));
    return Array.from(codes, (code) => (code > 32 && code < 127 ? String.fromCharCode(code) : '?')).join('');
  }

  /** To be thrown: what is wrong at this place. */
  fault(offset: number, why: string): FormatError {
    const inFile = this.#offsetInFile + offset;
    return new FormatError(`${this.#what}: ${why}, at offset ${inFile}`, inFile);
  }

  #check(offset: number, lengthBytes: number): number {
    if (offset + lengthBytes > this.lengthBytes) {
      throw this.fault(
        Math.min(offset, this.lengthBytes),
        `${lengthBytes} bytes from ${offset} reach beyond its ${this.lengthBytes}`,
      );
    }
    return offset;
  }
}
