import { expect, test } from 'vitest';
import type { EventKind } from '../convert/index.ts';
import type { ArgumentType } from '../tracepoints/index.ts';
import { recordedNames, recordedPoints } from './recorded-points.ts';

const integer = (bytes: 1 | 2 | 4 | 8, isSigned: boolean): ArgumentType => ({
  kind: 'integer',
  bytes,
  isSigned,
});

function kind(name: string, fields: Record<string, ArgumentType> = {}, id = 0): EventKind {
  return {
    name,
    id,
    trace: 'here',
    fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
  };
}

const named = (kinds: readonly EventKind[], hasPackets = false) =>
  recordedPoints(kinds, hasPackets).map((point) => [point.name, ...recordedNames(point)]);

test('points of an application have one name, whoever recorded them', () => {
  expect(named([kind('app:fw:drop'), kind('fw:pick'), kind('lttng_ust_statedump:start')])).toEqual([
    ['app:fw:pick', 'fw:pick'],
    ['app:lttng_ust_statedump:start', 'lttng_ust_statedump:start'],
    ['app:fw:drop', 'app:fw:drop'],
  ]);
  expect(named([kind('fw:drop'), kind('app:fw:drop')])).toEqual([['app:fw:drop', 'app:fw:drop']]);
});

test('what is neither of DPDK nor of an application is no point', () => {
  expect(
    named([kind('sched_switch'), kind('dpdk:other'), kind('a:b:c'), kind('lib.eal.thread.remote')]),
  ).toEqual([]);
});

test('packets of captures hit points that no events were recorded at', () => {
  const ofPackets = ['dpdk:rx_packet', 'dpdk:tx_packet'];
  expect(named([], true).map(([name]) => name)).toEqual(ofPackets);
  expect(named([kind('dpdk:rx_packet')], true).map(([name]) => name)).toEqual(['dpdk:rx_packet']);
});

test('arguments hold the values of all kinds of the event', () => {
  const kinds = [
    kind('fw:drop', { code: integer(2, false), why: integer(4, false) }),
    kind('fw:drop', { code: integer(4, true), why: { kind: 'text', bytes: 64 } }, 1),
  ];
  const [point] = recordedPoints(kinds, false);
  expect(point!.arguments.map(({ name, type }) => [name, type])).toEqual([
    ['code', integer(4, true)],
    ['why', { kind: 'text', bytes: 64 }],
  ]);
});
