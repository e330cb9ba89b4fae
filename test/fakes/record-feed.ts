/**
 * An application in memory that records: threads whose events a test makes, each with a ring of its own, and the count of what
 * matched and what was lost. And what a recording left on the disk, taken apart byte by byte.
 */
import { readFileSync } from 'node:fs';
import type { FeedEvent, RecordRing, TraceCost, TraceFeed, TraceWriter } from '../../src/target/index.ts';

const BASE_NS = 1_700_000_000_000_000_000n;

class FakeRecordRing implements RecordRing {
  readonly ringId: number;
  readonly dataBytes: number;
  /** Twice, one behind the other. */
  readonly #data: Uint8Array;
  #tail = 0;
  #head = 0;
  #taken = 0;
  #lastNs = 0n;
  #takenNs = 0n;

  constructor(ringId: number, dataBytes: number) {
    this.ringId = ringId;
    this.dataBytes = dataBytes;
    this.#data = new Uint8Array(2 * dataBytes);
  }

  /** @returns false when there is no room */
  put(record: Uint8Array, timeNs: bigint): boolean {
    if (this.#head - this.#tail + record.length > this.dataBytes) return false;
    for (const byte of record) {
      const at = this.#head++ % this.dataBytes;
      this.#data[at] = byte;
      this.#data[at + this.dataBytes] = byte;
    }
    this.#lastNs = timeNs;
    return true;
  }

  refresh(): void {
    this.#taken = this.#head;
    this.#takenNs = this.#lastNs;
  }

  get pendingBytes(): number {
    return this.#taken - this.#tail;
  }

  get firstNs(): bigint {
    return new DataView(this.#data.buffer).getBigUint64((this.#tail % this.dataBytes) + 2, true);
  }

  get lastNs(): bigint {
    return this.#takenNs;
  }

  borrow(bytes: number): Uint8Array {
    if (bytes > this.pendingBytes) throw new RangeError(`got ${bytes} of ${this.pendingBytes}`);
    const start = this.#tail % this.dataBytes;
    return this.#data.subarray(start, start + bytes);
  }

  release(bytes: number): void {
    if (bytes > this.pendingBytes) throw new RangeError(`got ${bytes} of ${this.pendingBytes}`);
    this.#tail += bytes;
  }
}

/** One thread of the application, whose events have a u32 and, those with number 1, a text. */
export class FakeRecordThread {
  readonly ring: FakeRecordRing;
  readonly writer: TraceWriter;
  matched: [bigint, bigint] = [0n, 0n];
  lost = 0n;

  constructor(number: number, ringBytes: number, lcore: number | undefined) {
    this.ring = new FakeRecordRing(number, ringBytes);
    const lost = () => this.lost;
    this.writer = {
      ...{ number, tid: 4_000_000 + number, lcore, name: `thread ${number}`, withoutRoom: [] },
      ...{ quiet: new Uint8Array(0), state: new Uint8Array(0) },
      get lostEvents() {
        return lost();
      },
    };
  }

  /** @param timeNs since BASE_NS; @param text of the event 1; without it the event is 0 */
  hit(timeNs: number, value: number, text?: string): void {
    const id = text === undefined ? 0 : 1;
    const tail = text === undefined ? new Uint8Array(0) : new TextEncoder().encode(`${text}\0`);
    const record = new Uint8Array(14 + tail.length);
    const view = new DataView(record.buffer);
    view.setUint16(0, id, true);
    view.setBigUint64(2, BASE_NS + BigInt(timeNs), true);
    view.setUint32(10, value, true);
    record.set(tail, 14);
    this.matched[id]++;
    if (!this.ring.put(record, BASE_NS + BigInt(timeNs))) this.lost++;
  }
}

export class FakeRecordFeed implements TraceFeed {
  readonly engine: TraceFeed['engine'] = 'jit';
  readonly baseNs: bigint = BASE_NS;
  readonly rings: TraceFeed['rings'] = [];
  readonly threads: FakeRecordThread[] = [];
  readonly queued: FeedEvent[] = [];
  unplacedHits = 0n;
  /** Hits of the trigger, attachment 2. */
  fired = 0n;
  isStopped = false;
  isClosed = false;
  /** Called at every poll with its number, from 0 on; what it throws the poll throws. */
  onPoll: (poll: number) => void = () => {};
  /** Called when the feed is told to stop. */
  onStop: () => void = () => {};
  #polls = 0;

  constructor(...threads: readonly FakeRecordThread[]) {
    this.threads.push(...threads);
  }

  get writers(): readonly TraceWriter[] {
    return this.threads.map(({ writer }) => writer);
  }

  get recordRings(): readonly RecordRing[] {
    return this.threads.map(({ ring }) => ring);
  }

  poll(): readonly FeedEvent[] {
    this.onPoll(this.#polls++);
    return this.queued.splice(0);
  }

  async snapshot(): Promise<void> {}

  costs(): readonly TraceCost[] {
    const matched = [0, 1].map((id) =>
      this.threads.reduce((sum, thread) => sum + thread.matched[id as 0 | 1], 0n),
    );
    return [...matched, this.fired].map((each) => ({
      ...{ hits: 2n * each, matched: each, sampledHits: 0n, sampledNs: 0n },
    }));
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.onStop();
  }

  close(): void {
    this.isClosed = true;
  }
}

export interface ReadPacket {
  readonly beginNs: number;
  readonly endNs: number;
  readonly number: number;
  readonly discarded: number;
  readonly cpu: number;
  readonly lcore: number;
  readonly tid: number;
  readonly threadName: string;
  /** Values of the events, with their texts. */
  readonly events: readonly string[];
}

/** Offsets from the start of a packet (ctf/recording-shape.ts). */
const HEAD = { content: 48, packet: 56, name: 92 } as const;

/** Every byte of a stream file of such events; throws where something does not fit. */
export function readStream(path: string): ReadPacket[] {
  const bytes = readFileSync(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets: ReadPacket[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (view.getUint32(at, true) !== 0xc1fc1fc1) throw new Error(`${path}: no packet at ${at}`);
    const u32 = (offset: number) => view.getUint32(at + offset, true);
    const u64 = (offset: number) => view.getBigUint64(at + offset, true);
    const nameEnd = bytes.indexOf(0, at + HEAD.name);
    const end = at + Number(u64(HEAD.packet)) / 8;
    const contentEnd = at + Number(u64(HEAD.content)) / 8;
    if (contentEnd > end || end > bytes.length) throw new Error(`${path}: cut at ${at}`);
    packets.push({
      beginNs: Number(u64(32) - BASE_NS),
      endNs: Number(u64(40) - BASE_NS),
      number: Number(u64(64)),
      discarded: Number(u64(72)),
      cpu: u32(80),
      lcore: u32(84),
      tid: u32(88),
      threadName: bytes.toString('utf8', at + HEAD.name, nameEnd),
      events: readEvents(bytes, nameEnd + 1, contentEnd),
    });
    at = end;
  }
  return packets;
}

function readEvents(bytes: Buffer, start: number, end: number): string[] {
  const events: string[] = [];
  for (let at = start; at < end; ) {
    const value = bytes.readUInt32LE(at + 10);
    if (bytes.readUInt16LE(at) === 0) {
      events.push(`${value}`);
      at += 14;
      continue;
    }
    const textEnd = bytes.indexOf(0, at + 14);
    events.push(`${value} ${bytes.toString('utf8', at + 14, textEnd)}`);
    at = textEnd + 1;
  }
  return events;
}
