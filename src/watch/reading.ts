/**
 * What is known of one application at one moment. All of it counts up: ports since their own start, the rest in the whiles that were
 * measured.
 */
import type { Direction, PortInfo } from '../target/index.ts';
import type { DropReading } from './drop-feed.ts';

/** A thread that polls or sends. */
export interface Thread {
  readonly tid: number;
  /** Undefined for a thread that is no lcore. */
  readonly lcore: number | undefined;
  readonly name: string;
}

/** Bursts by their number of packets. */
export interface BurstCounts {
  /** Index n: bursts of n packets, 0 to LARGEST_COUNTED. */
  readonly bySize: readonly number[];
  /** Larger ones, and the packets in them. */
  readonly largeBursts: number;
  readonly largePackets: number;
}

/** What one thread did at one direction of one queue. */
export interface QueueReading extends BurstCounts {
  readonly portId: number;
  /** Undefined: all queues of the port together. */
  readonly queueId: number | undefined;
  readonly direction: Direction;
  readonly thread: Thread;
}

/** What a thread did with its time. */
export interface ThreadTime {
  readonly thread: Thread;
  readonly busyNs: number;
  readonly idleNs: number;
  /** Packets that the busy time was spent on. */
  readonly packets: number;
}

/** What whiles of measuring gave. */
export interface Measured {
  /** For how long bursts were counted. */
  readonly countedMs: number;
  readonly queues: readonly QueueReading[];
  readonly times: readonly ThreadTime[];
  /** By port id: packets that were offered to the driver and not taken, at least; without ports that do not tell. */
  readonly refused: ReadonlyMap<number, number>;
  /** Time of all threads that measuring took. */
  readonly programNs: number;
}

export interface ApplicationReading {
  readonly pid: number;
  readonly name: string;
  readonly label: string;
  readonly filePrefix: string;
  readonly version: string;
  readonly kind: 'dpdk' | 'replay';
  /** A clock that only goes forward. */
  readonly timeMs: number;
  readonly ports: readonly PortInfo[];
  /** Since the start. */
  readonly total: Measured;
  /** The last while, which may be older than the reading before. */
  readonly recent: Measured;
  /** What the application says it dropped, since it is watched; undefined when it does not tell. */
  readonly drops: readonly DropReading[] | undefined;
  /** Part of the time of a thread that polls which measuring takes, 0 to 1; undefined before the first while. */
  readonly price: number | undefined;
  /** Why parts are not known; undefined when all is. */
  readonly problem: string | undefined;
}

export const NOTHING_MEASURED: Measured = {
  countedMs: 0,
  queues: [],
  times: [],
  refused: new Map(),
  programNs: 0,
};

export const NO_BURSTS: BurstCounts = { bySize: [], largeBursts: 0, largePackets: 0 };

export function packetsOf({ bySize, largePackets }: BurstCounts): number {
  return bySize.reduce((sum, count, size) => sum + count * size, largePackets);
}

/** Calls, empty ones too. */
export function callsOf({ bySize, largeBursts }: BurstCounts): number {
  return bySize.reduce((sum, count) => sum + count, largeBursts);
}

export function emptyOf({ bySize }: BurstCounts): number {
  return bySize[0] ?? 0;
}

export function addBursts(a: BurstCounts, b: BurstCounts): BurstCounts {
  const sizes = Math.max(a.bySize.length, b.bySize.length);
  return {
    bySize: Array.from({ length: sizes }, (_, size) => (a.bySize[size] ?? 0) + (b.bySize[size] ?? 0)),
    largeBursts: a.largeBursts + b.largeBursts,
    largePackets: a.largePackets + b.largePackets,
  };
}

/** What came since `before`; none of it is negative, also where counting began anew. */
export function burstsSince(now: BurstCounts, before: BurstCounts | undefined): BurstCounts {
  if (before === undefined) return now;
  const since = (a: number, b: number) => (a >= b ? a - b : a);
  return {
    bySize: now.bySize.map((count, size) => since(count, before.bySize[size] ?? 0)),
    largeBursts: since(now.largeBursts, before.largeBursts),
    largePackets: since(now.largePackets, before.largePackets),
  };
}
