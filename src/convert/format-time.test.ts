import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatMicroseconds, formatSeconds } from './format-time.ts';

test('seconds have nine digits behind the point, whatever came before', () => {
  const time = fc.bigInt({ min: -(1n << 63n), max: 1n << 63n });
  fc.assert(
    fc.property(fc.array(time), (times) => {
      for (const ns of times) {
        const digits = (ns < 0n ? -ns : ns).toString().padStart(10, '0');
        expect(formatSeconds(ns)).toBe(`${ns < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`);
      }
    }),
  );
});

test.each([
  [1_234_567n, '1234.567'],
  [0n, '0.000'],
  [-1n, '-0.001'],
  [-1_002n, '-1.002'],
  [10n ** 15n + 1n, '1000000000000.001'],
])('%s ns are %s us', (ns, want) => {
  expect(formatMicroseconds(7n + ns, 7n)).toBe(want);
});
