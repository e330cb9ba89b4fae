/** A snapshot of an application as the page is sent it. */
import type { ApplicationSnapshot, BurstCounts, PortSnapshot, Thread } from '../../watch/index.ts';
import {
  type ApplicationView,
  BURST_BUCKETS,
  type LcoreView,
  MOST_LISTED,
  type PortView,
  type QueueView,
} from '../protocol/index.ts';

/** Packets a second that the rings of captures of a port drop; undefined when nobody captures from it. */
export type RingDrops = (portId: number) => number | undefined;

type Measured = Pick<ApplicationView, 'ports' | 'queues' | 'lcores' | 'drops'>;

export const NOTHING_SEEN: Measured = { ports: [], queues: [], lcores: [], drops: null };

export function viewOf(snapshot: ApplicationSnapshot, ringDrops: RingDrops): Measured {
  const { ports, threads, drops, countedMs } = snapshot;
  return {
    ports: ports.slice(0, MOST_LISTED).map((port) => portView(port, ringDrops)),
    queues: ports.flatMap((port) => queueViews(port, countedMs / 1000)).slice(0, MOST_LISTED),
    lcores: threads
      .filter(({ rates }) => rates.busyShare !== undefined || (rates.rxPps ?? 0) > 0)
      .slice(0, MOST_LISTED)
      .map(lcoreView),
    drops: drops?.slice(0, MOST_LISTED) ?? null,
  };
}

function portView({ info, rates }: PortSnapshot, ringDrops: RingDrops): PortView {
  const { portId, name, driver, up, speedMbps } = info;
  const { rxPps = null, txPps = null, rxBps = null, txBps = null, drops } = rates;
  const { missed = null, noMbuf = null, rxErrors = null, txErrors = null } = drops;
  const { refused = null, application = null } = drops;
  const ring = ringDrops(portId) ?? null;
  return {
    ...{ portId, name, driver, isUp: up, speedMbps: speedMbps ?? null, rxPps, txPps, rxBps, txBps },
    drops: { missed, noMbuf, rxErrors, txErrors, refused, application, ring },
  };
}

function queueViews({ info, queues }: PortSnapshot, seconds: number): QueueView[] {
  return queues.flatMap(({ queueId = null, rates, rx, pollers }) => {
    if (pollers.length === 0) return [];
    const { rxPps = null, emptyShare = null, rxBurst = null } = rates;
    const bursts = bucketsOf(rx).map((calls) => calls / seconds);
    const names = pollers.map(nameOf);
    return [{ portId: info.portId, queueId, pollers: names, pps: rxPps, emptyShare, burst: rxBurst, bursts }];
  });
}

function lcoreView({ thread, rates }: ApplicationSnapshot['threads'][number]): LcoreView {
  const { tid, name, lcore = null } = thread;
  const { busyShare = null, emptyShare = null, rxPps = null, nsPerPacket = null } = rates;
  return { lcore, tid, name, busyShare, emptyShare, pps: rxPps, nsPerPacket };
}

function nameOf({ lcore, tid }: Thread): string {
  return lcore === undefined ? `thread ${tid}` : `lcore ${lcore}`;
}

/** 0, 1 to 4, 5 to 8, ... 61 to 64, more. */
function bucketsOf({ bySize, largeBursts }: BurstCounts): number[] {
  const buckets = new Array<number>(BURST_BUCKETS).fill(0);
  for (const [size, calls] of bySize.entries()) {
    buckets[Math.min(Math.ceil(size / 4), BURST_BUCKETS - 1)]! += calls;
  }
  buckets[BURST_BUCKETS - 1]! += largeBursts;
  return buckets;
}
