/** An application in which all is well, and parts of it to be made worse, for tests. */
import type { LcoreObservation, Observation, PortObservation, QueueObservation } from './observation.ts';

export function port(more: Partial<PortObservation> = {}): PortObservation {
  return {
    portId: 0,
    seconds: 10,
    name: 'net_null0',
    driver: 'net_null',
    isUp: true,
    speedMbps: 10_000,
    rxQueues: 1,
    txQueues: 1,
    rxPackets: 1_000_000,
    txPackets: 1_000_000,
    rxBytes: 64_000_000,
    txBytes: 64_000_000,
    missed: 0,
    rxErrors: 0,
    noMbuf: 0,
    txErrors: 0,
    offered: 10_000,
    refused: 0,
    ...more,
  };
}

/** @param bursts how many calls gave so many packets */
export function queue(
  bursts: Readonly<Record<number, number>>,
  more: Partial<QueueObservation> = {},
): QueueObservation {
  const last = Math.max(...Object.keys(bursts).map(Number));
  const bySize = Array.from({ length: last + 1 }, (_, size) => bursts[size] ?? 0);
  return {
    portId: 0,
    queueId: 0,
    direction: 'in',
    countedSeconds: 0.1,
    tids: [11],
    bySize,
    countsEmptyPolls: true,
    packets: bySize.reduce((sum, count, size) => sum + count * size, 0),
    askedBurst: 32,
    ...more,
  };
}

/** @param busyPercent of 1 s */
export function lcore(busyPercent: number, more: Partial<LcoreObservation> = {}): LcoreObservation {
  return {
    tid: 11,
    lcore: 1,
    name: 'rte-worker-1',
    measuredSeconds: 1,
    busyNs: 1e7 * busyPercent,
    idleNs: 1e7 * (100 - busyPercent),
    packets: 1000,
    pollGaps: [0, 0, 0, 0, 0, 0, 0, 1000],
    longestGapNs: 250,
    involuntarySwitches: 0,
    ...more,
  };
}

export function healthy(more: Partial<Observation> = {}): Observation {
  return {
    source: 'application',
    label: 'forwarder 10',
    pid: 10,
    startMs: 0,
    seconds: 10,
    countedSeconds: 0.1,
    ports: [port()],
    queues: [queue({ 0: 500, 16: 500 }), queue({ 16: 500 }, { direction: 'out', askedBurst: undefined })],
    lcores: [lcore(50)],
    mempools: [{ name: 'packets', size: 1000, samples: 100, least: 500, most: 800, average: 600 }],
    rings: [{ name: 'work', size: 1000, samples: 100, least: 0, most: 500, average: 100 }],
    drops: [],
    stages: [],
    traffic: undefined,
    series: [],
    recording: undefined,
    unknown: [],
    ...more,
  };
}
