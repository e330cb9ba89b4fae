/** Scripts with hits, and what their maps hold and their events say behind them. */
import type { Hit } from './run-script.fixture.ts';

export interface ScriptCase {
  readonly script: string;
  readonly hits: readonly Hit[];
  readonly maps: Readonly<Record<string, Readonly<Record<string, readonly (number | bigint)[]>>>>;
  /** Events as hexadecimal text. */
  readonly events?: readonly string[];
}

export const app = (body: string, predicate = ''): string => `app:test:point ${predicate} { ${body} }`;
const of = (...hits: readonly Readonly<Record<string, number | bigint | string>>[]): Hit[] =>
  hits.map((args, i) => ({
    args: Object.fromEntries(
      Object.entries(args).map(([name, value]) => [name, typeof value === 'number' ? BigInt(value) : value]),
    ),
    timeNs: BigInt(1000 + i),
  }));
const u64 = (value: number): bigint => BigInt.asUintN(64, BigInt(value));

/** The buckets of a histogram that are not empty. */
const buckets = (total: number, counts: Readonly<Record<number, number>>): number[] =>
  Array.from({ length: total }, (_, i) => counts[i] ?? 0);

export const scriptCases: readonly ScriptCase[] = [
  { script: app('@ = count();'), hits: of({}, {}, {}), maps: { '@': { '': [3] } } },
  { script: app('@ = sum(args.a);'), hits: of({ a: 5 }, { a: -7 }), maps: { '@': { '': [u64(-2), 2] } } },
  { script: app('@ = avg(args.a);'), hits: of({ a: 5 }, { a: -8 }), maps: { '@': { '': [u64(-3), 2] } } },
  { script: app('@ = stats(args.u);'), hits: of({ u: 5 }, { u: 9 }), maps: { '@': { '': [14, 2] } } },
  {
    script: app('@ = min(args.a);'),
    hits: of({ a: 5 }, { a: -8 }, { a: 3 }),
    maps: { '@': { '': [u64(-8), 3] } },
  },
  { script: app('@ = max(args.a);'), hits: of({ a: -5 }, { a: -8 }), maps: { '@': { '': [u64(-5), 2] } } },
  {
    script: app('@ = max(args.u);'),
    hits: of({ u: 5 }, { u: u64(-8) }),
    maps: { '@': { '': [u64(-8), 2] } },
  },
  {
    script: app('@ = hist(args.a);'),
    hits: of(...[-1, -100, 0, 1, 2, 3, 4, 7, 8, 1023, 1024, 2n ** 62n, 2n ** 63n - 1n].map((a) => ({ a }))),
    maps: { '@': { '': buckets(65, { 0: 2, 1: 1, 2: 1, 3: 2, 4: 2, 5: 1, 11: 1, 12: 1, 64: 2 }) } },
  },
  {
    script: app('@ = hist(args.a, 2);'),
    hits: of(...[-1, 0, 3, 4, 5, 7, 8, 9, 10, 15].map((a) => ({ a }))),
    maps: { '@': { '': buckets(249, { 0: 1, 1: 1, 4: 1, 5: 1, 6: 1, 8: 1, 9: 2, 10: 1, 12: 1 }) } },
  },
  {
    script: app('@ = lhist(args.a, 10, 100, 7);'),
    hits: of(...[-1, 9, 10, 16, 17, 99, 100, 1000].map((a) => ({ a }))),
    maps: { '@': { '': buckets(14, { 0: 2, 1: 2, 2: 1, 13: 3 }) } },
  },
  {
    script: app('@ = lhist(args.c, 0, 256, 16);'),
    hits: of({ c: 0 }, { c: 15 }, { c: 16 }, { c: 255 }),
    maps: { '@': { '': buckets(18, { 1: 2, 2: 1, 16: 1 }) } },
  },
  {
    script: app('@[args.c] = count();'),
    hits: of({ c: 6 }, { c: 17 }, { c: 6 }, { c: 0 }),
    maps: { '@': { 0: [1], 6: [2], 17: [1] } },
  },
  {
    script: app('@[args.w & 7] = sum(args.a);'),
    hits: of({ w: 8, a: 1 }, { w: 15, a: 2 }, { w: 7, a: 4 }),
    maps: { '@': { 0: [1, 1], 7: [6, 2] } },
  },
  {
    script: app('@[args.u, args.a] = count();'),
    hits: of({ u: 1, a: -1 }, { u: 1, a: -1 }, { u: 2, a: 3 }),
    maps: { '@': { '1,-1': [2], '2,3': [1] } },
  },
  {
    script: app('@[args.name] = count();'),
    hits: of({ name: 'one' }, { name: 'two' }, { name: 'one' }),
    maps: { '@': { one: [2], two: [1] } },
  },
  {
    script: app('@[args.other, args.name, comm] = count();'),
    hits: of({ name: 'one', other: 'x' }, { name: 'two', other: '' }),
    maps: { '@': { 'x,one,worker-3': [1], ',two,worker-3': [1] } },
  },
  {
    script: app('@[(args.u, (args.a, "k"))] = count();'),
    hits: of({ u: 1, a: 2 }),
    maps: { '@': { '(1,(2,k))': [1] } },
  },
  {
    script: app('@ = args.a; @t = nsecs;'),
    hits: of({ a: 4 }, { a: 5 }),
    maps: { '@': { '': [1001, 5] }, '@t': { '': [1001, 1001] } },
  },
  { script: app('@ = args.a; @b = @ + 1;'), hits: of({ a: 4 }), maps: { '@b': { '': [1000, 5] } } },
  {
    script: app('@last[args.u] = args.a; @sum[args.u] = sum(@last[args.v]);'),
    hits: of({ u: 1, v: 1, a: 10 }, { u: 2, v: 1, a: 20 }, { u: 3, v: 9, a: 30 }),
    maps: { '@sum': { 1: [10, 1], 2: [10, 1], 3: [0, 1] } },
  },
  {
    script: app(
      'if (has_key(@s[args.u])) { @d = hist(nsecs - @s[args.u]); delete(@s[args.u]); } else { @s[args.u] = nsecs; }',
    ),
    hits: of({ u: 1 }, { u: 2 }, { u: 1 }, { u: 1 }),
    maps: { '@s': { 2: [1001, 1001], 1: [1003, 1003] }, '@d': { '': buckets(65, { 3: 1 }) } },
  },
  {
    script: app('@x[args.c]++; @y = @x[args.c]; @z = @x[args.c]++ + 10;'),
    hits: of({ c: 3 }, { c: 3 }),
    maps: { '@x': { 3: [1001, 4] }, '@y': { '': [1001, 3] }, '@z': { '': [1001, 13] } },
  },
  {
    script: app('$x = args.a; $y = $x * 2; $x += $y; $x++; if ($x > 10) { $y = 100; } @[$x] = sum($y);'),
    hits: of({ a: 1 }, { a: 4 }),
    maps: { '@': { 4: [2, 1], 13: [100, 1] } },
  },
  {
    script: app('$t = (args.a, args.name); @[$t.1] = sum($t.0);'),
    hits: of({ a: 5, name: 'n' }, { a: 6, name: 'n' }),
    maps: { '@': { n: [11, 2] } },
  },
  {
    script: app(
      '$n = args.name; @[$n == "x" ? "is x" : "no"] = count(); if ($n == args.other) { @same = count(); }',
    ),
    hits: of({ name: 'x', other: 'x' }, { name: 'xy', other: 'x' }, { name: '', other: '' }),
    maps: { '@': { 'is x': [1], no: [2] }, '@same': { '': [2] } },
  },
  {
    script: app('@ = count();', '/strncmp(args.name, "abc", 2) == 0 && comm != "other"/'),
    hits: of({ name: 'ab' }, { name: 'abx' }, { name: 'a' }, { name: 'bab' }),
    maps: { '@': { '': [2] } },
  },
  {
    script: app('@ = count();', '/args.a > -5 && !(args.a == 3 || args.u < 7)/'),
    hits: of({ a: -5, u: 9 }, { a: -4, u: 9 }, { a: 3, u: 9 }, { a: 4, u: 6 }, { a: 4, u: u64(-1) }),
    maps: { '@': { '': [2] } },
  },
  {
    script: app('unroll(3) { @ = sum(args.a); } return; @ = sum(1000);'),
    hits: of({ a: 2 }),
    maps: { '@': { '': [6, 3] } },
  },
  {
    script: app('for ($i : -2..3) { $i *= 10; @[$i] = sum(args.a); }'),
    hits: of({ a: 2 }, { a: 3 }),
    maps: { '@': { '-20': [5, 2], '-10': [5, 2], '0': [5, 2], '10': [5, 2], '20': [5, 2] } },
  },
  {
    script: app(
      'for ($i : 0..5) { if ($i == args.a) { continue; } for ($j : 0..9) { if ($j > $i) { break; } @ = sum(10 * $i + $j); } if ($i == 3) { break; } } for ($i : 4..4) { @ = sum(1000); } @n = count();',
    ),
    hits: of({ a: 2 }, { a: 0 }),
    maps: {
      '@': { '': [0 + 10 + 11 + 30 + 31 + 32 + 33 + (10 + 11) + (20 + 21 + 22) + (30 + 31 + 32 + 33), 16] },
      '@n': { '': [2] },
    },
  },
  {
    script: app('for ($i : 0..3) { @ = sum($i + args.a); if ($i == 1) { return; } } @ = sum(1000);'),
    hits: of({ a: 2 }),
    maps: { '@': { '': [5, 2] } },
  },
  {
    script: app('@[tid, lcore, pid] = count(); @e = elapsed;'),
    hits: of({}),
    maps: { '@': { '77,3,4242': [1] }, '@e': { '': [1000, 1000] } },
  },
  {
    script: app('printf("%d %s", args.a, args.name); exit(); @ = count();'),
    hits: of({ a: -2, name: 'hi' }),
    maps: { '@': { '': [0] } },
    events: [`0000000000000000feffffffffffffff${'6869'.padEnd(128, '0')}`, '0100000000000000'],
  },
  {
    script: app('print((args.a, 7)); clear(@); @ = count();'),
    hits: of({ a: 1 }),
    maps: { '@': { '': [1] } },
    events: ['000000000000000001000000000000000700000000000000', '0100000000000000'],
  },
  // So many tests that the agent gives librte_bpf room for them (program_widen.c).
  {
    script: app(
      '@ = count();',
      `/${Array.from({ length: 20 }, (_, i) => `args.c == ${3 * i}`).join(' || ')}/`,
    ),
    hits: of({ c: 0 }, { c: 3 }, { c: 57 }, { c: 1 }, { c: 60 }),
    maps: { '@': { '': [3] } },
  },
  // UDP in an IP packet that ends before its port, twice, and behind it; padding follows each.
  {
    script: 'dpdk:rx_packet { @ports = sum(udp.dstport); @[ip.proto] = count(); }',
    hits: [20, 23, 24, 46].map((total) => ({ packet: udpFrame(total) })),
    maps: { '@ports': { '': [2 * 53, 4] }, '@': { '17': [4] } },
  },
];

/** 60 bytes with a UDP header to port 53. @param total what the IP header says of its packet's length */
function udpFrame(total: number): Uint8Array {
  const ethernet = [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
  const ip = [0x45, 0, 0, total, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
  const frame = new Uint8Array(60);
  frame.set([...ethernet, ...ip, 4, 0, 0, 53, 0, 8, 0, 0]);
  return frame;
}
