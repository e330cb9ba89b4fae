import { describe, expect, test } from 'vitest';
import { askBpftrace, noBpftrace } from '../../../test/conformance/bpftrace.ts';
import { encodeValue, int, type Made, text } from '../../../test/fakes/made-maps.ts';
import { type EventField, type ValueType, valueBytes } from '../plan.ts';
import { formatPrintf, parseFormat } from './printf.ts';

function print(format: string, types: readonly ValueType[], values: readonly Made[]): string {
  let offset = 8;
  const fields: EventField[] = [];
  const record = new Uint8Array(8 + types.reduce((sum, type) => sum + valueBytes(type), 0));
  for (const [n, type] of types.entries()) {
    fields.push({ type, offset });
    record.set(encodeValue(type, values[n]!), offset);
    offset += valueBytes(type);
  }
  return formatPrintf(parseFormat(format), fields, record, { timeOffsetNs: 0n });
}

/** Literals that bpftrace and we take the same way. */
const cases: readonly (readonly [format: string, ...values: readonly (bigint | string)[]])[] = [
  ['[%d] [%u] [%x] [%X]', -5n, -5n, 255n, 255n],
  ['[%5d] [%-5d] [%05d] [%.3d] [%8.3d]', 42n, 42n, 42n, 42n, 7n],
  ['[%lld] [%ld] [%hhd] [%hd] [%llx] [%lu]', -1n, -1n, -1n, 70_000n, -1n, -1n],
  ['[%hhx] [%hx] [%hhu] [%zd] [%jd] [%td]', -1n, -1n, 300n, -9n, -9n, -9n],
  ['[%lld] [%llu] [%20lld] [%-20lld]', 5_000_000_000n, 5_000_000_000n, -5n, -5n],
  ['[%x] [%u] [%08x] [%8X]', -3n, -3n, 255n, 255n],
  ['[%c] [%5c] [%-5c]', 65n, 66n, 67n],
  ['[%p] [%p] [%p] [%15p]', 4096n, 0n, -1n, 255n],
  ['[%s] [%10s] [%-10s] [%.2s] [%5.1s]', 'abc', 'abc', 'abc', 'abc', 'xyz'],
  ['[%5s] [%-6s] [%s]', 'é', 'é', 'a b'],
  ['nothing at all, 100 %, %', ...[]],
];

const literal = (value: bigint | string): string =>
  typeof value === 'string' ? `"${value}"` : String(value);

test.skipIf(noBpftrace !== undefined)(
  `lines as bpftrace prints them${noBpftrace ? ` (${noBpftrace})` : ''}`,
  () => {
    const calls = cases.map(([format, ...values]) => {
      return `printf(${[`"${format}\\n"`, ...values.map(literal)].join(', ')});`;
    });
    const mine = cases.map(([format, ...values]) => {
      const types = values.map((value) => (typeof value === 'string' ? text : int));
      return print(`${format}\n`, types, values);
    });
    expect(mine).toEqual(
      askBpftrace(`BEGIN { ${calls.join('')} exit(); }`, 'text')
        .split(/(?<=\n)/)
        .slice(1, 1 + cases.length),
    );
  },
);

describe('beyond bpftrace 0.17', () => {
  for (const [want, format, ...values] of [
    ['100%', '%d%%', 100n],
    ['5000000000 12a05f200', '%d %x', 5_000_000_000n, 5_000_000_000n],
    ['17 -3', '%o %i', 15n, -3n],
    ['+5| 5|0xff|017|0', '%+d|% d|%#x|%#o|%#x', 5n, 5n, 255n, 15n, 0n],
    ['-0005', '%05d', -5n],
    ['[ab        ]', '[%-10r]', Uint8Array.of(97, 98)],
    ['a\\x00"', '%r', Uint8Array.of(97, 0, 34)],
    ['7', '%s', 7n],
  ] as const) {
    test(`${format}: ${want}`, () => {
      const types = values.map(
        (value): ValueType => (typeof value === 'bigint' ? int : { kind: 'buffer', bytes: 12 }),
      );
      expect(print(format, types, values)).toBe(want);
    });
  }

  test('values of all kinds are text', () => {
    const kinds: readonly (readonly [ValueType, Made, string])[] = [
      [{ kind: 'ipv4' }, Uint8Array.of(10, 0, 0, 1), '10.0.0.1'],
      [{ kind: 'ipv6' }, Uint8Array.of(0x20, 1, ...new Array<number>(13).fill(0), 7), '2001::7'],
      [{ kind: 'ip' }, Uint8Array.of(192, 168, 0, 9), '192.168.0.9'],
      [{ kind: 'ip' }, new Uint8Array(16), '::'],
      [{ kind: 'mac' }, Uint8Array.of(2, 0xab, 0, 0, 0, 1), '02:AB:00:00:00:01'],
      [{ kind: 'tuple', members: [int, text] }, [1n, 'x'], '(1, x)'],
      [{ kind: 'symbol', where: 'user' }, Uint8Array.of(0, 16), '0x1000'],
    ];
    for (const [type, value, want] of kinds) expect(print('%s', [type], [value])).toBe(want);
  });

  test('a record that is too short prints what it has', () => {
    expect(
      formatPrintf(parseFormat('%d %d|'), [{ type: int, offset: 0 }], new Uint8Array(8), {
        timeOffsetNs: 0n,
      }),
    ).toBe('0 |');
  });
});
