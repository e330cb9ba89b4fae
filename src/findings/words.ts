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

/**
 * `hone trace` on what was observed; undefined where a recording has not what the script asks for.
 * @param script without single quotes
 */
export function traceStep(
  { source, pid, recording }: Observation,
  script: string,
  tells: string,
): NextStep | undefined {
  if (source !== 'recording') return { command: `hone trace -p ${pid} --duration 5 -e '${script}'`, tells };
  const points = script.match(POINT) ?? [];
  const input = recording?.inputs.find(
    (one) =>
      points.every((point) => one.points.includes(point)) && (one.hasBytes || !PACKET_FIELD.test(script)),
  );
  return input && { command: `hone trace --read ${quote(input.path)} -e '${script}'`, tells };
}

const POINT = /\b(?:dpdk|app:\w+):\w+/g;
const PACKET_FIELD = /\b(?:eth|vlan|ip|ipv6|tcp|udp)\.\w/;

/** Packets as lines, of a running application or of the files; undefined where a recording has none. */
export function packetsStep(
  { source, pid, recording }: Observation,
  portId: number,
  filter: string,
  tells: string,
): NextStep | undefined {
  const files = recording?.inputs.flatMap(({ captures }) => captures) ?? [];
  if (source === 'recording' && files.length === 0) return undefined;
  const where =
    source === 'recording'
      ? `hone read ${files.map(quote).join(' ')} -c 20`
      : `hone capture -i ${pid}/${portId} -c 20`;
  return { command: filter === '' ? where : `${where} -f '${filter}'`, tells };
}

/** What can be asked only of what runs. */
export function liveStep({ source }: Observation, command: string, tells: string): NextStep | undefined {
  return source === 'recording' ? undefined : { command, tells };
}

function quote(word: string): string {
  return /^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
