/** Text and JSON beside what bpftrace prints for the same contents. */
import { describe, expect, test } from 'vitest';
import { askBpftrace, noBpftrace } from '../../../test/conformance/bpftrace.ts';
import { histOf, int, type MadeMap, madeMap, text, uint } from '../../../test/fakes/made-maps.ts';
import type { ValueType } from '../plan.ts';
import type { Naming } from './format-value.ts';
import { JsonFormat } from './json-format.ts';
import { bpftraceOrder } from './map-order.ts';
import { TextFormat } from './text-format.ts';
import type { TraceFormat } from './trace-format.ts';

const naming: Naming = { timeOffsetNs: 0n };
const formats: Readonly<Record<'text' | 'json', TraceFormat>> = {
  text: new TextFormat(naming, bpftraceOrder),
  json: new JsonFormat(naming, bpftraceOrder),
};
const signed = { isSigned: true } as const;
const value = (type: ValueType) => ({ kind: 'value', type }) as const;
const lhist = (max: bigint, step: bigint) =>
  ({ kind: 'lhist', min: 0n, max, step, buckets: Number(max / step) + 2 }) as const;
const bytes = (...list: readonly number[]) => Uint8Array.from(list);
const pair: ValueType = { kind: 'tuple', members: [int, text, { kind: 'tuple', members: [int, int] }] };
const buffer: ValueType = { kind: 'buffer', bytes: 16 };
const big = 5_000_000_000n;

/** What a BEGIN probe does, and the map that comes of it. */
const cases: readonly (MadeMap & { readonly code: string })[] = [
  { code: '@=1', name: '@', kind: value(int), entries: [[[], 1n]] },
  { code: '@neg=-5', name: '@neg', kind: value(int), entries: [[[], -5n]] },
  {
    code: '@u=(uint64)0xffffffffffffffff',
    name: '@u',
    kind: value(uint),
    entries: [[[], 0xffff_ffff_ffff_ffffn]],
  },
  { code: '@s="a\\"b\\\\c\\n"', name: '@s', kind: value(text), entries: [[[], 'a"b\\c\n']] },
  { code: '@t=(1,"x",(2,-3))', name: '@t', kind: value(pair), entries: [[[], [1n, 'x', [2n, -3n]]]] },
  {
    code: '@buf=buf("ab~\\x01\\x7f",5)',
    name: '@buf',
    kind: value(buffer),
    entries: [[[], bytes(97, 98, 126, 1, 127)]],
  },
  {
    code: '@ip=ntop(0x0100007f)',
    name: '@ip',
    kind: value({ kind: 'ip' }),
    entries: [[[], bytes(127, 0, 0, 1)]],
  },
  {
    code: '@count=count();@count=count()',
    name: '@count',
    kind: { kind: 'count', isSigned: false },
    entries: [[[], [2n]]],
  },
  {
    code: `@sum=sum(-3);@sum=sum(${big})`,
    name: '@sum',
    kind: { kind: 'sum', ...signed },
    entries: [[[], [big - 3n, 2n]]],
  },
  {
    code: '@avg=avg(-7);@avg=avg(2)',
    name: '@avg',
    kind: { kind: 'avg', ...signed },
    entries: [[[], [-5n, 2n]]],
  },
  {
    code: '@st=stats(3);@st=stats(-10)',
    name: '@st',
    kind: { kind: 'stats', ...signed },
    entries: [[[], [-7n, 2n]]],
  },
  { code: '@min=min(-3)', name: '@min', kind: { kind: 'min', ...signed }, entries: [[[], [-3n, 1n]]] },
  { code: '@max=max(7)', name: '@max', kind: { kind: 'max', ...signed }, entries: [[[], [7n, 1n]]] },
  {
    code: '@k[2]=count();@k[2]=count();@k[300]=count();@k[300]=count();@k[300]=count();@k[1]=count()',
    name: '@k',
    kind: { kind: 'count', isSigned: false },
    keys: [int],
    entries: [
      [[2n], [2n]],
      [[300n], [3n]],
      [[1n], [1n]],
    ],
  },
  {
    code: '@m[1,"foo"]=sum(-1);@m[-2,"b\\"r"]=sum(-2)',
    name: '@m',
    kind: { kind: 'sum', ...signed },
    keys: [int, text],
    entries: [
      [
        [1n, 'foo'],
        [-1n, 1n],
      ],
      [
        [-2n, 'b"r'],
        [-2n, 1n],
      ],
    ],
  },
  {
    code: '@byint[-1]="x";@byint[5]="y";@byint[256]="z"',
    name: '@byint',
    kind: value(text),
    keys: [int],
    entries: [
      [[-1n], 'x'],
      [[256n], 'z'],
      [[5n], 'y'],
    ],
  },
  {
    code: '@bytext["b",1]="1";@bytext["a",2]="2";@bytext["a",1]="3";@bytext["ab",0]="4"',
    name: '@bytext',
    kind: value(text),
    keys: [text, int],
    entries: [
      [['b', 1n], '1'],
      [['ab', 0n], '4'],
      [['a', 2n], '2'],
      [['a', 1n], '3'],
    ],
  },
  {
    code: '@ipkey[ntop(0x0100007f)]=1;@ipkey[ntop(0x0200007f)]=0',
    name: '@ipkey',
    kind: value(int),
    keys: [{ kind: 'ip' }],
    entries: [
      [[bytes(127, 0, 0, 1)], 1n],
      [[bytes(127, 0, 0, 2)], 0n],
    ],
  },
  {
    code: '@ka[1]=avg(5);@ka[256]=avg(5);@ka[3]=avg(1)',
    name: '@ka',
    kind: { kind: 'avg', ...signed },
    keys: [int],
    entries: [
      [[1n], [5n, 1n]],
      [[256n], [5n, 1n]],
      [[3n], [1n, 1n]],
    ],
  },
  {
    code: '@ks["x"]=stats(9);@ks["y"]=stats(4);@ks["y"]=stats(6)',
    name: '@ks',
    kind: { kind: 'stats', ...signed },
    keys: [text],
    entries: [
      [['x'], [9n, 1n]],
      [['y'], [10n, 2n]],
    ],
  },
  {
    code: '@kmin[1]=min(5);@kmin[2]=min(-5)',
    name: '@kmin',
    kind: { kind: 'min', ...signed },
    keys: [int],
    entries: [
      [[1n], [5n, 1n]],
      [[2n], [-5n, 1n]],
    ],
  },
  {
    code: '@h=hist(-1);@h=hist(0);@h=hist(1);@h=hist(5);@h=hist(5);@h=hist(7);@h=hist(1000);@h=hist(1500000)',
    name: '@h',
    kind: { kind: 'hist', bits: 0, buckets: 65 },
    entries: [[[], histOf(-1n, 0n, 1n, 5n, 5n, 7n, 1000n, 1_500_000n)]],
  },
  {
    code: '@kh[7]=hist(2);@kh[7]=hist(3);@kh[256]=hist(1000000000);@kh[1]=hist(9)',
    name: '@kh',
    kind: { kind: 'hist', bits: 0, buckets: 65 },
    keys: [int],
    entries: [
      [[7n], histOf(2n, 3n)],
      [[1n], histOf(9n)],
      [[256n], histOf(1_000_000_000n)],
    ],
  },
  {
    code: '@l=lhist(-5,0,100,25);@l=lhist(5,0,100,25);@l=lhist(50,0,100,25);@l=lhist(50,0,100,25);@l=lhist(200,0,100,25)',
    name: '@l',
    kind: lhist(100n, 25n),
    entries: [[[], [1n, 1n, 0n, 2n, 0n, 1n]]],
  },
  {
    code: '@lk=lhist(1024,0,2097152,524288);@lk=lhist(2000000,0,2097152,524288)',
    name: '@lk',
    kind: lhist(2_097_152n, 524_288n),
    entries: [[[], [0n, 1n, 0n, 0n, 1n, 0n]]],
  },
  {
    code: '@lodd=lhist(5,0,10,3);@lodd=lhist(9,0,10,3)',
    name: '@lodd',
    kind: lhist(10n, 3n),
    entries: [[[], [0n, 0n, 1n, 0n, 1n]]],
  },
];

