import { expect, test } from 'vitest';
import { histOf, words } from '../../../test/fakes/made-maps.ts';
import { formatHistogram, type HistogramKind, usedBuckets } from './histogram.ts';

const labels = (kind: HistogramKind, counts: readonly bigint[]) =>
  usedBuckets(kind, words(...counts)).map(({ label, min, max }) => `${label} ${min} ${max}`);

test('large powers of two', () => {
  const kind: HistogramKind = { kind: 'hist', bits: 0, buckets: 65 };
  expect(labels(kind, histOf(2n ** 62n))).toEqual([`[4E, 8E) ${2n ** 62n} ${2n ** 63n - 1n}`]);
  expect(labels(kind, histOf(2n ** 39n, 2n ** 40n))).toEqual([
    `[512G, 1T) ${2n ** 39n} ${2n ** 40n - 1n}`,
    `[1T, 2T) ${2n ** 40n} ${2n ** 41n - 1n}`,
  ]);
});

test('four buckets for each power of two', () => {
  const kind: HistogramKind = { kind: 'hist', bits: 2, buckets: 30 };
  const counts = new Array<bigint>(30).fill(0n);
  for (const index of [0, 1, 8, 9, 10, 12, 28]) counts[index] = 1n;
  const rows = labels(kind, counts);
  expect(rows[0]).toBe('(..., 0) undefined -1');
  expect(rows[1]).toBe('[0] 0 0');
  expect(rows.slice(8, 11)).toEqual(['[7] 7 7', '[8, 10) 8 9', '[10, 12) 10 11']);
  expect(rows[28]).toBe('[224, 256) 224 255');
});

test('negative bounds of lhist, in K and M', () => {
  const kind: HistogramKind = { kind: 'lhist', min: -2048n, max: 1_048_576n, step: 1024n, buckets: 4 };
  expect(labels(kind, [1n, 1n, 1n, 1n])).toEqual([
    '(..., -2K) undefined -2049',
    '[-2K, -1K) -2048 -1025',
    '[-1K, 0) -1024 -1',
    '[1M, ...) 1048576 undefined',
  ]);
});

test('nothing counted has no rows', () => {
  expect(formatHistogram({ kind: 'hist', bits: 0, buckets: 65 }, words(...histOf()), 1n)).toBe('');
});
