import fc from 'fast-check';
import { expect, test } from 'vitest';
import { secondsOfNs, subsecondOfNs, unitsToNs } from './timestamp.ts';

test.for<[bigint, number, number]>([
  [0n, 0, 0],
  [999_999_999n, 0, 999_999_999],
  [1_000_000_000n, 1, 0],
  [1_704_067_200_123_456_789n, 1_704_067_200, 123_456_789],
  [0x1_0000_0000_0000n - 1n, 281_474, 976_710_655],
  [0x1_0000_0000_0000n, 281_474, 976_710_656],
  [0xffff_ffff_ffff_ffffn, 18_446_744_073, 709_551_615],
])('%i ns', ([ns, seconds, rest]) => {
  const [high, low] = [Number(ns >> 32n), Number(ns & 0xffff_ffffn)];
  expect([secondsOfNs(high, low), subsecondOfNs(high, low)]).toEqual([seconds, rest]);
});

test('splitting words is exact for every time, most of all beside whole seconds', () => {
  const anywhere = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
  const besideSeconds = fc
    .tuple(fc.bigInt({ min: 1n, max: 18_446_744_072n }), fc.constantFrom(-1n, 0n, 1n))
    .map(([seconds, offset]) => seconds * 1_000_000_000n + offset);
  fc.assert(
    fc.property(fc.oneof(anywhere, besideSeconds), (ns) => {
      const [high, low] = [Number(ns >> 32n), Number(ns & 0xffff_ffffn)];
      expect(BigInt(secondsOfNs(high, low))).toBe(ns / 1_000_000_000n);
      expect(BigInt(subsecondOfNs(high, low))).toBe(ns % 1_000_000_000n);
    }),
    { numRuns: 5_000 },
  );
});

test.for<[string, bigint, number, bigint, bigint]>([
  ['microseconds', 1_000_001n, 6, 0n, 1_000_001_000n],
  ['nanoseconds', 7n, 9, 0n, 7n],
  ['seconds', 7n, 0, 0n, 7_000_000_000n],
  ['picoseconds are rounded down', 1_999n, 12, 0n, 1n],
  ['2^-10 s', 1_025n, 0x8a, 0n, 1_000_976_562n],
  ['2^-32 s', 0x1_8000_0000n, 0xa0, 0n, 1_500_000_000n],
  ['an offset', 5n, 6, -3n, -2_999_995_000n],
])('%s', ([, units, tsresol, tsoffset, ns]) => {
  expect(unitsToNs(units, tsresol, tsoffset)).toBe(ns);
});
