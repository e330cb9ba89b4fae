/**
 * The writer's side of a ring of CTF event records (abi.h: Recordings), as the agent does it in C: finished records, published
 * several at a time, a full ring refuses and counts. What the host may change, `tail`, is checked at every look.
 */
import { closeSync } from 'node:fs';
import { ABI, STRUCTS } from '../abi.ts';
import { type Mapping, mapMemory } from '../mapping.ts';
import { createSealedMemory } from '../posix.ts';
import type { RingEvent } from '../protocol.ts';
import type { RecordedEvent } from '../target.ts';

const HEADER = STRUCTS.hone_ring.fields;
const HEAD_BYTES = 10;
const POSITION_BITS = ABI.HONE_RECORD_LENGTH_SHIFT;

export class RecordWriter {
  readonly event: RingEvent;
  /** The memory, to be passed on. Open until close(). */
  readonly fd: number;
  /** Records that found no room. */
  lost = 0;
  readonly #mapping: Mapping;
  readonly #view: DataView;
  readonly #words64: BigUint64Array;
  #head = 0;
  #published = 0;
  #tail = 0;
  #lastBytes = 0;
  #lastHigh = 0;
  #lastLow = 0;

  constructor(ring: number, dataBytes: number) {
    const front = ABI.HONE_RECORD_RING_DATA;
    this.event = { ring, tid: process.pid, data_bytes: dataBytes, index_entries: 0 };
    this.fd = createSealedMemory('hone-records', front + dataBytes);
    this.#mapping = mapMemory(this.fd, { plainBytes: front, mirroredBytes: dataBytes, writer: true });
    const { buffer } = this.#mapping;
    this.#view = new DataView(buffer, front, 2 * dataBytes);
    this.#words64 = new BigUint64Array(buffer, 0, STRUCTS.hone_ring.size / 8);
    const header = new DataView(buffer, 0, STRUCTS.hone_ring.size);
    header.setUint32(HEADER.magic.offset, ABI.HONE_MAGIC, true);
    header.setUint32(HEADER.abi_version.offset, ABI.HONE_ABI_VERSION, true);
    header.setUint32(HEADER.ring.offset, ring, true);
    header.setUint32(HEADER.data_bytes.offset, dataBytes, true);
  }

  /** Integers only, as no point of a replay has texts. @param args two words of 32 bits for each argument, from `at` on */
  append({ id, fields }: RecordedEvent, high: number, low: number, args: Uint32Array, at: number): void {
    const bytes = recordBytes(fields);
    if (!this.#hasRoom(bytes)) {
      this.lost++;
      return;
    }
    // Records of one writer never go back in time.
    if (high > this.#lastHigh || (high === this.#lastHigh && low > this.#lastLow)) {
      this.#lastHigh = high;
      this.#lastLow = low;
    }
    const view = this.#view;
    const start = this.#head % this.event.data_bytes;
    view.setUint16(start, id, true);
    view.setUint32(start + 2, this.#lastLow, true);
    view.setUint32(start + 6, this.#lastHigh, true);
    let to = start + HEAD_BYTES;
    for (const { argument, bytes: fieldBytes } of fields) {
      const word = at + 2 * argument;
      if (fieldBytes === 1) view.setUint8(to, args[word]!);
      else if (fieldBytes === 2) view.setUint16(to, args[word]!, true);
      else view.setUint32(to, args[word]!, true);
      if (fieldBytes === 8) view.setUint32(to + 4, args[word + 1]!, true);
      to += Number(fieldBytes);
    }
    this.#head += bytes;
    this.#lastBytes = bytes;
  }

  /** Everything that was appended is there for the host from now on. */
  publish(): void {
    if (this.#head === this.#published) return;
    this.#published = this.#head;
    const position = BigInt.asUintN(POSITION_BITS, BigInt(this.#head));
    const word = position | (BigInt(this.#lastBytes) << BigInt(POSITION_BITS));
    Atomics.store(this.#words64, HEADER.head.offset / 8, word);
  }

  /** Whether the host has given back everything. */
  get isDrained(): boolean {
    return Number(Atomics.load(this.#words64, HEADER.tail.offset / 8)) === this.#published;
  }

  close(): void {
    this.#mapping.close();
    closeSync(this.fd);
  }

  #hasRoom(bytes: number): boolean {
    if (this.#head + bytes - this.#tail <= this.event.data_bytes) return true;
    const tail = Number(Atomics.load(this.#words64, HEADER.tail.offset / 8));
    // Only what lies between the last tail and what is published can be an honest host's.
    if (tail < this.#tail || tail > this.#published) return false;
    this.#tail = tail;
    return this.#head + bytes - tail <= this.event.data_bytes;
  }
}

function recordBytes(fields: RecordedEvent['fields']): number {
  return fields.reduce((sum, { bytes }) => sum + Number(bytes), HEAD_BYTES);
}
