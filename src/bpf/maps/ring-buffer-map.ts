/**
 * Ring buffer: records of any length from programs to one reader, which may be another thread. Positions count bytes
 * since the start, modulo 2^32. Layout, of which the data is max_entries bytes:
 * ```
 *   +0    consumer   how far the reader is
 *   +64   producer   up to where records were reserved
 *   +68   lost       records that found no room
 *   +128  data: records from multiples of 8:
 *           +0   length of the record in bytes; bit 31: reserved, not yet submitted; bit 30: discarded
 *           +4   0
 *           +8   the record
 * ```
 * A record lies in one piece: what is left at the end of the data, and is too short, is filled with a discarded record.
 * (The kernel's ring is mapped twice and needs no filling.)
 */
import { EAGAIN, EINVAL } from './keyed-map.ts';
import { alignBytes, type MapMemory } from './map-memory.ts';
import type { MapSpec } from './map-spec.ts';

const CONSUMER = 0;
const PRODUCER = 64;
const LOST = 68;
const DATA = 128;
const HEADER_BYTES = 8;

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const LENGTH = 0x3fff_ffff;

/** What may be asked with `query`, by the numbers of <linux/bpf.h>. */
export const ringBufferQueries = {
  BPF_RB_AVAIL_DATA: 0,
  BPF_RB_RING_SIZE: 1,
  BPF_RB_CONS_POS: 2,
  BPF_RB_PROD_POS: 3,
} as const;

/** BPF_RB_NO_WAKEUP and BPF_RB_FORCE_WAKEUP: taken, and without meaning where the reader polls. */
const WAKEUP_FLAGS = 3;

export function ringBufferMapBytes({ maxEntries }: MapSpec): number {
  return DATA + maxEntries;
}

export class RingBufferMap {
  readonly spec: MapSpec;
  readonly at: number;
  readonly #memory: MapMemory;
  readonly #mask: number;

  /** In zeroed memory at `at`, of ringBufferMapBytes. */
  constructor(spec: MapSpec, memory: MapMemory, at: number) {
    this.spec = spec;
    this.at = at;
    this.#memory = memory;
    this.#mask = spec.maxEntries - 1;
  }

  /** Records that found no room until now. */
  get lost(): number {
    return this.#load(LOST);
  }

  /** The address of room for a record, or 0 when there is none or a flag is set. */
  reserve(lengthBytes: number, flags: number): number {
    if (flags !== 0) return 0;
    const needBytes = HEADER_BYTES + alignBytes(lengthBytes);
    const producer = this.#load(PRODUCER);
    const freeBytes = this.#mask - ((producer - this.#load(CONSUMER)) >>> 0);
    const offset = producer & this.#mask;
    const leftBytes = this.spec.maxEntries - offset;
    const skipBytes = needBytes > leftBytes ? leftBytes : 0;
    if (skipBytes + needBytes > freeBytes) {
      this.#store(LOST, this.lost + 1);
      return 0;
    }
    if (skipBytes > 0) this.#store(DATA + offset, DISCARDED | (skipBytes - HEADER_BYTES));
    const record = skipBytes > 0 ? 0 : offset;
    this.#store(DATA + record, BUSY | lengthBytes);
    this.#store(DATA + record + 4, 0);
    this.#store(PRODUCER, producer + skipBytes + needBytes);
    return this.at + DATA + record + HEADER_BYTES;
  }

  /** Whether the address may be that of a record of this ring. */
  holds(recordAt: number): boolean {
    return recordAt >= this.at + DATA + HEADER_BYTES && recordAt < this.at + DATA + this.spec.maxEntries;
  }

  /** Gives the record that was reserved at the address to the reader. */
  submit(recordAt: number): void {
    this.#finish(recordAt, 0);
  }

  /** Takes back the room; the reader does not see the record. */
  discard(recordAt: number): void {
    this.#finish(recordAt, DISCARDED);
  }

  /** Copies a record in. @returns 0, -EINVAL for other flags than those of waking, -EAGAIN when there is no room */
  output(dataAt: number, lengthBytes: number, flags: number): number {
    if (flags > WAKEUP_FLAGS) return -EINVAL;
    const record = this.reserve(lengthBytes, 0);
    if (record === 0) return -EAGAIN;
    this.#memory.copy(record, dataAt, lengthBytes);
    this.submit(record);
    return 0;
  }

  /** One of ringBufferQueries; 0 for others. */
  query(what: number): number {
    switch (what) {
      case ringBufferQueries.BPF_RB_AVAIL_DATA:
        return (this.#load(PRODUCER) - this.#load(CONSUMER)) >>> 0;
      case ringBufferQueries.BPF_RB_RING_SIZE:
        return this.spec.maxEntries;
      case ringBufferQueries.BPF_RB_CONS_POS:
        return this.#load(CONSUMER);
      case ringBufferQueries.BPF_RB_PROD_POS:
        return this.#load(PRODUCER);
      default:
        return 0;
    }
  }

  /**
   * Gives all records that were submitted to `visit`, oldest first, up to one that is still reserved. The bytes are
   * borrowed for the call. Ends whatever the memory holds: a length that cannot be drops what is left.
   */
  drain(visit: (record: Uint8Array) => void): void {
    for (;;) {
      const consumer = this.#load(CONSUMER);
      const readyBytes = (this.#load(PRODUCER) - consumer) >>> 0;
      if (readyBytes === 0) return;
      const offset = DATA + (consumer & this.#mask);
      const header = this.#load(offset);
      if ((header & BUSY) !== 0) return;
      const lengthBytes = header & LENGTH;
      const recordBytes = HEADER_BYTES + alignBytes(lengthBytes);
      if (recordBytes > readyBytes) {
        this.#store(CONSUMER, consumer + readyBytes);
        return;
      }
      const from = this.at + offset + HEADER_BYTES;
      if ((header & DISCARDED) === 0) visit(this.#memory.bytes.subarray(from, from + lengthBytes));
      this.#store(CONSUMER, consumer + recordBytes);
    }
  }

  #finish(recordAt: number, flag: number): void {
    const header = recordAt - HEADER_BYTES - this.at;
    this.#store(header, (this.#load(header) & LENGTH) | flag);
  }

  #load(offset: number): number {
    return Atomics.load(this.#memory.words, (this.at + offset) >> 2) >>> 0;
  }

  #store(offset: number, value: number): void {
    Atomics.store(this.#memory.words, (this.at + offset) >> 2, value | 0);
  }
}
