/**
 * From a table of trace points to the header that an application includes: an enum for each enumeration, and for each point a
 * function that does nothing but fire it, by whichever tracer the application was built for.
 */
import { commaList, comment, constantName, LICENSE } from './c-text.ts';
import {
  type Enumeration,
  type PointTable,
  resolveType,
  type TableArgument,
  type TablePoint,
} from './point-table.ts';

export interface FileNames {
  /** What the generated files are made of and by: for the comment at their heads. */
  readonly origin: string;
  /** Of the folder that the headers are included from, with a slash at its end, or empty. */
  readonly includeFolder: string;
}

export function formatHeader(table: PointTable, names: FileNames): string {
  const guard = constantName(table.prefix, 'points', 'h');
  return `${[
    LICENSE,
    comment(
      `${table.meaning || `Trace points of ${table.provider}.`} Generated from ${names.origin}: change that.`,
      '',
      `By default a point is one of hone/trace.h: hone's agent runs programs there (app:${table.provider}:NAME), and bpftrace, perf`,
      `and gdb find a USDT probe (${table.provider}:NAME). With -DHONE_TRACE_LTTNG it is an event of LTTng-UST: compile`,
      `${table.provider}-lttng.c, too, and link with -llttng-ust. With -DHONE_TRACE_NONE it is nothing.`,
    ),
    `#ifndef ${guard}\n#define ${guard}`,
    [
      '#include <stdint.h>',
      '',
      '#if defined(HONE_TRACE_LTTNG)',
      `#include ${include(names, `${table.provider}-lttng.h`)}`,
      '#elif !defined(HONE_TRACE_NONE)',
      '#include <hone/trace.h>',
      '#endif',
    ].join('\n'),
    ...table.enumerations.map((enumeration) => formatEnum(table, enumeration)),
    ...table.points.map((point) => formatFunction(table, point)),
    '#endif',
  ].join('\n\n')}\n`;
}

export function include({ includeFolder }: FileNames, file: string): string {
  return includeFolder === '' ? `"${file}"` : `<${includeFolder}${file}>`;
}

function formatEnum(table: PointTable, { name, values }: Enumeration): string {
  const rows = values.map(({ label, value, meaning }) => {
    const note = meaning === '' ? '' : ` ${comment(meaning)}`;
    return `\t${constantName(table.prefix, name, label)} = ${value},${note}`;
  });
  return [`enum ${table.prefix}_${name} {`, ...rows, '};'].join('\n');
}

function formatFunction(table: PointTable, point: TablePoint): string {
  const parameters = point.arguments.map((argument) => `${parameterType(table, argument)}${argument.name}`);
  const values = point.arguments.map((argument) => firedAs(table, argument));
  const lines = [
    comment(sentence(point.meaning), ...point.arguments.map(describe)),
    'static inline __attribute__((always_inline)) void',
    commaList(`${table.prefix}_${point.name}(`, parameters.length > 0 ? parameters : ['void'], ')', ''),
    '{',
    '#if defined(HONE_TRACE_LTTNG)',
    commaList('lttng_ust_tracepoint(', [table.provider, point.name, ...values], ');', '\t'),
    ...(point.arguments.length > 0
      ? ['#elif defined(HONE_TRACE_NONE)', ...point.arguments.map(({ name }) => `\t(void)${name};`), '#else']
      : ['#elif !defined(HONE_TRACE_NONE)']),
    commaList('HONE_TRACE(', [table.provider, point.name, ...values], ');', '\t'),
    '#endif',
    '}',
  ];
  return lines.join('\n');
}

function sentence(text: string): string {
  const end = /[.!?]$/.test(text) ? '' : '.';
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${end}`;
}

function describe({ name, meaning, unit }: TableArgument): string {
  return `  ${name}: ${meaning}${unit === undefined ? '' : ` (${unit})`}`;
}

function parameterType(table: PointTable, argument: TableArgument): string {
  const type = resolveType(table, argument);
  if (type.kind === 'text') return 'const char *';
  return type.kind === 'integer' ? `${type.type} ` : `enum ${table.prefix}_${type.enumeration.name} `;
}

/** The last word of it is the argument's name: that is what hone calls it. */
function firedAs(table: PointTable, argument: TableArgument): string {
  const type = resolveType(table, argument);
  return type.kind === 'enumeration' ? `(${type.enumeration.type})${argument.name}` : argument.name;
}
