import { expect, test } from 'vitest';
import { histOf, int, madeMap, text } from '../../../test/fakes/made-maps.ts';
import { bpftraceOrder } from './map-order.ts';
import { PrometheusFormat } from './prometheus-format.ts';

const all = { top: 0, divisor: 1n };

function print(...maps: readonly Parameters<typeof madeMap>[0][]): string {
  const format = new PrometheusFormat({ timeOffsetNs: 0n }, bpftraceOrder);
  return maps.map((map) => format.map(madeMap(map), all)).join('');
}

test('counters, gauges and labels', () => {
  expect(
    print(
      {
        name: '@rx',
        kind: { kind: 'count', isSigned: false },
        keys: [int, text],
        entries: [
          [[2n, 'a"b\\c\n'], [7n]],
          [[1n, ''], [5n]],
        ],
      },
      { name: '@bytes_total', kind: { kind: 'sum', isSigned: false }, entries: [[[], [2n ** 63n, 1n]]] },
      { name: '@s', kind: { kind: 'sum', isSigned: true }, keys: [int], entries: [[[3n], [-4n, 1n]]] },
      { name: '@a', kind: { kind: 'avg', isSigned: true }, entries: [[[], [9n, 2n]]] },
      { name: '@st', kind: { kind: 'stats', isSigned: true }, entries: [[[], [9n, 2n]]] },
      { name: '@v', kind: { kind: 'value', type: text }, entries: [[[], 'up']] },
      { name: '@', kind: { kind: 'value', type: int }, entries: [[[], -1n]] },
      { name: '@value', kind: { kind: 'max', isSigned: true }, entries: [[[], [3n, 1n]]] },
      { name: '@none', kind: { kind: 'max', isSigned: true }, entries: [] },
    ),
  ).toBe(`# TYPE hone_rx_total counter
hone_rx_total{key1="1",key2=""} 5
hone_rx_total{key1="2",key2="a\\"b\\\\c\\n"} 7
# TYPE hone_bytes_total counter
hone_bytes_total 9223372036854775808
# TYPE hone_s gauge
hone_s{key="3"} -4
# TYPE hone_a gauge
hone_a 4
# TYPE hone_st summary
hone_st_sum 9
hone_st_count 2
# TYPE hone_v gauge
hone_v{value="up"} 1
# TYPE hone_value gauge
hone_value -1
# TYPE hone_value_2 gauge
hone_value_2 3
`);
});

test('histograms count up to exact bounds', () => {
  expect(
    print(
      { name: '@h', kind: { kind: 'hist', bits: 0, buckets: 65 }, entries: [[[], histOf(0n, 2n, 3n, 4n)]] },
      { name: '@n', kind: { kind: 'hist', bits: 0, buckets: 65 }, entries: [[[], histOf(-1n, 1n)]] },
      {
        name: '@l',
        kind: { kind: 'lhist', min: -4n, max: 4n, step: 4n, buckets: 4 },
        keys: [int],
        entries: [[[9n], [1n, 0n, 2n, 3n]]],
      },
    ),
  ).toBe(`# TYPE hone_h histogram
hone_h_bucket{le="0"} 1
hone_h_bucket{le="1"} 1
hone_h_bucket{le="3"} 3
hone_h_bucket{le="7"} 4
hone_h_bucket{le="+Inf"} 4
hone_h_count 4
# TYPE hone_n histogram
hone_n_bucket{le="-1"} 1
hone_n_bucket{le="0"} 1
hone_n_bucket{le="1"} 2
hone_n_bucket{le="+Inf"} 2
hone_n_count 2
# TYPE hone_l histogram
hone_l_bucket{key="9",le="-5"} 1
hone_l_bucket{key="9",le="-1"} 1
hone_l_bucket{key="9",le="3"} 3
hone_l_bucket{key="9",le="+Inf"} 6
hone_l_count{key="9"} 6
`);
});
