import { expect, test } from 'vitest';
import { takeSnapshot } from '../watch/index.ts';
import { port, queue, reading, twoReadings } from '../watch/snapshot.fixture.ts';
import { formatScreen, type Room, shownRows } from './screen.ts';
import { firstView, press, type View } from './view.ts';

const ROOM: Room = { columns: 200, rows: 24, isStyled: false, hasKeys: false, cyclesPerNs: 2 };
const { before, now } = twoReadings();
const snapshot = takeSnapshot([now], [before], Date.UTC(2026, 0, 1));

const lines = (view: Partial<View>, room: Partial<Room> = {}, of = snapshot) =>
  formatScreen(of, { ...firstView, ...view }, [], { ...ROOM, ...room });

test('the whole table', () => {
  expect(lines({}).slice(1)).toEqual([
    '                     RX PPS   TX PPS  RX BIT/S  TX BIT/S  RX BURST  TX BURST  EMPTY %   BUSY %  CYC/PKT   MISSED   ERRORS  NO MBUF  REFUSED  DROPPED',
    'dpdk-testpmd 4711     1.00k        0      512k         0        32         4       75       75       40       10        0        0        5        3',
    '  port 0 net_null0    1.00k        0      512k         0        32         4       75        -        -       10        0        0        5        3',
    '  lcore 1               160       10         -         -        32         4       75       75       40        -        -        -        -        -',
  ]);
  expect(lines({})[0]).toMatch(/^hone top {2}\d\d:\d\d:\d\d {2}1 application, over 2\.0 s$/);
});

test('without the rate of the counter a packet costs nanoseconds', () => {
  const [, heads, application] = lines({}, { cyclesPerNs: undefined });
  expect(heads).toContain('NS/PKT');
  expect(application).toMatch(/ 20 {2}/);
});

for (const columns of [1, 5, 20, 40, 60, 80, 120, 200]) {
  for (const rows of [1, 2, 3, 5, 24]) {
    test(`fits ${columns} by ${rows}`, () => {
      for (const view of [
        firstView,
        { ...firstView, port: { pid: 4711, portId: 0 } },
        { ...firstView, showsHelp: true },
      ]) {
        const shown = formatScreen(snapshot, view, ['a note that is long enough to be cut somewhere'], {
          ...ROOM,
          columns,
          rows,
          hasKeys: true,
        });
        expect(shown.length).toBeLessThanOrEqual(rows);
        for (const line of shown) expect([...line].length).toBeLessThanOrEqual(columns);
      }
    });
  }
}

test('narrow terminals keep rates and utilisation', () => {
  const heads = lines({}, { columns: 64 })[1]!;
  expect(heads.trim().split(/ {2,}/)).toEqual(['RX PPS', 'TX PPS', 'EMPTY %', 'BUSY %', 'MISSED']);
});

