/**
 * The writer's side of a ring (struct hone_ring in abi.h), as the agent does it in C: blocks are written in place,
 * a burst is published with its index entry, a full ring refuses. What the host may change, `tail`, is
 * checked at every look.
 */
import { closeSync } from 'node:fs';
import { ABI, STRUCTS } from '../abi.ts';
import { type Mapping, mapMemory } from '../mapping.ts';
import { createSealedMemory } from '../posix.ts';
import type { RingEvent } from '../protocol.ts';
import { ringDataOffset } from '../start-message.ts';

const HEADER = STRUCTS.hone_ring.fields;
const ENTRY = STRUCTS.hone_index_entry;

export class RingWriter {
  readonly event: RingEvent;
  /** The memory, to be passed on. Open until close(). */
  readonly fd: number;
  /** Views of the data area, which stands twice: a block at an offset below `dataBytes` is contiguous. */
  readonly data: Uint8Array;
  readonly dataView: DataView;
  readonly #mapping: Mapping;
  readonly #words64: BigUint64Array;
  readonly #words32: Int32Array;
  readonly #index: DataView;
  #head = 0;
  #published = 0;
  #indexHead = 0;
  #tail = 0;

  constructor(ring: number, dataBytes: number) {
    const front = ringDataOffset(dataBytes);
    const entries = dataBytes / ABI.HONE_RING_BYTES_PER_INDEX_ENTRY;
    this.event = { ring, tid: process.pid, data_bytes: dataBytes, index_entries: entries };
    this.fd = createSealedMemory('hone-ring', front + dataBytes);
    this.#mapping = mapMemory(this.fd, { plainBytes: front, mirroredBytes: dataBytes, writer: true });
    const { buffer } = this.#mapping;
    this.data = new Uint8Array(buffer, front, 2 * dataBytes);
    this.dataView = new DataView(buffer, front, 2 * dataBytes);
    this.#words64 = new BigUint64Array(buffer, 0, STRUCTS.hone_ring.size / 8);
    this.#words32 = new Int32Array(buffer, 0, STRUCTS.hone_ring.size / 4);
    this.#index = new DataView(buffer, ABI.HONE_RING_INDEX, entries * ENTRY.size);
    this.#word('magic', ABI.HONE_MAGIC);
    this.#word('abi_version', ABI.HONE_ABI_VERSION);
    this.#word('ring', ring);
    this.#word('data_bytes', dataBytes);
    this.#word('index_entries', entries);
    this.#word('tid', process.pid);
  }

  /** The ring's whole memory: its counters stand at HONE_RING_COUNTERS. */
  get buffer(): ArrayBuffer {
    return this.#mapping.buffer;
  }

  /** To be called before the clock is read for a burst, and after the burst is published. */
  setActive(active: boolean): void {
    Atomics.store(this.#words32, HEADER.active.offset / 4, active ? 1 : 0);
  }

  /** Where a block of that many bytes may be written, or -1 when there is no room for it. */
  reserve(bytes: number): number {
    if (this.#head + bytes - this.#tail > this.event.data_bytes) {
      const tail = Number(Atomics.load(this.#words64, HEADER.tail.offset / 8));
      // Only what lies between the last tail and what is published can be an honest host's.
      if (tail < this.#tail || tail > this.#published) return -1;
      this.#tail = tail;
      if (this.#head + bytes - tail > this.event.data_bytes) return -1;
    }
    return this.#head % this.event.data_bytes;
  }

  /** The block at the reserved place is complete. */
  commit(bytes: number): void {
    this.#head += bytes;
  }

  /** Publishes what was committed since the last time as one burst. */
  publish(timestampHigh: number, timestampLow: number, packets: number): void {
    const at = (this.#indexHead & (this.event.index_entries - 1)) * ENTRY.size;
    this.#index.setUint32(at, timestampLow, true);
    this.#index.setUint32(at + 4, timestampHigh, true);
    this.#index.setUint32(at + ENTRY.fields.bytes.offset, this.#head - this.#published, true);
    this.#index.setUint32(at + ENTRY.fields.packets.offset, packets, true);
    this.#indexHead++;
    this.#published = this.#head;
    Atomics.store(this.#words64, HEADER.index_head.offset / 8, BigInt(this.#indexHead));
    Atomics.store(this.#words64, HEADER.head.offset / 8, BigInt(this.#head));
  }

  /** Whether the host has given back everything. */
  get isDrained(): boolean {
    return Number(Atomics.load(this.#words64, HEADER.tail.offset / 8)) === this.#published;
  }

  close(): void {
    this.#mapping.close();
    closeSync(this.fd);
  }

  #word(
    field: 'magic' | 'abi_version' | 'ring' | 'data_bytes' | 'index_entries' | 'tid',
    value: number,
  ): void {
    this.#words32[HEADER[field].offset / 4] = value;
  }
}
