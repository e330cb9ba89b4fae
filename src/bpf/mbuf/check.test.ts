import { describe, expect, test } from 'vitest';
import { VerifierError } from '../../base/index.ts';
import { checkMbufProgram } from './check.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0) => ({ code, dst, src, off, imm });
type Insn = ReturnType<typeof op>;

const start = op(0xbf, 6, 1);
const exit = op(0x95);
const r0 = op(0xb4, 0, 0, 0, 1);
const r7 = op(0xb4, 7, 0, 0, 1);

/** A program around the instructions: r0 and r7 hold small numbers. */
const around = (...insns: readonly Insn[]): readonly Insn[] => [start, r0, r7, ...insns, exit];

describe('accepted', () => {
  for (const [name, ...insns] of [
    ['nothing more'],
    [
      'each field',
      ...[
        [20, 0x69],
        [22, 0x69],
        [24, 0x79],
        [32, 0x61],
        [36, 0x61],
        [40, 0x69],
        [42, 0x69],
        [44, 0x61],
        [48, 0x61],
        [52, 0x69],
      ].map(([off, code]) => op(code!, 1, 6, off)),
    ],
    ['stack', op(0x7a, 10, 0, -512, 5), op(0x79, 1, 10, -512), op(0x73, 10, 7, -1), op(0x71, 1, 10, -1)],
    ['two halves of a slot', op(0x63, 10, 7, -8), op(0x63, 10, 7, -4), op(0x79, 1, 10, -8)],
    [
      'packet loads',
      op(0x20, 0, 0, 0, 0),
      op(0x28, 0, 0, 0, 12),
      op(0x30, 0, 0, 0, 0x7ffffffe),
      op(0x50, 0, 7, 0, 14),
    ],
    ['an index that was compared', op(0x61, 7, 6, 36), op(0x25, 7, 0, 1, 1000), op(0x40, 0, 7, 0, 14)],
    ['a jump over what another way reaches', op(0x15, 0, 0, 1, 5), r0, op(0x05, 0, 0, 0)],
    [
      'every operation',
      ...[0x07, 0x1f, 0x2c, 0x37, 0x4f, 0x57, 0x67, 0x74, 0x84, 0x97, 0xaf, 0xc4, 0xbc].map((code) =>
        op(code, 0, (code & 8) !== 0 ? 7 : 0, 0, (code & 8) !== 0 || code === 0x84 ? 0 : 3),
      ),
    ],
    ['byte swaps', op(0xd4, 0, 0, 0, 16), op(0xdc, 0, 0, 0, 32), op(0xdc, 0, 0, 0, 64)],
    ['a bit test with a register', op(0x4d, 0, 7, 0)],
    ['a bit test with a large constant', op(0x45, 0, 0, 0, 128), op(0x45, 0, 0, 0, -129)],
  ] as const) {
    test(name, () => {
      expect(() => checkMbufProgram(around(...(insns as readonly Insn[])))).not.toThrow();
    });
  }
});

