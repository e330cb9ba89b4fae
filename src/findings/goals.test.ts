import { expect, test } from 'vitest';
import { evaluateGoals } from './evaluate-goals.ts';
import { healthy, lcore, port } from './observation.fixture.ts';
import { parseGoals } from './parse-goals.ts';

test('goals as users write them', () => {
  expect(parseGoals('drop=0, pps>=5M,util < 80%')).toEqual([
    { text: 'drop=0', metric: 'drop', relation: '=', value: 0, isShare: false },
    { text: 'pps>=5M', metric: 'pps', relation: '>=', value: 5e6, isShare: false },
    { text: 'util < 80%', metric: 'util', relation: '<', value: 0.8, isShare: true },
  ]);
  expect(parseGoals('drop<=0.5%, bps>1.5G').map(({ value }) => value)).toEqual([0.005, 1.5e9]);
});

test.each([
  ['', "got '', expected METRIC"],
  ['drop', "got 'drop', expected METRIC"],
  ['drop=0,', "got '', expected METRIC"],
  ['drops=0', 'no metric drops, did you mean drop?'],
  ['latency<5', 'no metric latency, expected drop, pps, bps, util'],
  ['util<80', 'got util 80, expected a share as 80%'],
  ['pps>5%', 'got pps 5%, expected packets a second, as 5M'],
  ['pps>5X', 'got pps 5X, expected packets a second'],
  ['drop<1k%', 'got drop 1k%, expected packets a second, as 0'],
])('%s is refused', (text, message) => {
  expect(() => parseGoals(text)).toThrow(message);
});

test.each([
  ['drop=0', {}, 0, true],
  ['drop=0', { ports: [port({ missed: 50 })] }, 5, false],
  ['drop<1%', { ports: [port({ missed: 50, noMbuf: 50 })] }, 100 / 1_000_100, true],
  ['drop=0', { drops: [{ portId: 0, reason: 'ttl', packets: 30, countedSeconds: 3 }] }, 10, false],
  [
    'drop=0',
    { ports: [port({ missed: undefined, rxErrors: undefined, noMbuf: undefined, txErrors: undefined })] },
    undefined,
    undefined,
  ],
  // Refused, and nobody says whether it was dropped then.
  ['drop=0', { ports: [port({ refused: 1 })], drops: undefined }, undefined, undefined],
  // Refused, offered again: an application that says what it drops has dropped nothing.
  ['drop=0', { ports: [port({ refused: 1 })], drops: [] }, 0, true],
  ['pps>=100k', {}, 100_000, true],
  ['pps>100k', {}, 100_000, false],
  ['bps<=51.2M', {}, 51.2e6, true],
  ['bps<51.2M', { ports: [port({ rxBytes: undefined })] }, undefined, undefined],
  ['util<80%', { lcores: [lcore(50), lcore(80)] }, 0.8, false],
  ['util<80%', { lcores: [] }, undefined, undefined],
] as const)('%s of %j', (text, more, measured, isMet) => {
  expect(evaluateGoals(parseGoals(text), healthy(more))).toMatchObject([{ measured, isMet }]);
});
