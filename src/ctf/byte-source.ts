/** Where the bytes of a stream are: a file, or memory. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Reads from `offset` until `into` is full or the source ends; how many bytes that were. */
  read(into: Uint8Array, offset: number): number;
}
