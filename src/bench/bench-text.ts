/** The result for a terminal: a table a group, what was compared with what, and what may not be concluded. */
import { formatQuantity } from '../chart/index.ts';
import { figuresOf, noisePercent, type RowFigures, type Spread } from './figures.ts';
import type { BenchResult, Group, Row } from './result.ts';

const HEADS = ['', 'tool', 'off, %', 'ns a packet', 'forwarded', 'recorded a second', 'dropped'];
/** The first two are words. */
const WORDS = 2;

export function formatBenchText(result: BenchResult): string {
  const { version, started, machine, peers } = result;
  const noise = noisePercent(result);
  return [
    `hone ${version} bench: ${formatRun(result)}, begun ${started}`,
    `${machine.processor}, ${machine.processors} processors: ${machine.placement}`,
    `Linux ${machine.kernel}, ${machine.dpdk}, ${machine.memory}`,
    ...peers.map(
      ({ name, version: peer, note }) =>
        `${name}: ${[peer ?? 'not measured', note].filter(Boolean).join(', ')}`,
    ),
    '',
    ...result.groups.map((group) => formatGroup(group, noise)),
    ...formatNotes(result, noise),
    '',
  ].join('\n');
}

/** `6 rounds in 702 s` */
export function formatRun({ rounds, seconds, ended }: BenchResult): string {
  const run = `${rounds} ${rounds === 1 ? 'round' : 'rounds'} in ${seconds.toFixed(0)} s`;
  return ended === undefined ? run : `${run}, ${ended}`;
}

function formatGroup({ title, application, rows }: Group, noise: number | undefined): string {
  const lines = rows.map((row) => formatRow(row, figuresOf(row, noise)));
  const widths = HEADS.map((head, n) =>
    Math.max(
      head.length,
      ...lines.filter(({ length }) => length > n + 1 || n < WORDS).map((cells) => cells[n]!.length),
    ),
  );
  const text = [HEADS, ...lines].map((cells) =>
    cells
      .map((cell, n) =>
        n < WORDS || cells.length <= WORDS + 1 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return `== ${title}\n${application}\n\n${text.join('\n')}\n`;
}

/** A row that was not measured says why in the place of its figures. */
function formatRow({ task, tool, turns, absent }: Row, figures: RowFigures): string[] {
  if (turns.length === 0) return [task, tool, `not measured: ${absent ?? 'unknown'}`];
  const { lossPercent, nsPerPacket, forwardedPps, recordedPps, dropped, isNoise } = figures;
  const isBare = tool === '';
  return [
    task,
    tool,
    isBare ? '' : `${formatSpread(lossPercent, (value) => value.toFixed(1))}${isNoise ? ' ~' : '  '}`,
    isBare ? '' : formatSpread(nsPerPacket, (value) => value.toFixed(1)),
    formatQuantity(forwardedPps?.median, 'pps'),
    recordedPps === undefined ? '' : formatQuantity(recordedPps.median),
    dropped === undefined ? '' : formatQuantity(dropped),
  ];
}

/** `12.3 (11.9 to 12.8)` */
function formatSpread(spread: Spread | undefined, format: (value: number) => string): string {
  if (spread === undefined) return '';
  const { median, low, high } = spread;
  return low === high ? format(median) : `${format(median)} (${format(low)} to ${format(high)})`;
}

/** What a reader has to know to read the figures. */
export function formatNotes({ groups, windowSeconds }: BenchResult, noise: number | undefined): string[] {
  const failures = groups.flatMap(({ rows }) =>
    rows.filter(({ turns, absent }) => turns.length > 0 && absent !== undefined),
  );
  return [
    `off: the forwarding rate with it against the mean of the rates just before and after it, each of ${windowSeconds} s, same process; median (lowest to highest) of the rounds`,
    'ns a packet: the time of the forwarding lcore that it takes, over all packets forwarded, whether the tool looked at them or not',
    noise === undefined
      ? 'noise: too little was measured to know it'
      : `~ within noise: two rates between which nothing changed differed by up to ${noise.toFixed(1)} % (9 of 10 pairs)`,
    ...failures.map(({ tool, task, absent }) => `not in every round: ${tool}, ${task}: ${absent}`),
  ];
}
