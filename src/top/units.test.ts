import { expect, test } from 'vitest';
import { formatRate, formatShare } from './units.ts';

for (const [value, want] of [
  [undefined, '-'],
  [Number.NaN, '-'],
  [0, '0'],
  [0.5, '0.5'],
  [7, '7'],
  [31.96, '32'],
  [950, '950'],
  [999.4, '999'],
  [999.6, '1.00k'],
  [1234, '1.23k'],
  [24_200_000, '24.2M'],
  [999_600_000, '1.00G'],
] as const) {
  test(`${value} is ${want}`, () => expect(formatRate(value)).toBe(want));
}

for (const [share, want] of [
  [undefined, '-'],
  [0, '0'],
  [0.00004, '<0.1'],
  [0.123, '12.3'],
  [0.9999, '99.9'],
  [1, '100'],
] as const) {
  test(`a share of ${share} is ${want}`, () => expect(formatShare(share)).toBe(want));
}
