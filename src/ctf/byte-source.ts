/** Where the bytes of a stream are: a file, or memory. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Reads from `offset` until `into` is full or the source ends; how many bytes that were. */
  read(into: Uint8Array, offset: number): number;
}

/** Bytes in memory; borrowed, so they must not change while something reads them. */
export class MemorySource implements ByteSource {
  readonly name: string;
  readonly #bytes: Uint8Array;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.#bytes = bytes;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  read(into: Uint8Array, offset: number): number {
    const part = this.#bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }
}
