/**
 * Buckets of hist() and lhist(): their bounds, and the rows that bpftrace prints. A hist with `bits` has 2^bits buckets
 * for each power of two; bucket 0 holds what is negative.
 */
import { assertUnreachable } from '../../base/index.ts';
import type { MapKind } from '../plan.ts';
import { readInteger } from './format-value.ts';

export type HistogramKind = Extract<MapKind, { kind: 'hist' | 'lhist' }>;

export interface Bucket {
  /** The smallest and the largest number that falls into it; undefined for no bound. */
  readonly min: bigint | undefined;
  readonly max: bigint | undefined;
  readonly label: string;
  readonly count: bigint;
}

const BAR = 52;

/** From the first to the last bucket that is not empty. @param value the map's value: a count for each bucket */
export function usedBuckets(kind: HistogramKind, value: Uint8Array): Bucket[] {
  const counts = readCounts(value);
  const first = counts.findIndex((count) => count > 0n);
  if (first < 0) return [];
  const last = counts.findLastIndex((count) => count > 0n);
  return counts.slice(first, last + 1).map((count, n) => bucket(kind, first + n, counts.length - 1, count));
}

/** From the lowest to the last bucket that is not empty; of a hist without the one for what is negative, if that is empty. */
export function bucketsFromLowest(kind: HistogramKind, value: Uint8Array): Bucket[] {
  const counts = readCounts(value);
  const last = counts.findLastIndex((count) => count > 0n);
  const first = counts[0] === 0n ? 1 : 0;
  return counts.slice(first, last + 1).map((count, n) => bucket(kind, first + n, counts.length - 1, count));
}

/** Sum of all counts. */
export function totalCount(value: Uint8Array): bigint {
  return readCounts(value).reduce((sum, count) => sum + count, 0n);
}

/** bpftrace's rows; the bars stand for the counts before the division. */
export function formatHistogram(kind: HistogramKind, value: Uint8Array, divisor: bigint): string {
  const buckets = usedBuckets(kind, value);
  const most = Math.fround(Math.max(...buckets.map(({ count }) => Number(count))));
  return buckets
    .map(({ label, count }) => {
      // In the precision of C's float, so that rounding is bpftrace's.
      const share = Math.fround(Math.fround(Number(count)) / most);
      const bar = '@'.repeat(Math.trunc(Math.fround(share * BAR)));
      return `${label.padEnd(16)}${String(count / divisor).padStart(8)} |${bar.padEnd(BAR)}|\n`;
    })
    .join('');
}

function readCounts(value: Uint8Array): bigint[] {
  return Array.from({ length: value.length / 8 }, (_, i) => readInteger(value, false, 8 * i));
}

/** @param last the index of the last bucket there is */
function bucket(kind: HistogramKind, index: number, last: number, count: bigint): Bucket {
  switch (kind.kind) {
    case 'hist':
      return { ...histBounds(kind.bits, index), label: histLabel(kind.bits, index), count };
    case 'lhist':
      return { ...lhistBounds(kind, index, index === last), count };
    default:
      return assertUnreachable(kind);
  }
}

/** The smallest number of a bucket other than the first. */
function histMin(bits: number, index: number): bigint {
  const place = index - 1;
  const perPower = 1 << bits;
  if (place < perPower) return BigInt(place);
  return BigInt(perPower + (place & (perPower - 1))) << BigInt((place >> bits) - 1);
}

function histBounds(bits: number, index: number): { min: bigint | undefined; max: bigint } {
  return { min: index === 0 ? undefined : histMin(bits, index), max: histMin(bits, index + 1) - 1n };
}

function histLabel(bits: number, index: number): string {
  if (index === 0) return '(..., 0)';
  if (index <= 2 << bits) return `[${index - 1}]`;
  return `[${powerLabel(bits, index)}, ${powerLabel(bits, index + 1)})`;
}

/** The smallest number of a bucket, in units of the largest power of 2^10 in its step. */
function powerLabel(bits: number, index: number): string {
  const decade = Math.floor((((index - 1) >> bits) - 1) / 10);
  return `${histMin(bits, index) >> BigInt(10 * decade)}${['', 'K', 'M', 'G', 'T', 'P', 'E'][decade]}`;
}

function lhistBounds(
  { min, max, step }: Extract<HistogramKind, { kind: 'lhist' }>,
  index: number,
  isLast: boolean,
): Omit<Bucket, 'count'> {
  if (index === 0) return { min: undefined, max: min - 1n, label: `(..., ${lhistLabel(min)})` };
  if (isLast) return { min: max, max: undefined, label: `[${lhistLabel(max)}, ...)` };
  const low = min + BigInt(index - 1) * step;
  return { min: low, max: low + step - 1n, label: `[${lhistLabel(low)}, ${lhistLabel(low + step)})` };
}

function lhistLabel(bound: bigint): string {
  if (bound === 0n) return '0';
  if (bound % 0x10_0000n === 0n) return `${bound / 0x10_0000n}M`;
  return bound % 0x400n === 0n ? `${bound / 0x400n}K` : String(bound);
}
