/**
 * Trace points of a provider as data: what an application declares, or the standard ones (dataplane-points.ts). C header,
 * LTTng-UST provider, documentation and the points as programs and recordings see them all derive from such a table.
 */
import { type LogLevel, logLevels } from './log-levels.ts';
import type { ArgumentType, ProbeArgument, ProbePoint } from './probe-point.ts';

export const integerTypes = {
  uint8_t: { bytes: 1, isSigned: false },
  uint16_t: { bytes: 2, isSigned: false },
  uint32_t: { bytes: 4, isSigned: false },
  uint64_t: { bytes: 8, isSigned: false },
  int8_t: { bytes: 1, isSigned: true },
  int16_t: { bytes: 2, isSigned: true },
  int32_t: { bytes: 4, isSigned: true },
  int64_t: { bytes: 8, isSigned: true },
} as const;

export type IntegerType = keyof typeof integerTypes;

/** What HONE_TRACE and a point's note have room for, and LTTng-UST's LTTNG_UST_TP_ARGS. */
export const tableLimits = {
  arguments: 10,
  texts: 4,
  /** With its zero byte it fits into 64. */
  nameBytes: 63,
  /** Of all arguments as they are written in the header, commas included. */
  argumentsBytes: 359,
} as const;

/** What hone takes of a text, with a zero byte at its end. */
const TEXT_BYTES = 64;

export interface Enumeration {
  readonly name: string;
  /** What it takes in a record; in C it is an enum. */
  readonly type: 'uint8_t' | 'uint16_t' | 'uint32_t';
  readonly values: readonly EnumerationValue[];
}

export interface EnumerationValue {
  readonly label: string;
  readonly value: number;
  readonly meaning: string;
}

export interface TableArgument {
  readonly name: string;
  /** An integer of C, `text` (const char *), or the name of an enumeration of the table. */
  readonly type: string;
  readonly unit: string | undefined;
  readonly meaning: string;
}

export interface TablePoint {
  readonly name: string;
  /** When it fires. */
  readonly meaning: string;
  readonly level: LogLevel;
  readonly arguments: readonly TableArgument[];
}

export interface PointTable {
  /** Of the USDT probes, of LTTng-UST's events, and of hone's `app:PROVIDER:NAME`. */
  readonly provider: string;
  /** What the names of C functions, enumerations and files begin with. */
  readonly prefix: string;
  readonly meaning: string;
  readonly enumerations: readonly Enumeration[];
  readonly points: readonly TablePoint[];
}

/** What an argument is. @throws when the table has no such type, which who made it has checked */
export function resolveType(
  table: PointTable,
  { type }: TableArgument,
):
  | { readonly kind: 'text' }
  | { readonly kind: 'integer'; readonly type: IntegerType }
  | { readonly kind: 'enumeration'; readonly enumeration: Enumeration } {
  if (type === 'text') return { kind: 'text' };
  if (Object.hasOwn(integerTypes, type)) return { kind: 'integer', type: type as IntegerType };
  const enumeration = table.enumerations.find(({ name }) => name === type);
  if (enumeration === undefined) throw new Error(`${table.provider} has no type ${type}`);
  return { kind: 'enumeration', enumeration };
}

/** The table's points as programs and recordings see them: `app:PROVIDER:NAME`. */
export function tablePoints(table: PointTable): ProbePoint[] {
  return table.points.map((point) => ({
    name: `app:${table.provider}:${point.name}`,
    kind: 'application',
    arguments: point.arguments.map((argument, index) => probeArgument(table, argument, index)),
    meaning: point.meaning,
    logLevel: logLevels[point.level],
  }));
}

function probeArgument(table: PointTable, argument: TableArgument, index: number): ProbeArgument {
  const resolved = resolveType(table, argument);
  const { name, meaning, unit } = argument;
  const type: ArgumentType =
    resolved.kind === 'text'
      ? { kind: 'text', bytes: TEXT_BYTES }
      : {
          kind: 'integer',
          ...integerTypes[resolved.kind === 'integer' ? resolved.type : resolved.enumeration.type],
        };
  return {
    name,
    type,
    place: { kind: 'context', index },
    meaning,
    ...(unit === undefined ? {} : { unit }),
    ...(resolved.kind === 'enumeration'
      ? { labels: resolved.enumeration.values.map(({ label, value }) => ({ label, value })) }
      : {}),
  };
}
