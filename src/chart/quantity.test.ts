import { expect, test } from 'vitest';
import { formatQuantity } from './index.ts';

test.each([
  [14_880_952, 'pps', '14.9 Mpps'],
  [0, 'pps', '0 pps'],
  [320, 'ns', '320 ns'],
  [1_500_000, 'ns', '1.50 ms'],
  [999_960, '', '1.00 M'],
  [31.95, 'packets', '31.9 packets'],
  [-36.2, '%', '-36.2 %'],
  [0.00012, '', '0.00012'],
  [1e20, 'bit/s', '100000000 Tbit/s'],
  [Number.NaN, 'pps', 'not known'],
  [undefined, 'pps', 'not known'],
])('%s %s', (value, unit, text) => {
  expect(formatQuantity(value, unit)).toBe(text);
});
