/** A ring of events in this process: it grows as it must, so that nothing is lost. One record is one burst. */
import type { Ring } from '../target/index.ts';

const HEAD_BYTES = 8;
const FIRST_BYTES = 64 << 10;

export class MemoryRing implements Ring {
  readonly ringId: number;
  readonly writerTid = 0;
  readonly idle = true;
  #data: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #times: number[] = [];
  #lengths: number[] = [];

  constructor(ringId: number) {
    this.ringId = ringId;
  }

  get dataBytes(): number {
    return this.#data.length;
  }

  get pendingBytes(): number {
    return this.#length;
  }

  get pendingBursts(): number {
    return this.#times.length;
  }

  /** @param record copied */
  put(timeNs: number, record: Uint8Array): void {
    const length = HEAD_BYTES + Math.ceil(record.length / 8) * 8;
    if (this.#length + length > this.#data.length) this.#grow(this.#length + length);
    const view = new DataView(this.#data.buffer);
    view.setUint32(this.#length, length, true);
    view.setUint32(this.#length + 4, 0, true);
    this.#data.set(record, this.#length + HEAD_BYTES);
    this.#data.fill(0, this.#length + HEAD_BYTES + record.length, this.#length + length);
    this.#length += length;
    this.#times.push(timeNs);
    this.#lengths.push(length);
  }

  refresh(): void {}

  burstTime(n: number): number {
    return this.#times[n]!;
  }

  burstBytes(n: number): number {
    return this.#lengths[n]!;
  }

  burstPackets(_n: number): number {
    return 1;
  }

  borrow(bytes: number): Uint8Array {
    return this.#data.subarray(0, bytes);
  }

  release(bursts: number, bytes: number): void {
    this.#data.copyWithin(0, bytes, this.#length);
    this.#length -= bytes;
    this.#times = this.#times.slice(bursts);
    this.#lengths = this.#lengths.slice(bursts);
  }

  #grow(leastBytes: number): void {
    const grown = new Uint8Array(Math.max(leastBytes, 2 * this.#data.length));
    grown.set(this.#data.subarray(0, this.#length));
    this.#data = grown;
  }
}
