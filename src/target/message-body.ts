/**
 * Bodies of messages being taken apart and put together: a struct after the other, every length checked. What
 * does not fit throws PeerError('PEER_PROTOCOL'), for the other side wrote it.
 */
import { PeerError } from '../base/index.ts';
import { STRUCTS } from './abi.ts';
import { decodeStruct, decodeText, encodeStruct, type StructName, type StructValue } from './struct-codec.ts';

export function protocolError(message: string): PeerError {
  return new PeerError('PEER_PROTOCOL', message);
}

export class BodyReader {
  readonly #what: string;
  readonly #body: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param what the message's name, for errors */
  constructor(what: string, body: Uint8Array) {
    this.#what = what;
    this.#body = body;
    this.#view = new DataView(body.buffer, body.byteOffset, body.length);
  }

  struct<Name extends StructName>(name: Name): StructValue<Name> {
    const start = this.#claim(STRUCTS[name].size, `struct ${name}`);
    return decodeStruct(name, this.#view, start);
  }

  /** The next bytes, borrowed from the body. */
  bytes(length: number, what: string): Uint8Array {
    const start = this.#claim(length, what);
    return this.#body.subarray(start, start + length);
  }

  /** UTF-8 from here to the end. */
  text(): string {
    return decodeText(this.bytes(this.#body.length - this.#at, 'text'));
  }

  /** Nothing may follow. */
  end(): void {
    const rest = this.#body.length - this.#at;
    if (rest > 0) throw protocolError(`${this.#what}: got ${rest} bytes more than expected`);
  }

  #claim(length: number, what: string): number {
    const start = this.#at;
    if (length > this.#body.length - start) {
      const rest = this.#body.length - start;
      throw protocolError(`${this.#what}: got ${rest} bytes, expected ${length} for ${what}`);
    }
    this.#at = start + length;
    return start;
  }
}

/** One struct as bytes. */
export function structBytes<Name extends StructName>(name: Name, value: StructValue<Name>): Uint8Array {
  const bytes = new Uint8Array(STRUCTS[name].size);
  encodeStruct(name, new DataView(bytes.buffer), 0, value);
  return bytes;
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
