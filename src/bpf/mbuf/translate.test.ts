import { describe, expect, test } from 'vitest';
import { FormatError } from '../../base/index.ts';
import { formatEbpf } from '../asm/format.ts';
import type { CbpfProgram } from '../cbpf/isa.ts';
import { runCbpf } from '../cbpf/run.ts';
import { checkMbufProgram } from './check.ts';
import { type MbufContext, prepareMbufProgram } from './run.ts';
import { compileForMbuf } from './translate.ts';

const op = (code: number, k = 0, jt = 0, jf = 0) => ({ code, jt, jf, k });

const frame = Uint8Array.from({ length: 64 }, (_, i) => i + 1);

const context = (change: Partial<MbufContext> = {}): MbufContext => ({
  frame,
  pktLen: frame.length,
  olFlagsLow: 0,
  olFlagsHigh: 0,
  vlanTci: 0x2064,
  vlanTciOuter: 0x60c8,
  port: 0,
  nbSegs: 1,
  packetType: 0,
  rss: 0,
  fdirHi: 0,
  ...change,
});

const VLAN_STRIPPED = 1 << 6;
const QINQ_STRIPPED = 1 << 15;
const TX_QINQ_HIGH = 1 << (49 - 32);
const TX_VLAN_HIGH = 1 << (57 - 32);

/** The frame with tags put in. */
const whole = [
  frame,
  Uint8Array.from([...frame.subarray(0, 12), 0x81, 0x00, 0x20, 0x64, ...frame.subarray(12)]),
  Uint8Array.from([
    ...frame.subarray(0, 12),
    0x88,
    0xa8,
    0x60,
    0xc8,
    0x81,
    0x00,
    0x20,
    0x64,
    ...frame.subarray(12),
  ]),
] as const;

const cases = [
  ['none', 'in', {}, 0],
  ['a stripped tag', 'in', { olFlagsLow: VLAN_STRIPPED | 1 }, 1],
  ['two stripped tags', 'in', { olFlagsLow: VLAN_STRIPPED | QINQ_STRIPPED }, 2],
  ['the outer tag stripped', 'in', { olFlagsLow: QINQ_STRIPPED }, 2],
  ['flags of the other direction', 'in', { olFlagsHigh: TX_VLAN_HIGH | TX_QINQ_HIGH }, 0],
  ['none to insert', 'out', { olFlagsLow: VLAN_STRIPPED | QINQ_STRIPPED }, 0],
  ['a tag to insert', 'out', { olFlagsHigh: TX_VLAN_HIGH }, 1],
  ['two tags to insert', 'out', { olFlagsHigh: TX_QINQ_HIGH | TX_VLAN_HIGH }, 2],
  ['two tags by one flag', 'out', { olFlagsHigh: TX_QINQ_HIGH }, 2],
] as const;

/** Checks one classic program against its translation in every case. */
function expectSame(program: CbpfProgram): void {
  for (const [name, direction, flags, tags] of cases) {
    const extended = compileForMbuf(program, { direction });
    checkMbufProgram(extended);
    const bytes = whole[tags];
    expect(prepareMbufProgram(extended)(context(flags)), name).toBe(runCbpf(program, bytes, bytes.length));
  }
}

describe('a load sees the frame with its tags', () => {
  for (const [size, code] of [
    [1, 0x30],
    [2, 0x28],
    [4, 0x20],
  ] as const) {
    test(`${size} bytes at every offset`, () => {
      for (let offset = 0; offset < 80; offset++) expectSame([op(code, offset), op(0x16)]);
    });

    test(`${size} bytes at every index, known only at run time`, () => {
      for (let byte = 0; byte < 64; byte += 5) {
        for (const k of [0, 3, 8, 11, 16, 0xfffffff0])
          expectSame([op(0x30, byte), op(0x07), op(code ^ 0x60, k), op(0x16)]);
      }
    });
  }

  test('a header length, with A kept and not kept', () => {
    for (let offset = 0; offset < 24; offset++) {
      expectSame([op(0xb1, offset), op(0x87), op(0x16)]);
      expectSame([op(0x30, 1), op(0xb1, offset), op(0x0c), op(0x16)]);
    }
  });

  test('the length counts the tags', () => {
    expectSame([op(0x80), op(0x16)]);
    expectSame([op(0x81), op(0x87), op(0x16)]);
  });

  test('a frame without both addresses has no tags', () => {
    const program: CbpfProgram = [op(0x80), op(0x16)];
    const run = prepareMbufProgram(compileForMbuf(program, { direction: 'in' }));
    const short = { frame: frame.subarray(0, 11), pktLen: 11, olFlagsLow: VLAN_STRIPPED };
    expect(run(context(short))).toBe(11);
    expect(run(context({ ...short, frame: frame.subarray(0, 12), pktLen: 12 }))).toBe(16);
  });

  test('a frame without both addresses is accepted by what rejects tags', () => {
    const program: CbpfProgram = [op(0x28, 12), op(0x15, 0x0d0e, 0, 1), op(0x06, 9), op(0x06)];
    const run = prepareMbufProgram(compileForMbuf(program, { direction: 'in' }));
    const tagged = { olFlagsLow: VLAN_STRIPPED };
    expect(run(context())).toBe(9);
    expect(run(context(tagged))).toBe(0);
    expect(run(context({ ...tagged, pktLen: 11 }))).toBe(9);
  });
});

