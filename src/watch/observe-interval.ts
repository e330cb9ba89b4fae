/**
 * What two readings in a row say of an application, as rules of findings/ read it: ports over the interval, queues and threads in
 * the last while that was measured, or in all of them. What a reading does not look at (levels, stages, traffic) is not in it.
 */
import type { LcoreObservation, Observation, PortObservation, QueueObservation } from '../findings/index.ts';
import type { PortInfo } from '../target/index.ts';
import {
  type ApplicationReading,
  addBursts,
  type BurstCounts,
  callsOf,
  type Measured,
  NO_BURSTS,
  packetsOf,
  type QueueReading,
} from './reading.ts';

type Counter = keyof NonNullable<PortInfo['counters']>;

export function observeInterval(
  now: ApplicationReading,
  before: ApplicationReading,
  measured: Measured = now.recent,
): Observation {
  const seconds = Math.max(1e-6, (now.timeMs - before.timeMs) / 1000);
  return {
    source: now.kind === 'replay' ? 'replay' : 'application',
    label: now.label,
    pid: now.pid,
    startMs: Date.now() - 1000 * seconds,
    seconds,
    countedSeconds: measured.countedMs / 1000,
    ports: now.ports.map((port) => observePort(port, measured, before, seconds)),
    queues: observeQueues(measured, now.kind),
    lcores: observeThreads(measured),
    mempools: [],
    rings: [],
    drops: now.drops?.flatMap(({ portId, reason, packets }) => {
      const earlier = before.drops?.find((drop) => drop.portId === portId && drop.reason === reason);
      const since = packets - (earlier?.packets ?? 0);
      return since > 0 ? [{ portId, reason, packets: since, countedSeconds: seconds }] : [];
    }),
    stages: [],
    traffic: undefined,
    series: [],
    recording: undefined,
    unknown: now.problem === undefined ? [] : [now.problem],
  };
}

function observePort(
  { portId, name, driver, up, speedMbps, rxQueues, txQueues, counters }: PortInfo,
  { queues, refused, countedMs }: Measured,
  before: ApplicationReading,
  seconds: number,
): PortObservation {
  const earlier = before.ports.find((port) => port.portId === portId && port.name === name)?.counters;
  const since = (counter: Counter): number | undefined => {
    if (counters === undefined || earlier === undefined) return undefined;
    // Counters that were reset begin at 0 again.
    const count = counters[counter];
    return Number(count >= earlier[counter] ? count - earlier[counter] : count);
  };
  const sent = queues.filter((queue) => queue.portId === portId && queue.direction === 'out');
  return {
    ...{ portId, seconds, name, driver, isUp: up, speedMbps, rxQueues, txQueues },
    ...{ rxPackets: since('ipackets'), txPackets: since('opackets') },
    ...{ rxBytes: since('ibytes'), txBytes: since('obytes') },
    ...{ missed: since('imissed'), noMbuf: since('rxNombuf') },
    ...{ rxErrors: since('ierrors'), txErrors: since('oerrors') },
    offered: countedMs === 0 ? undefined : sent.reduce((sum, queue) => sum + packetsOf(queue), 0),
    refused: refused.get(portId),
  };
}

/** A queue that several threads share is one. */
function observeQueues(
  { queues, countedMs }: Measured,
  kind: ApplicationReading['kind'],
): QueueObservation[] {
  const places = new Map<string, QueueReading[]>();
  for (const queue of queues) {
    const key = [queue.portId, queue.queueId, queue.direction].join();
    places.set(key, [...(places.get(key) ?? []), queue]);
  }
  return [...places.values()].map((readings) => {
    const { portId, queueId, direction } = readings[0]!;
    const { bySize, largeBursts } = readings.reduce<BurstCounts>(addBursts, NO_BURSTS);
    return {
      ...{ portId, queueId, direction, countedSeconds: countedMs / 1000, askedBurst: undefined },
      tids: [...new Set(readings.filter((queue) => callsOf(queue) > 0).map(({ thread }) => thread.tid))],
      bySize: largeBursts > 0 ? [...bySize, largeBursts] : bySize,
      // A replay polls only when there are packets.
      countsEmptyPolls: kind === 'dpdk',
      packets: readings.reduce((sum, queue) => sum + packetsOf(queue), 0),
    };
  });
}

function observeThreads({ times }: Measured): LcoreObservation[] {
  return times.map(({ thread, busyNs, idleNs, packets }) => ({
    ...thread,
    measuredSeconds: (busyNs + idleNs) / 1e9,
    ...{ busyNs, idleNs, packets },
    ...{ pollGaps: undefined, longestGapNs: undefined, involuntarySwitches: undefined },
  }));
}
