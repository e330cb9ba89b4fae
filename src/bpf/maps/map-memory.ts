/**
 * The linear memory that maps live in, and the processor that programs run on. An address is an offset into the memory;
 * the first 64 bytes are never used, so that 0 is no address. The memory must not grow while maps are used.
 */

/** Alignment of keys, values and headers. */
const ALIGNMENT = 8;

export class MapMemory {
  readonly buffer: ArrayBufferLike;
  readonly view: DataView;
  readonly bytes: Uint8Array;
  /** For what another thread may read at the same time. */
  readonly words: Int32Array;
  /** How many processors per-cpu maps have values for. */
  readonly cpus: number;
  /** The processor of the running program, 0 to cpus - 1. */
  cpu = 0;

  /** Borrows the buffer, whose length is a multiple of 4. */
  constructor(buffer: ArrayBufferLike, cpus = 1) {
    this.buffer = buffer;
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer);
    this.cpus = cpus;
  }

  load(at: number): number {
    return this.view.getUint32(at, true);
  }

  store(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** As memmove: the ranges may overlap. A short loop is faster than a call for what keys and values are. */
  copy(to: number, from: number, lengthBytes: number): void {
    if (lengthBytes > 32 || (from < to && from + lengthBytes > to)) {
      this.bytes.copyWithin(to, from, from + lengthBytes);
      return;
    }
    for (let i = 0; i < lengthBytes; i++) this.bytes[to + i] = this.bytes[from + i]!;
  }

  isEqual(a: number, b: number, lengthBytes: number): boolean {
    const { bytes } = this;
    for (let i = 0; i < lengthBytes; i++) if (bytes[a + i] !== bytes[b + i]) return false;
    return true;
  }
}

export function alignBytes(lengthBytes: number): number {
  return Math.ceil(lengthBytes / ALIGNMENT) * ALIGNMENT;
}
