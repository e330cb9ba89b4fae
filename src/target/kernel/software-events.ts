/** Software events of perf (PERF_COUNT_SW_* of <linux/perf_event.h>), and how often a program runs where nobody says. */
import { nearest, UsageError } from '../../base/index.ts';

interface SoftwareEvent {
  readonly config: number;
  readonly period: bigint;
  readonly meaning: string;
}

type Row = readonly [name: string, alias: string, config: number, period: bigint, meaning: string];

const rows: readonly Row[] = [
  ['cpu-clock', 'cpu', 0, 1_000_000n, 'ns of a processor'],
  ['task-clock', '', 1, 1n, 'ns of a task'],
  ['page-faults', 'faults', 2, 100n, 'page faults'],
  ['context-switches', 'cs', 3, 1000n, 'context switches'],
  ['cpu-migrations', '', 4, 1n, 'moves of a task to another processor'],
  ['minor-faults', '', 5, 100n, 'page faults without disk'],
  ['major-faults', '', 6, 1n, 'page faults that wait for a disk'],
  ['alignment-faults', '', 7, 1n, 'accesses that were not aligned'],
  ['emulation-faults', '', 8, 1n, 'instructions that the kernel emulated'],
  ['dummy', '', 9, 1n, 'nothing'],
  ['bpf-output', '', 10, 1n, 'output of BPF programs'],
];

/** @throws UsageError with the nearest name */
export function softwareEvent(name: string): SoftwareEvent {
  const row = rows.find(([own, alias]) => name === own || (alias !== '' && name === alias));
  if (row !== undefined) {
    const [, , config, period, meaning] = row;
    return { config, period, meaning };
  }
  const known = rows.map(([own]) => own);
  const near = nearest(name, known);
  const hint = near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${near}?`;
  throw new UsageError(`no software event ${JSON.stringify(name)}: ${hint}`);
}