describe('refused', () => {
  const pc3 = (name: string, message: string, ...insns: readonly Insn[]) =>
    [name, around(...insns), 3, message] as const;
  for (const [name, program, pc, message] of [
    ['nothing', [], 0, 'program of 0 instructions: expected 2 to 4096'],
    ['too much', Array(4097).fill(exit), 0, 'program of 4097 instructions'],
    ['another start', [r0, exit], 0, 'expected r6 = r1 as the first instruction'],
    ['no exit', [start, r0], 1, 'expected exit as the last instruction'],
    ['r0 unset', [start, exit], 1, 'r0 is read before it is written'],
    ['r1 read as a value', [start, op(0xbf, 0, 1), exit], 1, 'r1 is read before it is written'],
    [
      'r0 unset on one way',
      [start, r7, op(0x15, 7, 0, 1, 5), r0, exit],
      4,
      'r0 is read before it is written',
    ],
    ['an instruction that no way reaches', [start, r0, op(0x05, 0, 0, 1), r0, exit], 3, 'no way leads here'],
    ['an early exit', [start, r0, op(0x15, 0, 0, 1, 5), exit, exit], 3, 'an exit before the end'],
    pc3('r6 written', 'r6 cannot be written', op(0xb7, 6, 0, 0, 1)),
    pc3('r10 written', 'r10 cannot be written', op(0xbf, 10, 7)),
    pc3('r6 as a value', 'r6 is a pointer', op(0xbf, 1, 6)),
    pc3('r10 as a value', 'r10 is a pointer', op(0x0f, 0, 10)),
    pc3('r10 compared', 'r10 is a pointer', op(0x15, 10, 0, 0, 1)),
    pc3('a pointer into the stack', 'r6 is a pointer', op(0x7b, 10, 6, -8)),
    pc3('a register that is none', 'r12 is a pointer', op(0x0f, 0, 12)),
    pc3('buf_addr', '8 bytes at 0 of the mbuf cannot be read', op(0x79, 1, 6, 0)),
    pc3('a field of another size', '4 bytes at 42 of the mbuf cannot be read', op(0x61, 1, 6, 42)),
    pc3('memory through a value', 'r7 is no pointer', op(0x61, 1, 7, 0)),
    pc3('the mbuf written', 'a store through r6', op(0x63, 6, 7, 36)),
    pc3('a store through a value', 'a store through r7', op(0x62, 7, 0, -8, 1)),
    pc3('below the stack', '8 bytes at -520', op(0x7a, 10, 0, -520, 1)),
    pc3('above the stack', '8 bytes at 0', op(0x7a, 10, 0, 0, 1)),
    pc3('unaligned', '8 bytes at -12', op(0x7a, 10, 0, -12, 1)),
    pc3('unwritten stack', 'the stack at -8 is read before it is written', op(0x79, 1, 10, -8)),
    [
      'half-written stack',
      around(op(0x63, 10, 7, -8), op(0x79, 1, 10, -8)),
      4,
      'the stack at -8 is read before',
    ],
    pc3('a negative offset', 'a load from the packet may reach above 2147483647', op(0x20, 0, 0, 0, -1)),
    pc3(
      'an offset too far',
      'a load from the packet may reach above 2147483647',
      op(0x20, 0, 0, 0, 0x7ffffffc),
    ),
    [
      'an index without a bound',
      around(op(0x61, 7, 6, 36), op(0x50, 0, 7, 0, 0)),
      4,
      'a load from the packet may reach',
    ],
    [
      'an index that may be negative',
      around(op(0x14, 7, 0, 0, 5), op(0x50, 0, 7, 0, 0)),
      4,
      'a load from the packet may',
    ],
    ['a wide index', around(op(0x79, 7, 6, 24), op(0x50, 0, 7, 0, 0)), 4, 'a load from the packet may reach'],
    [
      'r1 after a load',
      around(op(0xb4, 1, 0, 0, 1), op(0x30, 0, 0, 0, 0), op(0xbf, 2, 1)),
      5,
      'r1 is read before it is written',
    ],
    pc3('8 bytes of the packet', 'unknown opcode 0x38', op(0x38, 0, 0, 0, 0)),
    pc3('a wide constant', 'unknown opcode 0x18', op(0x18, 1, 0, 0, 0)),
    pc3('an atomic', 'unknown opcode 0xdb', op(0xdb, 10, 7, -8)),
    pc3('a call', 'unknown opcode 0x85', op(0x85, 0, 0, 0, 1)),
    pc3('a 32-bit jump', 'unknown opcode 0x16', op(0x16, 0, 0, 0, 1)),
    pc3('bswap of version 4', 'unknown opcode 0xd7', op(0xd7, 0, 0, 0, 16)),
    pc3('signed division of version 4', 'a field that is not used is not 0', op(0x37, 0, 0, 1, 2)),
    pc3('a constant beside a register', 'a field that is not used is not 0', op(0x0f, 0, 7, 0, 1)),
    pc3('division by 0', 'division by a constant 0', op(0x34, 0, 0, 0, 0)),
    pc3('modulus by 0', 'division by a constant 0', op(0x97, 0, 0, 0, 0)),
    pc3('a register divided by itself', 'r7 divided by itself', op(0x3f, 7, 7, 0, 0)),
    pc3('a modulus of a register and itself', 'r7 divided by itself', op(0x9c, 7, 7, 0, 0)),
    pc3('division by -1', 'a divisor that may be -1', op(0x37, 7, 0, 0, -1)),
    pc3('a shift by 32', 'a shift by 32 bits: expected 0 to 31', op(0x64, 0, 0, 0, 32)),
    pc3('a shift by 64', 'a shift by 64 bits: expected 0 to 63', op(0x77, 0, 0, 0, 64)),
    pc3('a swap of 8 bits', 'a byte swap of 8 bits', op(0xdc, 0, 0, 0, 8)),
    pc3('a jump back', 'a jump by -1', op(0x05, 0, 0, -1)),
    pc3('a jump out', 'a jump by 1', op(0x15, 0, 0, 1, 1)),
    pc3('a bit test with one byte', 'a bit test with 127', op(0x45, 0, 0, 0, 127)),
    pc3('a bit test with one negative byte', 'a bit test with -128', op(0x45, 0, 0, 0, -128)),
  ] as const) {
    test(name, () => {
      let error: unknown;
      try {
        checkMbufProgram(program);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(VerifierError);
      expect((error as VerifierError).message).toContain(message);
      expect((error as VerifierError).pc).toBe(pc);
    });
  }
});
