/**
 * In what order the entries of a map are printed, and which. bpftrace's: numbers by value, histograms by the sum of their
 * counts, averages by themselves, all ascending, what is equal by key; all else by key, integers as if they had no
 * sign, text by its bytes. What a person asks for goes over that.
 */
import type { MapContents, MapEntry } from '../merge/map-contents.ts';
import { type MapPlan, type ValueType, valueBytes } from '../plan.ts';
import { readInteger } from './format-value.ts';
import { totalCount } from './histogram.ts';

/** `value` and `key` compare numbers as numbers; `name` compares keys as they are printed. */
export type SortBy = 'key' | 'value' | 'name';

export interface MapOrder {
  /** Undefined for bpftrace's. */
  readonly sort: SortBy | undefined;
  readonly isDescending: boolean;
  /** At most so many entries, those with the largest values; undefined for all. */
  readonly top: number | undefined;
}

export const bpftraceOrder: MapOrder = { sort: undefined, isDescending: false, top: undefined };

/**
 * @param top of print(@x, top): as many of the last entries in bpftrace's order; 0 for all
 * @param nameOf an entry's key as it is printed
 */
export function orderEntries(
  { plan, entries }: MapContents,
  top: number,
  order: MapOrder,
  nameOf: (entry: MapEntry) => string,
): readonly MapEntry[] {
  const sorted = sortAsBpftrace(plan, entries);
  const chosen = top > 0 && plan.kind.kind !== 'stats' ? sorted.slice(-top) : sorted;
  const most = order.top === undefined ? chosen : byValue(plan, chosen).slice(-order.top);
  const ordered = sortBy(plan, most, order, nameOf);
  return order.isDescending ? ordered.toReversed() : ordered;
}

function sortBy(
  plan: MapPlan,
  entries: readonly MapEntry[],
  { sort }: MapOrder,
  nameOf: (entry: MapEntry) => string,
): readonly MapEntry[] {
  switch (sort) {
    case undefined:
      return sortAsBpftrace(plan, entries);
    case 'key':
      return entries.toSorted((a, b) => compareKeys(plan.keys, a.key, b.key, true));
    case 'value':
      return byValue(plan, entries);
    case 'name':
      return withRanks(entries, nameOf, (a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }
}

function sortAsBpftrace(plan: MapPlan, entries: readonly MapEntry[]): readonly MapEntry[] {
  const { kind } = plan;
  if (kind.kind === 'value' && kind.type.kind !== 'integer') {
    return entries.toSorted((a, b) => compareKeys(plan.keys, a.key, b.key, false));
  }
  return byValue(plan, entries);
}

/** Numbers by value, text by its bytes, what is equal by key. */
function byValue(plan: MapPlan, entries: readonly MapEntry[]): readonly MapEntry[] {
  const { kind } = plan;
  // bpftrace gathers these in the order of their keys' bytes.
  const isByBytes = ['hist', 'lhist', 'avg', 'stats'].includes(kind.kind);
  const byKey = entries.toSorted((a, b) =>
    isByBytes ? compareBytes(a.key, b.key) : compareKeys(plan.keys, a.key, b.key, false),
  );
  if (kind.kind === 'value' && kind.type.kind !== 'integer') {
    const { type } = kind;
    return byKey.toSorted((a, b) => compareKeys([type], a.value.subarray(8), b.value.subarray(8), true));
  }
  return withRanks(
    byKey,
    ({ value }) => rankOf(plan, value),
    (a, b) => (a < b ? -1 : a > b ? 1 : 0),
  );
}

/** Sorts by something that is worked out once for each entry. */
function withRanks<T>(
  entries: readonly MapEntry[],
  rank: (entry: MapEntry) => T,
  compare: (a: T, b: T) => number,
): MapEntry[] {
  const ranked = entries.map((entry) => ({ entry, rank: rank(entry) }));
  return ranked.sort((a, b) => compare(a.rank, b.rank)).map(({ entry }) => entry);
}

function rankOf({ kind }: MapPlan, value: Uint8Array): bigint {
  switch (kind.kind) {
    case 'hist':
    case 'lhist':
      return totalCount(value);
    case 'avg':
    case 'stats':
      return average(readInteger(value, kind.isSigned), readInteger(value, false, 8));
    case 'value':
      return readInteger(value, kind.type.kind === 'integer' && kind.type.isSigned, 8);
    default:
      return readInteger(value, kind.isSigned);
  }
}

/** As C divides; 0 of nothing. */
export function average(total: bigint, count: bigint): bigint {
  return count === 0n ? 0n : total / count;
}

function compareKeys(types: readonly ValueType[], a: Uint8Array, b: Uint8Array, withSigns: boolean): number {
  let offset = 0;
  for (const type of types) {
    const length = valueBytes(type);
    const difference = compareValues(
      type,
      a.subarray(offset, offset + length),
      b.subarray(offset, offset + length),
      withSigns,
    );
    if (difference !== 0) return difference;
    offset += length;
  }
  return 0;
}

function compareValues(type: ValueType, a: Uint8Array, b: Uint8Array, withSigns: boolean): number {
  switch (type.kind) {
    case 'tuple':
      return compareKeys(type.members, a, b, withSigns);
    case 'integer':
    case 'time':
    case 'stack': {
      const isSigned = withSigns && type.kind === 'integer' && type.isSigned;
      const [left, right] = [readInteger(a, isSigned), readInteger(b, isSigned)];
      return left < right ? -1 : left > right ? 1 : 0;
    }
    default:
      return compareBytes(a, b);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