describe('what is not needed is not there', () => {
  test('no prologue when only the addresses are looked at', () => {
    expect(
      formatEbpf(
        compileForMbuf([op(0x28, 10), op(0x15, 5, 0, 1), op(0x06, 9), op(0x06)], { direction: 'in' }),
      ),
    ).toBe(
      [
        '   0: r6 = r1',
        '   1: r0 = *(u16 *)skb[10]',
        '   2: if r0 == 0x5 goto +1',
        '   3: goto +2',
        '   4: w0 = 0x9',
        '   5: goto +1',
        '   6: w0 = 0x0',
        '   7: exit',
        '',
      ].join('\n'),
    );
  });

  const ipv4 = (otherwise: number): string =>
    formatEbpf(
      compileForMbuf([op(0x28, 12), op(0x15, 0x800, 0, 1), op(0x06, 9), op(0x06, otherwise)], {
        direction: 'out',
      }),
    );

  test('tags that reject are looked for where the frame without them would be accepted', () => {
    expect(ipv4(0)).toBe(
      [
        '   0: r6 = r1',
        '   1: r0 = *(u16 *)skb[12]',
        '   2: if r0 == 0x800 goto +1',
        '   3: goto +8',
        '   4: r1 = *(u64 *)(r6 + 24)',
        '   5: r1 >>= 0x31',
        '   6: r1 &= 0x101',
        '   7: if r1 == 0x0 goto +2',
        '   8: r1 = *(u32 *)(r6 + 36)',
        '   9: if r1 >= 0xc goto +2',
        '  10: w0 = 0x9',
        '  11: goto +1',
        '  12: w0 = 0x0',
        '  13: exit',
        '',
      ].join('\n'),
    );
  });

  test('frames with tags that are accepted have code of their own behind that for frames without', () => {
    expect(ipv4(7)).toBe(
      [
        '   0: r6 = r1',
        '   1: r1 = *(u64 *)(r6 + 24)',
        '   2: r1 >>= 0x31',
        '   3: r1 &= 0x101',
        '   4: if r1 != 0x0 goto +3',
        '   5: r0 = *(u16 *)skb[12]',
        '   6: if r0 == 0x800 goto +7',
        '   7: goto +8',
        '   8: r0 = *(u32 *)(r6 + 36)',
        '   9: if r0 < 0xc goto +1',
        '  10: goto +5',
        '  11: r0 = *(u16 *)skb[12]',
        '  12: if r0 == 0x800 goto +1',
        '  13: goto +2',
        '  14: w0 = 0x9',
        '  15: goto +1',
        '  16: w0 = 0x7',
        '  17: exit',
        '',
      ].join('\n'),
    );
  });

  test('a program that accepts on no way', () => {
    const program = [op(0x30, 14), op(0x02, 0), op(0x60, 0), op(0x15, 300, 0, 1), op(0x06, 9), op(0x06)];
    expect(formatEbpf(compileForMbuf(program, { direction: 'in' }))).toBe(
      ['   0: r6 = r1', '   1: w0 = 0x0', '   2: exit', ''].join('\n'),
    );
  });

  test('a program without loads', () => {
    expect(compileForMbuf([op(0x06, 5)], { direction: 'in' })).toHaveLength(3);
  });
});

