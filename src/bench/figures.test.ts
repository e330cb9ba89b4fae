import { expect, test } from 'vitest';
import { figuresOf, noisePercent, spreadOf } from './figures.ts';
import { madeResult } from './result.fixture.ts';
import type { Turn } from './result.ts';

const row = (...turns: readonly Turn[]) => ({ id: 'x', tool: 'x', task: 'x', turns });

test.each([
  [[], undefined],
  [[3], { median: 3, low: 3, high: 3 }],
  [[5, 1, 3], { median: 3, low: 1, high: 5 }],
  [[4, 1, 3, 2], { median: 2.5, low: 1, high: 4 }],
])('spread of %j', (values, spread) => {
  expect(spreadOf(values)).toEqual(spread);
});

test('a rate is held against the mean of those before and after it', () => {
  // 10 Mpps before, 30 after: 20. At 10 a packet takes 100 ns, at 20 it takes 50.
  const figures = figuresOf(row({ beforePps: 10e6, withPps: 10e6, afterPps: 30e6 }), 0);
  expect(figures.lossPercent?.median).toBeCloseTo(50);
  expect(figures.nsPerPacket?.median).toBeCloseTo(50);
  expect(figures.forwardedPps?.median).toBe(10e6);
});

test('what stays is held against the rate before it alone', () => {
  const figures = figuresOf(row({ beforePps: 20e6, withPps: 16e6 }), 0);
  expect(figures.lossPercent?.median).toBeCloseTo(20);
  expect(figures.nsPerPacket?.median).toBeCloseTo(12.5);
});

test('rounds: the median, the lowest, the highest; drops of all', () => {
  const turns = [10, 20, 40].map((loss, n) => ({
    beforePps: 100,
    withPps: 100 - loss,
    afterPps: 100,
    dropped: n,
    recordedPps: 7 * n,
  }));
  const figures = figuresOf(row(...turns), 0);
  expect(figures.lossPercent?.median).toBeCloseTo(20);
  expect([figures.lossPercent?.low, figures.lossPercent?.high].map((one) => Math.round(one!))).toEqual([
    10, 40,
  ]);
  expect(figures.dropped).toBe(3);
  expect(figures.recordedPps?.median).toBe(7);
  expect(figures.nsPerHit).toBeUndefined();
});

test('nine of ten pairs of equal rates differ by less than the noise', () => {
  const pairs = Array.from({ length: 10 }, (_, n) => ({
    beforePps: 1000 - 5 * n,
    withPps: 1,
    afterPps: 1000 + 5 * n,
  }));
  // The ninth of them: 1040 and 960.
  expect(noisePercent(madeResult({ turns: pairs }))).toBeCloseTo(8);
});

test('what stays says nothing about the noise, and three pairs too little', () => {
  const pair = { beforePps: 1000, withPps: 1, afterPps: 1100 };
  expect(
    noisePercent(madeResult({ turns: [pair, pair, pair, { beforePps: 1, withPps: 9 }] })),
  ).toBeUndefined();
});

test.each([
  [4, true],
  [-4, true],
  [5.1, false],
  [-5.1, false],
])('a loss of %f %% where the noise is 5 %%', (loss, isNoise) => {
  const turn = { beforePps: 100, withPps: 100 - loss, afterPps: 100 };
  expect(figuresOf(row(turn), 5).isNoise).toBe(isNoise);
});

test('a row without turns has no figures, and is no noise', () => {
  expect(figuresOf(row(), 5)).toEqual({ isNoise: false });
});
