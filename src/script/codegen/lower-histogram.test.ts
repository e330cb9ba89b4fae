import { describe, expect, test } from 'vitest';
import { compile, engines, start } from './run-script.fixture.ts';
import { app } from './script-cases.fixture.ts';

/** All values up to 300, and those beside powers of two. */
const values: readonly number[] = [
  ...Array.from({ length: 301 }, (_, n) => n),
  ...Array.from({ length: 16 }, (_, bit) => [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]).flat(),
  65_535,
];

const bucketOf = (n: number): number => (n === 0 ? 1 : Math.floor(Math.log2(n)) + 2);

describe.each([
  ['a byte', '@ = hist(args.c);', 0xff],
  ['two bytes', '@ = hist(args.u & 0xffff);', 0xffff],
  ['three bits', '@ = hist(args.u & 7);', 7],
  ['one bit', '@ = hist(args.u & 1);', 1],
  ['more than two bytes', '@ = hist(args.u & 0x1ffff);', 0x1ffff],
])('small histograms of %s', (_, body, most) => {
  for (const engine of engines) {
    test(`on the engine ${engine.name}`, () => {
      const run = start(compile(app(body)), engine);
      const wanted = Array.from({ length: 65 }, () => 0n);
      for (const n of values) {
        const value = BigInt(n & most);
        run.hit({ args: { c: value, u: BigInt(n) } });
        wanted[bucketOf(Number(value))]!++;
      }
      expect(run.map('@')).toEqual({ '': wanted });
    });
  }
});

test('under keys as well', () => {
  const run = start(compile(app('@[args.a] = hist(args.c);')), engines[1]);
  for (const n of [0, 1, 2, 255]) run.hit({ args: { a: BigInt(n >> 1), c: BigInt(n) } });
  const buckets = (...indices: number[]) =>
    Array.from({ length: 65 }, (_, i) => BigInt(indices.filter((index) => index === i).length));
  expect(run.map('@')).toEqual({ 0: buckets(1, 2), 1: buckets(3), 127: buckets(9) });
});

test('many of them in one program are short ones', () => {
  const script = compile(app('unroll(100) { @ = hist(args.c); }'));
  expect(script.probes[0]!.program.length).toBeLessThan(2500);
  const run = start(script, engines[1]);
  run.hit({ args: { c: 32n } });
  expect(run.map('@')['']![7]).toBe(100n);
});
