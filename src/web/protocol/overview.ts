/**
 * What the Overview shows: one snapshot of everything that runs, made every interval. Rates are a second's; null is what is not
 * known.
 */
import { boolean, type Check, count, integer, list, number, object, oneOf, orNull, text } from './check.ts';

/** Packets a second that a port lost, by cause. */
interface PortDrops {
  /** In the adapter: no receive descriptor was free. */
  readonly missed: number | null;
  /** The application's mempool was empty. */
  readonly noMbuf: number | null;
  readonly rxErrors: number | null;
  readonly txErrors: number | null;
  /** Offered to the driver and not taken, at least. */
  readonly refused: number | null;
  /** What the application itself says it dropped. */
  readonly application: number | null;
  /** In the rings of captures of this page's host: the application has them. */
  readonly ring: number | null;
}

export interface PortView {
  readonly portId: number;
  readonly name: string;
  readonly driver: string;
  readonly isUp: boolean;
  readonly speedMbps: number | null;
  readonly rxPps: number | null;
  readonly txPps: number | null;
  readonly rxBps: number | null;
  readonly txBps: number | null;
  readonly drops: PortDrops;
}

/** A receive queue in the last while that was measured. */
export interface QueueView {
  readonly portId: number;
  /** Null: all queues of the port together. */
  readonly queueId: number | null;
  /** Threads that polled it. */
  readonly pollers: readonly string[];
  readonly pps: number | null;
  readonly emptyShare: number | null;
  /** Packets a burst, of bursts that had any. */
  readonly burst: number | null;
  /** Polls a second by the packets they gave: 0, 1 to 4, 5 to 8, ... 61 to 64, more. */
  readonly bursts: readonly number[];
}

/** A thread that polls, in the last while that was measured. */
export interface LcoreView {
  readonly lcore: number | null;
  readonly tid: number;
  readonly name: string;
  /** Of its time the part from a poll that gave packets to the next poll. */
  readonly busyShare: number | null;
  readonly emptyShare: number | null;
  readonly pps: number | null;
  readonly nsPerPacket: number | null;
}

export interface Talker {
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
}

/** Counts of the interval. */
export interface PacketsView {
  readonly intervalMs: number;
  /** Packets by bytes: 0 to 127, 128 to 255, ... 1408 to 1535, more. */
  readonly sizes: readonly number[];
  /** Those with the most bytes in the interval, of `talkerCount`. */
  readonly talkers: readonly Talker[];
  readonly talkerCount: number;
  /** Packets of flows that found no room in the table. */
  readonly withoutRoom: number;
}

/** As findings/finding.ts has it. */
export interface Problem {
  readonly severity: 'bad' | 'warning' | 'note';
  /** What is wrong with what, in a few words. */
  readonly title: string;
  /** The numbers that it is seen by. */
  readonly evidence: readonly string[];
  /** What it means, and what usually helps. */
  readonly meaning: string;
  readonly next: readonly { readonly command: string; readonly tells: string }[];
}

export interface ApplicationView {
  readonly pid: number;
  readonly name: string;
  readonly kind: 'dpdk' | 'replay';
  readonly filePrefix: string;
  readonly version: string;
  readonly uptimeSeconds: number | null;
  readonly agent: 'yes' | 'no' | 'refused' | 'silent';
  /** Empty until it has been looked at twice. */
  readonly ports: readonly PortView[];
  readonly queues: readonly QueueView[];
  readonly lcores: readonly LcoreView[];
  /** What the application itself says it dropped, packets a second; null when it does not tell. */
  readonly drops: readonly { readonly reason: string; readonly pps: number }[] | null;
  /** Null when nobody asked to look into packets. */
  readonly packets: PacketsView | null;
  /** Part of its polling threads' time that this page's programs take, 0 to 1. */
  readonly price: number | null;
  readonly problems: readonly Problem[];
}

export interface OverviewSnapshot {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly applications: readonly ApplicationView[];
}

/** Buckets of `QueueView.bursts`. */
export const BURST_BUCKETS = 18;
/** Buckets of `PacketsView.sizes`. */
export const SIZE_BUCKETS = 13;
export const MOST_TALKERS = 10;

const name: Check<string> = text(4096);
const id: Check<number> = integer(0, 65_535);
const process: Check<number> = integer(0, 0x7fff_ffff);
const lcore: Check<number | null> = orNull(id);
const rate: Check<number | null> = orNull(number);

const port: Check<PortView> = object<PortView>({
  ...{ portId: id, name, driver: name, isUp: boolean, speedMbps: orNull(count) },
  ...{ rxPps: rate, txPps: rate, rxBps: rate, txBps: rate },
  drops: object<PortDrops>({
    ...{ missed: rate, noMbuf: rate, rxErrors: rate, txErrors: rate },
    ...{ refused: rate, application: rate, ring: rate },
  }),
});

/** More of anything than this is cut off before it is sent. */
export const MOST_LISTED = 1024;

const queue: Check<QueueView> = object<QueueView>({
  ...{ portId: id, queueId: orNull(id), pollers: list(name, MOST_LISTED) },
  ...{ pps: rate, emptyShare: rate, burst: rate, bursts: list(number, BURST_BUCKETS) },
});

const lcoreView: Check<LcoreView> = object<LcoreView>({
  ...{ lcore, tid: process, name },
  ...{ busyShare: rate, emptyShare: rate, pps: rate, nsPerPacket: rate },
});

const packets: Check<PacketsView> = object<PacketsView>({
  ...{ intervalMs: number, sizes: list(count, SIZE_BUCKETS) },
  talkers: list(object<Talker>({ source: name, destination: name, bytes: count }), MOST_TALKERS),
  ...{ talkerCount: count, withoutRoom: count },
});

const application: Check<ApplicationView> = object<ApplicationView>({
  ...{ pid: process, name, kind: oneOf('dpdk', 'replay'), filePrefix: name, version: name },
  ...{ uptimeSeconds: orNull(number), agent: oneOf('yes', 'no', 'refused', 'silent') },
  ports: list(port, MOST_LISTED),
  queues: list(queue, MOST_LISTED),
  lcores: list(lcoreView, MOST_LISTED),
  drops: orNull(list(object<{ reason: string; pps: number }>({ reason: name, pps: number }), MOST_LISTED)),
  packets: orNull(packets),
  price: rate,
  problems: list(
    object<Problem>({
      ...{ severity: oneOf('bad', 'warning', 'note'), title: name, meaning: name },
      evidence: list(name, MOST_LISTED),
      next: list(object<Problem['next'][number]>({ command: name, tells: name }), MOST_LISTED),
    }),
    MOST_LISTED,
  ),
});

export const overviewSnapshot: Check<OverviewSnapshot> = object<OverviewSnapshot>({
  timeMs: number,
  applications: list(application, MOST_LISTED),
});
