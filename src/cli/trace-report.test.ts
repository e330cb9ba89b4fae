import { expect, test } from 'vitest';
import { formatCosts, formatLosses } from './trace-report.ts';

test('prices', () => {
  const costs = [
    { probe: 'dpdk:rx_burst', hits: 2_000_000n, nsPerHit: 5.04 },
    { probe: 'dpdk:rx_packet:1', hits: 3n, nsPerHit: undefined },
  ];
  expect(formatCosts(costs, 2e9)).toBe(
    'probe                hits  ns a hit  of the threads\n' +
      'dpdk:rx_burst     2000000       5.0          0.50 %\n' +
      'dpdk:rx_packet:1        3\n',
  );
});

test('losses', () => {
  expect(formatLosses({ events: 0n, withoutRoom: [], unplacedHits: 0n })).toEqual([]);
  expect(formatLosses({ events: 3n, withoutRoom: [{ map: '@x', updates: 7n }], unplacedHits: 2n })).toEqual([
    '@x: 7 updates found no room for their key',
    '3 events were lost: more came than could be printed',
    '2 hits in threads that had no place were not counted',
  ]);
});
