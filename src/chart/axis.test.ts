import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linearAxis, logAxis, niceTicks } from './axis.ts';

test.each([
  { low: 0, high: 10, most: 6, ticks: [0, 2, 4, 6, 8, 10] },
  { low: 0, high: 1, most: 6, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] },
  { low: 0, high: 14.9e6, most: 6, ticks: [0, 5e6, 10e6, 15e6] },
  { low: -36, high: 2, most: 6, ticks: [-40, -30, -20, -10, 0, 10] },
  { low: 0, high: 0.3, most: 4, ticks: [0, 0.1, 0.2, 0.3] },
  { low: 0, high: 101, most: 5, ticks: [0, 50, 100, 150] },
  { low: -1, high: 1, most: 3, ticks: [-1, 0, 1] },
])('$low to $high, at most $most', ({ low, high, most, ticks }) => {
  expect(niceTicks(low, high, most)).toEqual(ticks);
});

test('property: ticks are few, one step apart, and enclose what they are for', () => {
  const span = fc.tuple(
    fc.double({ min: -1e12, max: 0, noNaN: true }),
    fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
    fc.integer({ min: 3, max: 12 }),
  );
  fc.assert(
    fc.property(span, ([low, high, most]) => {
      const ticks = niceTicks(low, high, most);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(most);
      const slack = (high - low) * 1e-6;
      expect(ticks[0]!).toBeLessThanOrEqual(low + slack);
      expect(ticks.at(-1)!).toBeGreaterThanOrEqual(high - slack);
      const step = ticks[1]! - ticks[0]!;
      const digit = Number(step.toExponential(5).split('e')[0]);
      expect([1, 2, 5]).toContain(digit);
      for (const [at, tick] of ticks.slice(1).entries()) {
        expect((tick - ticks[at]!) / step).toBeCloseTo(1, 6);
      }
    }),
  );
});

test('an axis of nothing goes from 0 to 1', () => {
  for (const values of [[], [0], [undefined, Number.NaN]]) expect(linearAxis(values, 5).ticks.at(-1)).toBe(1);
});

test('property: larger values lie further, on both kinds of axes', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: 0 }), { minLength: 2 }), (values) => {
      const sorted = values.toSorted((a, b) => a - b);
      for (const axis of [linearAxis(values, 5), logAxis(values)]) {
        const places = sorted.map(axis.place);
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
      }
    }),
  );
});
