/**
 * How many processors the kernel could ever have: maps with a value for each processor have one for each of these,
 * online or not. The form of the list is in the kernel's Documentation/admin-guide/cputopology.rst: `0-3,8`.
 */
import { readFileSync } from 'node:fs';
import { FormatError } from '../../base/index.ts';

const MAX_CPUS = 65_536;

/** @throws FormatError */
export function parseCpuList(text: string): number[] {
  const cpus: number[] = [];
  for (const range of text.trim().split(',')) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(range);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!(first <= last && last < MAX_CPUS)) {
      throw new FormatError(`list of processors: got ${JSON.stringify(range)}, expected N or N-M`, 0);
    }
    for (let cpu = first; cpu <= last; cpu++) cpus.push(cpu);
  }
  return cpus;
}

let possible: number | undefined;

/** Values that a map of the kernel has for each key. */
export function possibleCpuCount(): number {
  possible ??= parseCpuList(readFileSync('/sys/devices/system/cpu/possible', 'utf8')).at(-1)! + 1;
  return possible;
}

export function onlineCpus(): number[] {
  return parseCpuList(readFileSync('/sys/devices/system/cpu/online', 'utf8'));
}
