import { expect, test } from 'vitest';
import type { RecordingPlan } from '../record/index.ts';
import { formatBytes, formatResult } from './record-report.ts';

const plan = {
  events: [],
  request: {},
  attachments: [
    { name: 'dpdk:rx_burst:0', recordedAs: 'lib.ethdev.rx.burst.nonempty', event: 0 },
    { name: 'app:x:drop', recordedAs: 'app:x:drop', event: undefined },
  ],
} as unknown as RecordingPlan;

test('hits, what matched, the price, and what was recorded', () => {
  const text = formatResult(
    plan,
    {
      ...{ end: 'stopped', error: undefined, lostEvents: 3n, unplacedHits: 0n, threads: 2, elapsedMs: 1000 },
      costs: [
        { hits: 1_000_000n, matched: 500n, sampledHits: 10n, sampledNs: 123n },
        { hits: 7n, matched: 1n, sampledHits: 0n, sampledNs: 0n },
      ],
    },
    'recorded',
  );
  expect(text).toBe(`\
trace point      event                            hits  matched  ns a hit  of the threads
dpdk:rx_burst:0  lib.ethdev.rx.burst.nonempty  1000000      500      12.3          0.61 %
app:x:drop       (snapshot)                          7        1
Events recorded: 497, discarded: 3
`);
});

test('sizes', () => {
  expect([0, 999, 1000, 34_567, 1_234_567, 9e9, 5e15].map(formatBytes)).toEqual([
    '0 bytes',
    '999 bytes',
    '1.0 kB',
    '34.6 kB',
    '1.2 MB',
    '9.0 GB',
    '5000.0 TB',
  ]);
});
