/** Readings made by hand, for tests. */
import type { PortInfo } from '../target/index.ts';
import {
  type ApplicationReading,
  type Measured,
  NOTHING_MEASURED,
  type QueueReading,
  type Thread,
} from './reading.ts';

export const lcore1: Thread = { tid: 101, lcore: 1, name: 'rte-worker-1' };

type Counters = NonNullable<PortInfo['counters']>;

export function port(portId: number, counters: Partial<Counters> | undefined): PortInfo {
  const none: Counters = {
    ipackets: 0n,
    opackets: 0n,
    ibytes: 0n,
    obytes: 0n,
    imissed: 0n,
    ierrors: 0n,
    oerrors: 0n,
    rxNombuf: 0n,
  };
  return {
    portId,
    name: `net_null${portId}`,
    driver: 'net_null',
    firmware: '',
    mac: new Uint8Array(6),
    up: true,
    promiscuous: false,
    speedMbps: 10_000,
    mtu: 1500,
    numaNode: 0,
    rxQueues: 1,
    txQueues: 1,
    counters: counters === undefined ? undefined : { ...none, ...counters },
  };
}

/** @param bursts how often each size occurred */
export function queue(
  portId: number,
  direction: 'in' | 'out',
  bursts: Readonly<Record<number, number>>,
  more: Partial<QueueReading> = {},
): QueueReading {
  const bySize = Array.from({ length: 256 }, (_, size) => bursts[size] ?? 0);
  return { portId, queueId: 0, direction, thread: lcore1, bySize, largeBursts: 0, largePackets: 0, ...more };
}

export function reading(more: Partial<ApplicationReading>): ApplicationReading {
  return {
    pid: 4711,
    name: 'dpdk-testpmd',
    label: 'dpdk-testpmd 4711',
    filePrefix: 'rte',
    version: 'DPDK 22.11.11',
    kind: 'dpdk',
    timeMs: 0,
    ports: [],
    total: NOTHING_MEASURED,
    recent: NOTHING_MEASURED,
    drops: undefined,
    price: undefined,
    problem: undefined,
    ...more,
  };
}

/** A port that gets 1000 packets a second, of which the application drops three, and what lcore 1 did with it in a while of two seconds. */
export function twoReadings(): { before: ApplicationReading; now: ApplicationReading } {
  const recent: Measured = {
    countedMs: 2000,
    queues: [queue(0, 'in', { 0: 30, 32: 10 }), queue(0, 'out', { 4: 5 })],
    times: [{ thread: lcore1, busyNs: 3000, idleNs: 1000, packets: 150 }],
    refused: new Map([[0, 10]]),
    programNs: 4e6,
  };
  const total: Measured = {
    countedMs: 3000,
    queues: [queue(0, 'in', { 0: 130, 32: 20 }), queue(0, 'out', { 4: 5 })],
    times: [{ thread: lcore1, busyNs: 4000, idleNs: 2000, packets: 160 }],
    refused: new Map([[0, 17]]),
    programNs: 6e6,
  };
  return {
    before: reading({
      timeMs: 1000,
      ports: [port(0, { ipackets: 1000n, ibytes: 64_000n, imissed: 5n })],
      drops: [{ portId: 0, reason: 'ttl', packets: 10 }],
    }),
    now: reading({
      timeMs: 3000,
      ports: [port(0, { ipackets: 3000n, ibytes: 192_000n, imissed: 25n })],
      recent,
      total,
      drops: [
        { portId: 0, reason: 'ttl', packets: 14 },
        { portId: 0, reason: 'no_route', packets: 2 },
      ],
    }),
  };
}