describe('registers and memory', () => {
  for (const [name, ...program] of [
    ['an unwritten A', op(0x16)],
    ['an unwritten X', op(0x87), op(0x16)],
    ['an unwritten cell', op(0x60, 15), op(0x16)],
    ['a cell written on one way only', op(0x30, 0), op(0x15, 1, 0, 1), op(0x02, 3), op(0x60, 3), op(0x16)],
    ['X in a cell', op(0x01, 0xfffffff0), op(0x03, 0), op(0x61, 0), op(0x87), op(0x16)],
    ['unsigned constants', op(0x20, 0), op(0x25, 0x80000000, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['a large constant', op(0x00, 0xfffffffe), op(0x15, 0xfffffffe, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['bits of one byte', op(0x30, 2), op(0x45, 2, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['high bits', op(0x20, 40), op(0x45, 0x80000000, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['wrapping sums', op(0x00, 0xffffffff), op(0x04, 2), op(0x16)],
    ['a shift by more than 31', op(0x30, 40), op(0x07), op(0x00, 1), op(0x6c), op(0x16)],
    ['a shift by less', op(0x30, 4), op(0x07), op(0x00, 1), op(0x6c), op(0x16)],
    ['a constant shift by more', op(0x30, 40), op(0x64, 40), op(0x16)],
    ['division', op(0x30, 40), op(0x07), op(0x00, 0xffffffff), op(0x3c), op(0x16)],
    ['division by 0', op(0x01, 0), op(0x00, 7), op(0x3c), op(0x06, 1)],
    ['modulus by what may be 0', op(0x30, 13), op(0x07), op(0x00, 7), op(0x9c), op(0x06, 1)],
    ['a load beyond', op(0x30, 200), op(0x06, 1)],
    ['a load beyond all packets', op(0x30, 0xffffffff), op(0x06, 1)],
    ['an index beyond all packets', op(0x01, 0x80000000), op(0x50, 0), op(0x06, 1)],
    ['an index that wraps to 1', op(0x01, 0xffffffff), op(0x50, 2), op(0x16)],
    ['a useless load that rejects', op(0x30, 200), op(0x00, 1), op(0x16)],
    ['jumps to the same place', op(0x15, 0, 0, 0), op(0x06, 3)],
    [
      'an index that is small on one way only',
      ...[op(0x30, 0), op(0x15, 1, 0, 2), op(0x81), op(0x05, 1), op(0xb1, 0), op(0x50, 1), op(0x16)],
    ],
    [
      'an index in a cell, behind the tags',
      ...[op(0x30, 0), op(0x54, 0xf), op(0x04, 20), op(0x02, 0), op(0x61, 0), op(0x50, 3), op(0x16)],
    ],
    [
      'an index in a cell, before the tags',
      ...[op(0x30, 0), op(0x54, 7), op(0x03, 1), op(0x02, 0), op(0x61, 0), op(0x50, 4), op(0x16)],
    ],
    [
      'an index in a cell, in the tags on one way only',
      ...[op(0x00, 40), op(0x02, 0), op(0x30, 0), op(0x35, 1, 0, 2), op(0x00, 11), op(0x02, 0)],
      ...[op(0x61, 0), op(0x48, 1), op(0x16)],
    ],
    [
      'a sum that wraps into the tags',
      ...[op(0x20, 0), op(0x44, 0xfffffff0), op(0x04, 0x1c), op(0x02, 2), op(0x61, 2), op(0x50, 0), op(0x16)],
    ],
    [
      'an index behind the tags that wraps into them',
      ...[op(0x20, 0), op(0x44, 0xfffffff0), op(0x04, 0), op(0x02, 2), op(0x61, 2), op(0x50, 0x1c), op(0x16)],
    ],
    [
      'an offset that goes back from behind the tags',
      ...[op(0x30, 0), op(0x54, 3), op(0x04, 22), op(0x07), op(0x50, 1), op(0x16)],
    ],
    ['ja', op(0x05, 1), op(0x06, 1), op(0x06, 2)],
    ['jgt x', op(0x30, 5), op(0x07), op(0x30, 9), op(0x2d, 0, 0, 1), op(0x06, 1), op(0x06, 2)],
  ] as const) {
    test(name, () => {
      expectSame(program as CbpfProgram);
    });
  }
});

test('an index that is surely behind the tags, though in a cell, has one load and no look at where it lies', () => {
  const program = [op(0x30, 0), op(0x04, 40), op(0x02, 0), op(0x61, 0), op(0x50, 14), op(0x16)];
  const text = formatEbpf(compileForMbuf(program, { direction: 'in' }));
  expect(text.match(/skb\[r/g)).toHaveLength(4);
  expect(text).not.toContain('== 0xc');
});

test('a division is behind a look at the divisor, whatever an engine makes of 0', () => {
  const program = [op(0x30, 0), op(0x07), op(0x00, 7), op(0x3c), op(0x16)];
  expect(formatEbpf(compileForMbuf(program, { direction: 'in' }))).toContain(
    'if r7 == 0x0 goto +2\n   5: w0 /= w7\n',
  );
});

test('a program that is none is refused', () => {
  expect(() => compileForMbuf([op(0x30, 0)], { direction: 'in' })).toThrow(FormatError);
});

test('a program that becomes too long is refused', () => {
  const wide = Array.from({ length: 100 }, () => [op(0x30, 20), op(0x07), op(0x40, 0)]).flat();
  expect(() => compileForMbuf([...wide, op(0x16)], { direction: 'in' })).toThrow('expected at most 4096');
});
