/** Trace points as Markdown: when each fires, its arguments with type, unit and meaning, and what every tool calls it. */
import { logLevels } from './log-levels.ts';
import { type PointTable, tablePoints } from './point-table.ts';
import type { ArgumentType, ProbeArgument, ProbePoint } from './probe-point.ts';

/** `uint16_t`, `char[]` */
export function formatArgumentType(type: ArgumentType): string {
  return type.kind === 'text' ? 'char[]' : `${type.isSigned ? 'int' : 'uint'}${8 * type.bytes}_t`;
}

/** @param declared its name as a USDT probe and as an event of LTTng, where it is a point of a table */
export function formatPoint(point: ProbePoint, declared: string | undefined): string {
  const level = Object.entries(logLevels).find(([, number]) => number === point.logLevel)?.[0];
  const facts = [
    `Level: ${level ?? 'debug_line'}`,
    ...(declared === undefined ? [] : [`USDT and LTTng: \`${declared}\``]),
    `In recordings: ${recordedNames(point)}`,
  ];
  const head = `### ${point.name}\n\n${point.meaning}\n\n${facts.join('. ')}.`;
  if (point.arguments.length === 0) return `${head} No arguments.`;
  const hasOtherNames = point.arguments.some(({ recordedAs }) => recordedAs !== undefined);
  const heads = ['argument', 'type', 'unit', '', ...(hasOtherNames ? ['in recordings'] : [])];
  const rows = point.arguments.map((argument) => [
    `\`${argument.name}\``,
    formatArgumentType(argument.type),
    argument.unit ?? '',
    meaningOf(argument),
    ...(hasOtherNames ? [argument.recordedAs === undefined ? '' : `\`${argument.recordedAs}\``] : []),
  ]);
  return `${head}\n\n${table(heads, rows)}`;
}

function recordedNames({ name, recordedAs, recordedApart }: ProbePoint): string {
  const one = `\`${recordedAs ?? name}\``;
  if (recordedApart === undefined) return one;
  const { argument, zero, other } = recordedApart;
  return `${one}, or \`${zero}\` where ${argument} is 0 and \`${other}\` elsewhere`;
}

function meaningOf({ meaning, labels }: ProbeArgument): string {
  if (labels === undefined) return meaning;
  return `${meaning}: ${labels.map(({ label, value }) => `${value} ${label}`).join(', ')}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), `|${'---|'.repeat(heads.length)}`, ...rows.map(line)].join('\n');
}

/** The page of an application's own table. */
export function formatPage(points: PointTable, origin: string): string {
  const { provider, prefix, meaning } = points;
  const example = points.points[0]?.name;
  return `${[
    `# Trace points of ${provider}`,
    `${meaning}${meaning === '' ? '' : ' '}Generated from ${origin}.`,
    `Each is a C function, \`${prefix}_NAME()\`, in \`${provider}.h\`. What it makes depends on how the application is compiled:`,
    table(
      ['compiled with', 'what listens', 'for example'],
      [
        ['', 'hone', `\`hone trace -e 'app:${provider}:${example} { @ = count(); }'\``],
        [
          '',
          'bpftrace, perf, gdb',
          `\`bpftrace -e 'usdt:PATH:${provider}:${example} { @ = count(); }' -p PID\``,
        ],
        [
          `\`-DHONE_TRACE_LTTNG\`, \`${provider}-lttng.c\`, \`-llttng-ust\``,
          'LTTng',
          `\`lttng enable-event --userspace '${provider}:*'\``,
        ],
        ['`-DHONE_TRACE_NONE`', 'nothing', ''],
      ],
    ),
    ...tablePoints(points).map((point) => formatPoint(point, point.name.slice('app:'.length))),
  ].join('\n\n')}\n`;
}
