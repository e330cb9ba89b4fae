/** `hone capture -S`: the ports' own counters once a second, as dumpcap -S prints them. Nothing is captured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type PortInfo, resolvePorts, type SelectedPort } from '../target/index.ts';
import type { CaptureOptions } from './capture-options.ts';

const INTERVAL_MS = 1000;

/** Prints until a signal, or -a duration. */
export async function printStatistics({ choices, stop }: CaptureOptions): Promise<void> {
  const { selections, applications } = await resolvePorts(choices.map(({ selector }) => selector));
  const stopped = new AbortController();
  const onSignal = () => stopped.abort();
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const end = performance.now() + (stop.durationMs ?? Number.POSITIVE_INFINITY);
  try {
    process.stdout.write(formatRow('Interface', 'Received', 'Sent', 'Dropped'));
    while (!stopped.signal.aborted && performance.now() < end) {
      await sleep(Math.min(INTERVAL_MS, end - performance.now()), undefined, {
        signal: stopped.signal,
      }).catch(() => undefined);
      const now = new Map<PortInfo, PortInfo>();
      for (const { target, ports } of applications) {
        const fresh = await target.listPorts();
        for (const port of ports) {
          const same = fresh.find(({ portId, name }) => portId === port.portId && name === port.name);
          if (same !== undefined) now.set(port, same);
        }
      }
      process.stdout.write(
        selections
          .flat()
          .map((selected) => formatPort(selected, now))
          .join(''),
      );
    }
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    for (const { target } of applications) target.close();
  }
}

function formatPort({ port }: SelectedPort, now: ReadonlyMap<PortInfo, PortInfo>): string {
  const counters = now.get(port)?.counters;
  if (counters === undefined) return formatRow(port.name, '-', '-', '-');
  const { ipackets, opackets, imissed } = counters;
  return formatRow(port.name, `${ipackets}`, `${opackets}`, `${imissed}`);
}

function formatRow(name: string, ...counts: readonly string[]): string {
  return `${name.padEnd(15)}${counts.map((count) => count.padStart(15)).join('')}\n`;
}
