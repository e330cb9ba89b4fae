/** Readings of an application as parts of an observation. */
import type { DropObservation, PortObservation, QueueObservation } from '../findings/index.ts';
import type { PortInfo } from '../target/index.ts';
import {
  type ApplicationReading,
  addBursts,
  type BurstCounts,
  callsOf,
  NO_BURSTS,
  packetsOf,
} from '../watch/index.ts';

/** Ports that there are at the end; counters since the first reading. */
export function observePorts(first: ApplicationReading, last: ApplicationReading): PortObservation[] {
  return last.ports.map((port) => {
    const { portId, name, driver, up, speedMbps, rxQueues, txQueues } = port;
    const before = first.ports.find((one) => one.portId === portId && one.name === name)?.counters;
    const since = (counter: keyof NonNullable<PortInfo['counters']>): number | undefined => {
      if (port.counters === undefined || before === undefined) return undefined;
      const [now, then] = [port.counters[counter], before[counter]];
      // Counters that were reset begin at 0 again.
      return Number(now >= then ? now - then : now);
    };
    const offered = last.total.queues
      .filter((queue) => queue.portId === portId && queue.direction === 'out')
      .reduce((sum, queue) => sum + packetsOf(queue), 0);
    const refused = last.total.refused.get(portId);
    return {
      ...{ portId, name, driver, isUp: up, speedMbps, rxQueues, txQueues },
      ...{ rxPackets: since('ipackets'), txPackets: since('opackets') },
      ...{ rxBytes: since('ibytes'), txBytes: since('obytes') },
      ...{ missed: since('imissed'), rxErrors: since('ierrors') },
      ...{ noMbuf: since('rxNombuf'), txErrors: since('oerrors') },
      offered: refused === undefined ? undefined : offered,
      refused,
    };
  });
}

/** @param asked the largest burst that is asked for, by `PORT QUEUE` */
export function observeQueues(
  { total }: ApplicationReading,
  asked: ReadonlyMap<string, number>,
): QueueObservation[] {
  const queues = new Map<string, Omit<QueueObservation, 'bySize' | 'packets'> & { counts: BurstCounts }>();
  for (const queue of total.queues) {
    const { portId, queueId, direction, thread } = queue;
    const key = [portId, queueId, direction].join();
    const known = queues.get(key);
    queues.set(key, {
      ...{ portId, queueId, direction },
      countedSeconds: total.countedMs / 1000,
      tids: [...new Set([...(known?.tids ?? []), ...(callsOf(queue) > 0 ? [thread.tid] : [])])],
      counts: addBursts(known?.counts ?? NO_BURSTS, queue),
      askedBurst: direction === 'in' ? asked.get(`${portId} ${queueId}`) : undefined,
    });
  }
  return [...queues.values()]
    .map(({ counts, ...queue }) => ({ ...queue, bySize: shortened(counts), packets: packetsOf(counts) }))
    .sort(
      (a, b) =>
        a.portId - b.portId || a.direction.localeCompare(b.direction) || (a.queueId ?? 0) - (b.queueId ?? 0),
    );
}

/** Since the first reading. */
export function observeDrops(first: ApplicationReading, last: ApplicationReading): DropObservation[] {
  return (last.drops ?? []).flatMap(({ portId, reason, packets }) => {
    const before =
      first.drops?.find((drop) => drop.portId === portId && drop.reason === reason)?.packets ?? 0;
    const since = packets - before;
    return since > 0
      ? [{ portId, reason, packets: since, countedSeconds: (last.timeMs - first.timeMs) / 1000 }]
      : [];
  });
}

/** Larger bursts than those that are counted one by one belong to the last size. */
function shortened({ bySize, largeBursts }: BurstCounts): number[] {
  const last = bySize.findLastIndex((count) => count > 0);
  return largeBursts > 0 ? [...bySize, largeBursts] : bySize.slice(0, last + 1);
}