test('styles are of nothing but colours and weights, and losses stand out', () => {
  const styled = lines({}, { isStyled: true });
  const plain = lines({});
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a style begins with.
  expect(styled.map((line) => line.replace(/\x1b\[[\d;]*m/g, ''))).toEqual(plain);
  expect(styled[3]).toContain('\x1b[1;31m       10\x1b[0m');
});

test('names of applications cannot write to the terminal', () => {
  const evil = { ...port(0, {}), name: 'a\x1b[2Jb\n' };
  const one = takeSnapshot([{ ...now, ports: [evil] }], [{ ...before, ports: [evil] }], 0);
  expect(lines({}, {}, one).join('\n')).not.toContain('\x1b');
});

const other = reading({ pid: 5, label: 'l3fwd 5', name: 'l3fwd', ports: [port(1, { ipackets: 9000n })] });
const two = takeSnapshot(
  [now, { ...other, timeMs: 3000, ports: [port(1, { ipackets: 90_000n })] }],
  [before, { ...other, timeMs: 1000 }],
  0,
);
const labels = (view: Partial<View>) =>
  shownRows(two, { ...firstView, ...view }, ROOM).map(({ label }) => label);

for (const [what, view, want] of [
  [
    'in the order of numbers',
    {},
    ['dpdk-testpmd 4711', 'port 0 net_null0', 'lcore 1', 'l3fwd 5', 'port 1 net_null1'],
  ],
  [
    'the largest first',
    { sort: 'rxPps' },
    ['l3fwd 5', 'port 1 net_null1', 'dpdk-testpmd 4711', 'port 0 net_null0', 'lcore 1'],
  ],
  [
    'the smallest first',
    { sort: 'rxPps', isReversed: true },
    ['dpdk-testpmd 4711', 'port 0 net_null0', 'lcore 1', 'l3fwd 5', 'port 1 net_null1'],
  ],
  [
    'unknown ones last',
    { sort: 'busyShare', isReversed: true },
    ['dpdk-testpmd 4711', 'port 0 net_null0', 'lcore 1', 'l3fwd 5', 'port 1 net_null1'],
  ],
  ['a port and what it belongs to', { filter: 'NULL1' }, ['l3fwd 5', 'port 1 net_null1']],
  [
    'an application and all of it',
    { filter: 'testpmd' },
    ['dpdk-testpmd 4711', 'port 0 net_null0', 'lcore 1'],
  ],
] as const) {
  test(`rows: ${what}`, () => expect(labels(view)).toEqual(want));
}

test('a port looked into shows its histograms', () => {
  const text = lines({ port: { pid: 4711, portId: 0 } }, { columns: 80 }).slice(1, -1);
  expect(text).toEqual([
    'dpdk-testpmd 4711, port 0 net_null0, net_null, 10000 Mbit/s',
    'in  1.00k packets/s, 512k bit/s; lost a second: 10 missed, 0 errors, 0 no mbuf',
    'out 0 packets/s, 0 bit/s; lost a second: 5 refused, 0 errors',
    '',
    'queue 0, lcore 1',
    'polls by packets received:',
    `[0]             30 |${'@'.repeat(52)}|`,
    `[1]              0 |${' '.repeat(52)}|`,
    `[2, 4)           0 |${' '.repeat(52)}|`,
    `[4, 8)           0 |${' '.repeat(52)}|`,
    `[8, 16)          0 |${' '.repeat(52)}|`,
    `[16, 32)         0 |${' '.repeat(52)}|`,
    `[32, 64)        10 |${'@'.repeat(17).padEnd(52)}|`,
    '75 % of them empty',
    'bursts by packets sent:',
  ]);
  expect(lines({ port: { pid: 4711, portId: 9 } })[1]).toBe('this port is not there any more');
});

test('queues are shown where there are several, with who polls them', () => {
  const queues = [queue(0, 'in', { 32: 10 }), queue(0, 'in', { 8: 30 }, { queueId: 1 })];
  const many = takeSnapshot([{ ...now, recent: { ...now.recent, queues } }], [before], 0);
  const rows = shownRows(many, firstView, ROOM).map(({ label, rates }) => [label, rates.rxPps]);
  expect(rows).toEqual([
    ['dpdk-testpmd 4711', 1000],
    ['port 0 net_null0', 1000],
    ['queue 0 lcore 1', 160],
    ['queue 1 lcore 1', 120],
    ['lcore 1', 280],
  ]);
});

const SHOWN = {
  columns: ['rxPps', 'txPps'],
  rows: [
    { id: 'a', pid: 1, portId: undefined },
    { id: 'b', pid: 1, portId: 3 },
  ],
};
const keys = (...pressed: string[]) => pressed.reduce((view, key) => press(view, key, SHOWN), firstView);

for (const [pressed, want] of [
  [['q'], { isOver: true }],
  [['ctrl-c'], { isOver: true }],
  [['s'], { sort: 'rxPps' }],
  [['s', 's'], { sort: 'txPps' }],
  [['s', 's', 's'], { sort: undefined }],
  [['S'], { sort: 'txPps' }],
  [['r'], { isReversed: true }],
  [['f'], { isFrozen: true }],
  [['f', ' '], { isFrozen: false }],
  [['/', 'q', 'x', 'backspace', 'enter'], { filter: 'q', typing: undefined, isOver: false }],
  [['/', 'q', 'escape'], { filter: '', typing: undefined }],
  [['/', 'q', 'ctrl-c'], { isOver: true }],
  [['enter'], { port: undefined }],
  [['down', 'enter'], { selected: 'b', port: { pid: 1, portId: 3 } }],
  [['down', 'down', 'up'], { selected: 'a' }],
  [['j', 'enter', 'escape'], { port: undefined }],
  [['h', 'b'], { showsHelp: false }],
  [['?'], { showsHelp: true }],
  [['x'], firstView],
] as const) {
  test(`keys ${pressed.join(' ')}`, () => expect(keys(...pressed)).toMatchObject(want));
}
