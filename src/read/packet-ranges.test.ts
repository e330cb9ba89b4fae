import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { PacketRangeCursor, parsePacketRanges } from './packet-ranges.ts';

const cases: readonly [string, [number, number][]][] = [
  ['7', [[7, 7]]],
  ['1-100', [[1, 100]]],
  ['300-', [[300, Number.POSITIVE_INFINITY]]],
  ['-5', [[1, 5]]],
  [
    '9,1-3, 4',
    [
      [1, 4],
      [9, 9],
    ],
  ],
  ['5-,7', [[5, Number.POSITIVE_INFINITY]]],
];
test.for(cases)('%s', ([text, expected]) => {
  expect(parsePacketRanges(text)).toEqual(expected.map(([first, last]) => ({ first, last })));
});

test.for(['', '-', '0', '3-2', 'x', '1,,2', '1-2-3'])('refuses "%s"', (text) => {
  expect(() => parsePacketRanges(text)).toThrow(UsageError);
});

test('property: the cursor says what the ranges say', () => {
  const ranges = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(9)), {
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(ranges, (pairs) => {
      const spans = pairs.map(([first, more]) => [first, first + more] as const);
      const cursor = new PacketRangeCursor(parsePacketRanges(spans.map((span) => span.join('-')).join(',')));
      for (let number = 1; number < 80; number++) {
        expect(cursor.includes(number)).toBe(
          spans.some(([first, last]) => first <= number && number <= last),
        );
        expect(cursor.isPast(number)).toBe(spans.every(([, last]) => last < number));
      }
    }),
  );
});
