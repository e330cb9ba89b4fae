import { expect, test } from 'vitest';
import { histOf, int, type MadeMap, madeMap, text } from '../../../test/fakes/made-maps.ts';
import { bpftraceOrder, type MapOrder } from './map-order.ts';
import { TextFormat } from './text-format.ts';

function names(map: MadeMap, order: Partial<MapOrder>, top = 0): string[] {
  const format = new TextFormat({ timeOffsetNs: 0n }, { ...bpftraceOrder, ...order });
  const printed = format.map(madeMap(map), { top, divisor: 1n });
  return [...printed.matchAll(/\[(.*)\]:/g)].map(([, key]) => key!);
}

const counts: MadeMap = {
  name: '@',
  kind: { kind: 'sum', isSigned: true },
  keys: [int],
  entries: [
    [[10n], [-3n, 1n]],
    [[-9n], [5n, 1n]],
    [[2n], [1n, 1n]],
    [[11n], [1n, 1n]],
  ],
};

for (const [order, want] of [
  [{}, '10 2 11 -9'],
  [{ sort: 'value', isDescending: true }, '-9 11 2 10'],
  [{ sort: 'key' }, '-9 2 10 11'],
  [{ sort: 'key', isDescending: true }, '11 10 2 -9'],
  [{ sort: 'name' }, '-9 10 11 2'],
  [{ top: 2 }, '11 -9'],
  [{ top: 3, sort: 'key' }, '-9 2 11'],
] as const) {
  test(`${JSON.stringify(order)}`, () => {
    expect(names(counts, order)).toEqual(want.split(' '));
  });
}

test('the top of print() and the top that was asked for', () => {
  expect(names(counts, {}, 3)).toEqual(['2', '11', '-9']);
  expect(names(counts, { top: 1 }, 3)).toEqual(['-9']);
});

test('histograms by all they counted, text by itself', () => {
  const hist: MadeMap = {
    name: '@',
    kind: { kind: 'hist', bits: 0, buckets: 65 },
    keys: [text],
    entries: [
      [['many'], histOf(1n, 2n, 3n)],
      [['few'], histOf(9n)],
    ],
  };
  expect(names(hist, {})).toEqual(['few', 'many']);
  const texts: MadeMap = {
    name: '@',
    kind: { kind: 'value', type: text },
    keys: [int],
    entries: [
      [[1n], 'b'],
      [[2n], 'a'],
    ],
  };
  expect(names(texts, {})).toEqual(['1', '2']);
  expect(names(texts, { sort: 'value' })).toEqual(['2', '1']);
});
