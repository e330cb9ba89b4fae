/**
 * What the Overview shows: one snapshot of everything that runs, made every interval. Counters of `interval` fields are what
 * was counted since the snapshot before; null is what nobody can know.
 */
import { boolean, type Check, count, integer, list, number, object, oneOf, orNull, text } from './check.ts';

/** Of one port over the interval, as its driver counts. */
export interface PortRates {
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  /** Lost in the adapter: no receive descriptor was free. */
  readonly missed: number;
  /** Lost because the application's mempool was empty. */
  readonly noMbuf: number;
  readonly rxErrors: number;
  readonly txErrors: number;
}

export interface PortView {
  readonly portId: number;
  readonly name: string;
  readonly driver: string;
  readonly isUp: boolean;
  readonly speedMbps: number | null;
  readonly rxQueues: number;
  readonly txQueues: number;
  readonly rates: PortRates | null;
  /** Packets that the application offered for sending in the interval. */
  readonly txOffered: number | null;
  /** Of these, what the driver surely did not send: what was sent is looked at before and after, and the most is taken. */
  readonly notSent: number | null;
}

/** A receive queue as one lcore polled it in the interval. */
export interface QueueView {
  readonly portId: number;
  readonly queueId: number;
  readonly lcore: number | null;
  readonly tid: number;
  readonly polls: number;
  readonly emptyPolls: number;
  readonly packets: number;
  /** Polls by the packets they gave: 0, 1 to 4, 5 to 8, ... 61 to 64, more. */
  readonly bursts: readonly number[];
}

export interface LcoreView {
  readonly lcore: number | null;
  readonly tid: number;
  readonly name: string;
  /** Between a poll that gave packets and the next poll; between an empty one and the next. */
  readonly busyNs: number;
  readonly idleNs: number;
  readonly polls: number;
  readonly emptyPolls: number;
  readonly packets: number;
}

export interface Talker {
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
}

export interface PacketsView {
  /** Packets by bytes: 0 to 127, 128 to 255, ... 1408 to 1535, more. */
  readonly sizes: readonly number[];
  /** Those with the most bytes in the interval, of `talkerCount`. */
  readonly talkers: readonly Talker[];
  readonly talkerCount: number;
  /** Packets of flows that found no room in the table. */
  readonly withoutRoom: number;
}

/** What the probes of the Overview take from the application. */
export interface ProbePrice {
  readonly probe: string;
  readonly hits: number;
  readonly nsPerHit: number | null;
}

export interface Problem {
  readonly severity: 'bad' | 'warning';
  /** What is wrong, in a few words; then what it comes from or what to do. */
  readonly title: string;
  readonly detail: string;
}

export interface ApplicationView {
  readonly pid: number;
  readonly name: string;
  readonly kind: 'dpdk' | 'replay';
  readonly filePrefix: string;
  readonly version: string;
  readonly uptimeSeconds: number | null;
  readonly agent: 'yes' | 'no' | 'refused' | 'silent';
  readonly intervalMs: number;
  readonly ports: readonly PortView[];
  /** Empty until the probes have run for an interval. */
  readonly queues: readonly QueueView[];
  readonly lcores: readonly LcoreView[];
  /** Null when nobody asked to look into packets. */
  readonly packets: PacketsView | null;
  readonly price: readonly ProbePrice[];
  readonly problems: readonly Problem[];
}

export interface OverviewSnapshot {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly applications: readonly ApplicationView[];
}

/** Buckets of `QueueView.bursts`. */
const BURST_BUCKETS = 18;
/** Buckets of `PacketsView.sizes`. */
export const SIZE_BUCKETS = 13;
export const MOST_TALKERS = 10;

const name: Check<string> = text(4096);
const id: Check<number> = integer(0, 65_535);
const process: Check<number> = integer(0, 0x7fff_ffff);
const lcore: Check<number | null> = orNull(id);

const portRates: Check<PortRates> = object<PortRates>({
  ...{ rxPackets: count, rxBytes: count, txPackets: count, txBytes: count },
  ...{ missed: count, noMbuf: count, rxErrors: count, txErrors: count },
});

const port: Check<PortView> = object<PortView>({
  ...{ portId: id, name, driver: name, isUp: boolean, speedMbps: orNull(count) },
  ...{
    rxQueues: id,
    txQueues: id,
    rates: orNull(portRates),
    txOffered: orNull(count),
    notSent: orNull(count),
  },
});

const queue: Check<QueueView> = object<QueueView>({
  ...{ portId: id, queueId: id, lcore, tid: process, polls: count, emptyPolls: count, packets: count },
  bursts: list(count, BURST_BUCKETS),
});

const lcoreView: Check<LcoreView> = object<LcoreView>({
  ...{ lcore, tid: process, name, busyNs: count, idleNs: count },
  ...{ polls: count, emptyPolls: count, packets: count },
});

const packets: Check<PacketsView> = object<PacketsView>({
  sizes: list(count, SIZE_BUCKETS),
  talkers: list(object<Talker>({ source: name, destination: name, bytes: count }), MOST_TALKERS),
  ...{ talkerCount: count, withoutRoom: count },
});

/** More of anything than this is cut off before it is sent. */
export const MOST_LISTED = 1024;

const application: Check<ApplicationView> = object<ApplicationView>({
  ...{ pid: process, name, kind: oneOf('dpdk', 'replay'), filePrefix: name, version: name },
  ...{ uptimeSeconds: orNull(number), agent: oneOf('yes', 'no', 'refused', 'silent'), intervalMs: number },
  ...{
    ports: list(port, MOST_LISTED),
    queues: list(queue, MOST_LISTED),
    lcores: list(lcoreView, MOST_LISTED),
  },
  packets: orNull(packets),
  price: list(object<ProbePrice>({ probe: name, hits: count, nsPerHit: orNull(number) }), 16),
  problems: list(
    object<Problem>({ severity: oneOf('bad', 'warning'), title: name, detail: name }),
    MOST_LISTED,
  ),
});

export const overviewSnapshot: Check<OverviewSnapshot> = object<OverviewSnapshot>({
  timeMs: number,
  applications: list(application, MOST_LISTED),
});
