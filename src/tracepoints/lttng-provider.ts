/**
 * From a table of trace points to a provider of LTTng-UST 2.13: the header with its events and enumerations, and the C file that
 * the application compiles once. Events are called PROVIDER:NAME.
 */
import { type FileNames, include } from './c-header.ts';
import { commaList, comment, constantName, LICENSE, quoted } from './c-text.ts';
import {
  type Enumeration,
  type PointTable,
  resolveType,
  type TableArgument,
  type TablePoint,
} from './point-table.ts';

export function formatLttngHeader(table: PointTable, names: FileNames): string {
  const guard = constantName(table.prefix, 'lttng', 'h');
  return `${[
    LICENSE,
    comment(`The events of ${table.provider} for LTTng-UST. Generated from ${names.origin}: change that.`),
    `#undef LTTNG_UST_TRACEPOINT_PROVIDER\n#define LTTNG_UST_TRACEPOINT_PROVIDER ${table.provider}`,
    // Read again by <lttng/tracepoint-event.h>, from the folders of -I.
    `#undef LTTNG_UST_TRACEPOINT_INCLUDE\n#define LTTNG_UST_TRACEPOINT_INCLUDE "${names.includeFolder}${table.provider}-lttng.h"`,
    `#if !defined(${guard}) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)\n#define ${guard}`,
    '#include <stdint.h>\n\n#include <lttng/tracepoint.h>',
    ...table.enumerations.map((enumeration) => formatEnumeration(table, enumeration)),
    ...table.points.map((point) => formatEvent(table, point)),
    '#endif',
    '#include <lttng/tracepoint-event.h>',
  ].join('\n\n')}\n`;
}

export function formatLttngSource(table: PointTable, names: FileNames): string {
  return `${[
    LICENSE,
    comment(
      `The provider ${table.provider} of LTTng-UST, to be compiled into the application. Generated from ${names.origin}: change that.`,
    ),
    '#define LTTNG_UST_TRACEPOINT_CREATE_PROBES\n#define LTTNG_UST_TRACEPOINT_DEFINE',
    `#include ${include(names, `${table.provider}-lttng.h`)}`,
  ].join('\n\n')}\n`;
}

function formatEnumeration(table: PointTable, { name, values }: Enumeration): string {
  const rows = values.map(({ label, value }) => `\t\tlttng_ust_field_enum_value(${quoted(label)}, ${value})`);
  return [
    `LTTNG_UST_TRACEPOINT_ENUM(${table.provider}, ${name},`,
    '\tLTTNG_UST_TP_ENUM_VALUES(',
    ...rows,
    '\t)',
    ')',
  ].join('\n');
}

function formatEvent(table: PointTable, point: TablePoint): string {
  const { provider } = table;
  const parameters = point.arguments.map((argument) => `${cType(table, argument)}, ${argument.name}`);
  return [
    `LTTNG_UST_TRACEPOINT_EVENT(${provider}, ${point.name},`,
    commaList('LTTNG_UST_TP_ARGS(', parameters, '),', '\t'),
    '\tLTTNG_UST_TP_FIELDS(',
    ...point.arguments.map((argument) => `\t\t${formatField(table, argument)}`),
    '\t)',
    ')',
    `LTTNG_UST_TRACEPOINT_LOGLEVEL(${provider}, ${point.name}, LTTNG_UST_TRACEPOINT_LOGLEVEL_${point.level.toUpperCase()})`,
  ].join('\n');
}

function cType(table: PointTable, argument: TableArgument): string {
  const type = resolveType(table, argument);
  if (type.kind === 'text') return 'const char *';
  return type.kind === 'integer' ? type.type : type.enumeration.type;
}

function formatField(table: PointTable, argument: TableArgument): string {
  const type = resolveType(table, argument);
  const { name } = argument;
  if (type.kind === 'text') return `lttng_ust_field_string(${name}, ${name})`;
  if (type.kind === 'integer') return `lttng_ust_field_integer(${type.type}, ${name}, ${name})`;
  const { enumeration } = type;
  return `lttng_ust_field_enum(${table.provider}, ${enumeration.name}, ${enumeration.type}, ${name}, ${name})`;
}
