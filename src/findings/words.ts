/** Numbers and names as sentences of findings have them, and the commands that they end in. */
import type { NextStep } from './finding.ts';
import type { LcoreObservation, Observation, PortObservation } from './observation.ts';

/** 1,234,567 */
export function formatCount(value: number): string {
  return Math.round(value).toLocaleString('en');
}

/** A share of 0 to 1: `below 0.1 %`, `3.4 %`, `97 %`. */
export function formatPercent(share: number): string {
  if (share === 0) return '0 %';
  if (share > 0 && share < 0.001) return 'below 0.1 %';
  if (share > 0.99 && share < 1) return `${(Math.floor(1000 * share) / 10).toFixed(1)} %`;
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** A time: `640 ns`, `12.5 µs`, `3.1 ms`, `1.2 s`. */
export function formatTime(ns: number): string {
  const [unit, size] = (
    [
      ['ns', 1],
      ['µs', 1e3],
      ['ms', 1e6],
      ['s', 1e9],
    ] as const
  ).findLast(([, one]) => ns >= one) ?? ['ns', 1];
  const value = ns / size;
  return `${value.toFixed(size === 1 || value >= 100 ? 0 : 1)} ${unit}`;
}

export function nameOfPort({ portId, name }: Pick<PortObservation, 'portId' | 'name'>): string {
  return name === '' ? `port ${portId}` : `port ${portId} (${name})`;
}

export function nameOfLcore({ lcore, name, tid }: Pick<LcoreObservation, 'lcore' | 'name' | 'tid'>): string {
  return lcore === undefined ? `thread ${tid} (${name})` : `lcore ${lcore}`;
}

/** 0 to 1 of the time that was measured. */
export function busyShare({ busyNs, idleNs }: Pick<LcoreObservation, 'busyNs' | 'idleNs'>): number {
  return busyNs + idleNs === 0 ? 0 : busyNs / (busyNs + idleNs);
}

/** `hone trace` on what was observed. @param script without single quotes */
export function traceStep({ source, pid, label }: Observation, script: string, tells: string): NextStep {
  const where = source === 'recording' ? `--read ${quote(label)}` : `-p ${pid} --duration 5`;
  return { command: `hone trace ${where} -e '${script}'`, tells };
}

/** What tells more of an application that runs; nothing where it is over. */
export function liveSteps({ source }: Observation, command: string, tells: string): NextStep[] {
  return source === 'application' ? [{ command, tells }] : [];
}

/** Packets as lines, of a running application or of the file. */
export function packetsStep(
  { source, pid, label, packetFile = label }: Observation,
  portId: number,
  filter: string,
  tells: string,
): NextStep {
  const where =
    source === 'recording'
      ? `hone read ${quote(packetFile)} -c 20`
      : `hone capture -i ${pid}/${portId} -c 20`;
  return { command: filter === '' ? where : `${where} -f '${filter}'`, tells };
}

/** Not every recording has packets to look into. */
export function isPossible({ command }: NextStep, { source, packetFile }: Observation): boolean {
  return source !== 'recording' || packetFile !== undefined || !/dpdk:[rt]x_packet|^hone read /.test(command);
}

function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
