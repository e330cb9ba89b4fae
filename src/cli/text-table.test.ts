import { expect, test } from 'vitest';
import type { PortInfo } from '../target/index.ts';
import { portCells, portHeads, portJson } from './port-table.ts';
import { formatTable } from './text-table.ts';

const port: PortInfo = {
  portId: 1,
  name: 'net_null0',
  driver: 'net_null',
  firmware: '',
  mac: Uint8Array.of(2, 0, 0, 0, 0, 0xab),
  up: true,
  promiscuous: true,
  speedMbps: 2500,
  mtu: 1500,
  numaNode: -1,
  rxQueues: 4,
  txQueues: 2,
  counters: {
    ipackets: 2n ** 60n,
    opackets: 7n,
    ibytes: 0n,
    obytes: 0n,
    imissed: 3n,
    ierrors: 1n,
    oerrors: 2n,
    rxNombuf: 4n,
  },
};

test('columns are as wide as their widest cell, and lines end without blanks', () => {
  const heads = [
    { title: 'N', align: 'right' },
    { title: 'NAME', align: 'left' },
    { title: 'X', align: 'left' },
  ] as const;
  const rows = [
    ['10', 'a', 'last'],
    ['1', 'longer', ''],
  ];
  expect(formatTable(heads, rows)).toBe(' N  NAME    X\n10  a       last\n 1  longer\n');
  expect(formatTable(heads, [])).toBe('N  NAME  X\n');
});

test('a port as a row', () => {
  expect(portCells(port)).toEqual([
    '1',
    'net_null0',
    'net_null',
    '02:00:00:00:00:ab',
    '2.5G',
    '4/2',
    '1152921504606846976',
    '7',
    '3',
    '7',
  ]);
  expect(portCells(port)).toHaveLength(portHeads.length);
});

test.each([
  [{ up: false }, 'down'],
  [{ speedMbps: undefined }, 'up'],
  [{ speedMbps: 0 }, 'up'],
  [{ speedMbps: 100 }, '100M'],
  [{ speedMbps: 400_000 }, '400G'],
])('the link of %j is %s', (change, link) => {
  expect(portCells({ ...port, ...change })[4]).toBe(link);
});

test('a port without counters has none, rather than zeros', () => {
  expect(portCells({ ...port, counters: undefined }).slice(6)).toEqual(['-', '-', '-', '-']);
  expect(portJson({ ...port, counters: undefined, speedMbps: undefined })).toMatchObject({
    counters: null,
    speedMbps: null,
  });
});

test('JSON keeps every digit of a counter', () => {
  const json = JSON.parse(JSON.stringify(portJson(port)));
  expect(json).toMatchObject({ portId: 1, mac: '02:00:00:00:00:ab', rxQueues: 4 });
  expect(json.counters).toMatchObject({ ipackets: '1152921504606846976', opackets: 7 });
});
