/**
 * A capture feed in memory, for tests: rings that a test fills burst by burst, a clock that a test sets, and
 * events that it queues. Released bytes are overwritten, so that a reader that uses them afterwards is caught.
 */
import { type EnhancedPacket, encodeEnhancedPacket } from '../../src/pcapng/index.ts';
import type { CaptureFeed, FeedEvent, HookCounters, PortInfo, Ring } from '../../src/target/index.ts';

export interface FakeBurst {
  readonly timeNs: number;
  readonly packets: readonly EnhancedPacket[];
}

interface Published {
  readonly timeNs: number;
  readonly bytes: number;
  readonly packets: number;
}

export class FakeRing implements Ring {
  readonly ringId: number;
  writerTid: number;
  readonly dataBytes: number;
  idle = true;
  pendingBytes = 0;
  pendingBursts = 0;
  /** What refresh() will show for `idle`. */
  writing = false;
  /** Bursts that one look takes in. */
  mostBursts: number = Number.POSITIVE_INFINITY;
  /** Called at the start of each look. */
  onRefresh: () => void = () => {};

  #data = new Uint8Array(0);
  #bursts: Published[] = [];

  constructor(ringId: number, dataBytes = 65_536) {
    this.ringId = ringId;
    this.writerTid = 100 + ringId;
    this.dataBytes = dataBytes;
  }

  publish(burst: FakeBurst): void {
    const blocks = burst.packets.map(encodeEnhancedPacket);
    this.publishBytes(burst.timeNs, burst.packets.length, Buffer.concat(blocks));
  }

  publishBytes(timeNs: number, packets: number, bytes: Uint8Array): void {
    this.#data = Buffer.concat([this.#data, bytes]);
    this.#bursts.push({ timeNs, bytes: bytes.length, packets });
  }

  refresh(): void {
    this.onRefresh();
    const seen = this.#bursts.slice(0, this.mostBursts);
    this.idle = !this.writing && seen.length === this.#bursts.length;
    this.pendingBytes = seen.reduce((sum, { bytes }) => sum + bytes, 0);
    this.pendingBursts = seen.length;
  }

  burstTime(n: number): number {
    return this.#bursts[n]!.timeNs;
  }

  burstBytes(n: number): number {
    return this.#bursts[n]!.bytes;
  }

  burstPackets(n: number): number {
    return this.#bursts[n]!.packets;
  }

  borrow(bytes: number): Uint8Array {
    if (bytes > this.pendingBytes) throw new Error(`borrowed ${bytes} of ${this.pendingBytes} bytes`);
    return this.#data.subarray(0, bytes);
  }

  release(bursts: number, bytes: number): void {
    const sum = this.#bursts.slice(0, bursts).reduce((total, burst) => total + burst.bytes, 0);
    if (sum !== bytes || bursts > this.pendingBursts) throw new Error(`released ${bytes} of ${sum} bytes`);
    const rest = new Uint8Array(this.#data.subarray(bytes));
    this.#data.fill(0xee);
    this.#data = rest;
    this.#bursts = this.#bursts.slice(bursts);
    this.pendingBytes -= bytes;
    this.pendingBursts -= bursts;
  }
}

interface FakeFeedOptions {
  readonly baseNs?: bigint;
  readonly interfaceCount?: number;
}

export class FakeFeed implements CaptureFeed {
  readonly engine = 'jit';
  readonly baseNs: bigint;
  readonly interfaceCount: number;
  readonly rings: FakeRing[];
  readonly events: FeedEvent[] = [];
  hooks: HookCounters[] = [];
  timeNs = 0;
  closed = false;
  /** Called at the start of each poll and of stop. */
  onPoll: () => void = () => {};
  onStop: () => void = () => {};

  constructor(rings: FakeRing[], { baseNs = 0n, interfaceCount = 1 }: FakeFeedOptions = {}) {
    this.rings = rings;
    this.baseNs = baseNs;
    this.interfaceCount = interfaceCount;
  }

  nowNs(): number {
    return this.timeNs;
  }

  poll(): readonly FeedEvent[] {
    this.onPoll();
    return this.events.splice(0);
  }

  counters(): readonly HookCounters[] {
    return this.hooks;
  }

  async stop(): Promise<void> {
    this.onStop();
  }

  close(): void {
    this.closed = true;
  }
}

export function fakePort(portId: number, name: string): PortInfo {
  return {
    portId,
    name,
    driver: 'net_fake',
    firmware: '1.0',
    mac: Uint8Array.of(2, 0, 0, 0, 0, portId),
    up: true,
    promiscuous: true,
    speedMbps: 10_000,
    mtu: 1500,
    numaNode: 0,
    rxQueues: 1,
    txQueues: 1,
    counters: undefined,
  };
}