const byName = (a: MadeMap, b: MadeMap) => (a.name < b.name ? -1 : 1);

describe.skipIf(noBpftrace !== undefined)(
  `as bpftrace prints it${noBpftrace ? ` (${noBpftrace})` : ''}`,
  () => {
    for (const format of ['text', 'json'] as const) {
      test(`maps at the end as ${format}`, () => {
        const script = `BEGIN { ${cases.map(({ code }) => code).join(';')}; exit(); }`;
        const output = formats[format];
        const mine = [...cases]
          .sort(byName)
          .map((made) => output.map(madeMap(made), { top: 0, divisor: 1n }))
          .join('');
        expect(output.attached(1) + output.end() + mine).toBe(askBpftrace(script, format));
      });

      test(`print(map, top, divisor) as ${format}`, () => {
        // bpftrace itself says that it ignores both for stats().
        const printed = cases.filter(({ keys, kind }) => keys !== undefined && kind.kind !== 'value');
        const script = `BEGIN { ${printed
          .map(({ code, name }) => `${code}; print(${name}, 1, 2); print(${name}, 2); clear(${name});`)
          .join('')} exit(); }`;
        const output = formats[format];
        const mine = printed.map((made) => {
          const contents = madeMap(made);
          return (
            output.map(contents, { top: 1, divisor: 2n }) + output.map(contents, { top: 2, divisor: 1n })
          );
        });
        const empty = [...printed]
          .sort(byName)
          .map((made) => output.map({ ...madeMap(made), entries: [] }, { top: 0, divisor: 1n }));
        expect(output.attached(1) + mine.join('') + output.end() + empty.join('')).toBe(
          askBpftrace(script, format),
        );
      });

      test(`zeroed maps as ${format}`, () => {
        const zeroed = cases.filter(({ kind, name }) => kind.kind !== 'value' && name !== '@k');
        const script = `BEGIN { ${zeroed.map(({ code, name }) => `${code}; zero(${name});`).join('')} exit(); }`;
        const output = formats[format];
        const mine = [...zeroed].sort(byName).map((made) => {
          const { plan, entries } = madeMap(made);
          const zeros = entries.map(({ key, value }) => ({ key, value: new Uint8Array(value.length) }));
          return output.map({ plan, entries: zeros }, { top: 0, divisor: 1n });
        });
        // Which of several zeros comes first bpftrace leaves to chance.
        expect(sortedLines(output.attached(1) + output.end() + mine.join(''))).toEqual(
          sortedLines(askBpftrace(script, format)),
        );
      });
    }
  },
);

function sortedLines(output: string): string[] {
  return output
    .split(/\n/)
    .map((line) => (line.startsWith('{') ? [...line].sort().join('') : line))
    .sort();
}
