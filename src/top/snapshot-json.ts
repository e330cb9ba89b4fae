/** A snapshot as JSON: the fields of docs/top.md. What is not known is null. */

import type { Rates, Snapshot } from '../watch/index.ts';
import { type BurstCounts, callsOf } from '../watch/index.ts';
import type { Scale } from './columns.ts';

/** One line, with its newline. */
export function formatSnapshotJson(snapshot: Snapshot, scale: Scale): string {
  const { timeMs, intervalMs, applications } = snapshot;
  const object = {
    time: new Date(timeMs).toISOString(),
    intervalSeconds: round(intervalMs / 1000),
    applications: applications.map(
      ({ pid, name, filePrefix, version, countedMs, rates, ports, threads, price, drops, problem }) => ({
        pid,
        name,
        filePrefix,
        version,
        problem: problem ?? null,
        countedSeconds: round(countedMs / 1000),
        price: round(price),
        dropsByReason:
          drops === undefined
            ? null
            : Object.fromEntries(drops.map(({ reason, pps }) => [reason, round(pps)])),
        ...ratesJson(rates, scale),
        ports: ports.map(({ info, rates: ofPort, queues }) => ({
          id: info.portId,
          name: info.name,
          driver: info.driver,
          up: info.up,
          speedMbps: info.speedMbps ?? null,
          ...ratesJson(ofPort, scale),
          queues: queues.map(({ queueId, rates: ofQueue, rx, tx, threads: users }) => ({
            id: queueId ?? null,
            lcores: users.flatMap(({ lcore }) => lcore ?? []),
            ...ratesJson(ofQueue, scale),
            rxBursts: burstsJson(rx),
            txBursts: burstsJson(tx),
          })),
        })),
        threads: threads.map(({ thread, rates: ofThread }) => ({
          tid: thread.tid,
          lcore: thread.lcore ?? null,
          name: thread.name,
          ...ratesJson(ofThread, scale),
        })),
      }),
    ),
  };
  return `${JSON.stringify(object)}\n`;
}

function ratesJson(rates: Rates, { cyclesPerNs }: Scale): Record<string, unknown> {
  const { drops, nsPerPacket, ...rest } = rates;
  const numbers = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, round(value)]));
  const cycles =
    nsPerPacket === undefined || cyclesPerNs === undefined ? undefined : nsPerPacket * cyclesPerNs;
  return {
    ...numbers,
    nsPerPacket: round(nsPerPacket),
    cyclesPerPacket: round(cycles),
    drops: Object.fromEntries(Object.entries(drops).map(([name, value]) => [name, round(value)])),
  };
}

/** Sizes that occurred. */
function burstsJson(counts: BurstCounts): Record<string, unknown> {
  return {
    calls: callsOf(counts),
    bySize: Object.fromEntries(counts.bySize.flatMap((count, size) => (count > 0 ? [[size, count]] : []))),
    larger: counts.largeBursts,
  };
}

/** Four digits behind the point: a share needs them. */
function round(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Math.round(value * 1e4) / 1e4;
}
