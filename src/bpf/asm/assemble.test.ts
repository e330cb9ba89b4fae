import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import { anyInsn } from '../isa/any-insn.fixture.ts';
import type { EbpfInsn } from '../isa/insn.ts';
import { assemble } from './assemble.ts';
import { formatLines, type Notation } from './format.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({ code, dst, src, off, imm });

const notations: readonly Notation[] = ['kernel', 'mnemonic'];

const rewritten = (program: readonly EbpfInsn[], notation: Notation): string =>
  formatLines(program, notation)
    .map(({ text }) => text)
    .join('\n');

describe('what is printed is read back', () => {
  for (const notation of notations) {
    test(`instructions, in the notation ${notation}`, () => {
      fc.assert(
        fc.property(fc.array(anyInsn(), { maxLength: 20 }), (insns) => {
          const program = insns.flat();
          expect(assemble(rewritten(program, notation))).toEqual(program);
        }),
      );
    });

    test(`any slots, in the notation ${notation}`, () => {
      const slot = fc.record({
        code: fc.integer({ min: 0, max: 255 }),
        dst: fc.integer({ min: 0, max: 15 }),
        src: fc.integer({ min: 0, max: 15 }),
        off: fc.integer({ min: -32768, max: 32767 }),
        imm: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      });
      fc.assert(
        fc.property(fc.array(slot, { maxLength: 20 }), (program) => {
          expect(assemble(rewritten(program, notation))).toEqual(program);
        }),
      );
    });
  }
});

describe('both notations', () => {
  for (const [text, ...want] of [
    ['mov32 %r0, 5', op(0xb4, 0, 0, 0, 5)],
    ['mov32 r0, 0xffffffff', op(0xb4, 0, 0, 0, -1)],
    ['w0 += w1', op(0x0c, 0, 1)],
    ['r0 = 5', op(0xb7, 0, 0, 0, 5)],
    ['r0 = -5', op(0xb7, 0, 0, 0, -5)],
    ['r0 = r1', op(0xbf, 0, 1)],
    ['r3 s/= -2', op(0x37, 3, 0, 1, -2)],
    ['w3 = (s16)w4', op(0xbc, 3, 4, 16)],
    ['if r1 s> 5 goto +3', op(0x65, 1, 0, 3, 5)],
    ['if w1 & w2 goto -3', op(0x4e, 1, 2, -3)],
    ['r0 = *(u32 *)(r1 + 4)', op(0x61, 0, 1, 4)],
    ['w0 = *(u32 *)(r1 + 4)', op(0x61, 0, 1, 4)],
    ['r0 = *(s8*)(r1-4)', op(0x91, 0, 1, -4)],
    ['r0 = *(u64 *)(r1)', op(0x79, 0, 1)],
    ['*(u8 *)(r10 - 1) = w2', op(0x73, 10, 2, -1)],
    ['lock *(u64 *)(r1 + 0) += r2', op(0xdb, 1, 2)],
    ['r2 = atomic_fetch_or((u64 *)(r1 + 8), r2)', op(0xdb, 1, 2, 8, 0x41)],
    ['w2 = xchg32_32(r1 + 8, w2)', op(0xc3, 1, 2, 8, 0xe1)],
    ['r0 = cmpxchg_64(r1 + 8, r0, r2)', op(0xdb, 1, 2, 8, 0xf1)],
    ['lock cmpxchg32 [%r1+8], %r2', op(0xc3, 1, 2, 8, 0xf1)],
    ['swap16 %r1', op(0xd7, 1, 0, 0, 16)],
    ['r1 = bswap16 r1', op(0xd7, 1, 0, 0, 16)],
    ['gotol -7', op(0x06, 0, 0, 0, -7)],
    ['call 6', op(0x85, 0, 0, 0, 6)],
    ['call pc+6', op(0x85, 0, 1, 0, 6)],
    ['call %r2', op(0x8d, 2)],
    ['callx r2', op(0x8d, 2)],
    ['r0 = *(u16 *)skb[r7 + 14]', op(0x48, 0, 7, 0, 14)],
    ['ldxw r0, [r1]', op(0x61, 0, 1)],
    ['lddw r1, -1', op(0x18, 1, 0, 0, -1), op(0, 0, 0, 0, -1)],
    ['r1 = 0x1122334455667788 ll', op(0x18, 1, 0, 0, 0x55667788), op(0, 0, 0, 0, 0x11223344)],
    ['r1 = map_val(map_by_fd(3)) + 16', op(0x18, 1, 2, 0, 3), op(0, 0, 0, 0, 16)],
    ['r1 = map_val(map_by_idx(3))', op(0x18, 1, 6, 0, 3), op(0)],
    ['.insn 0xff, 15, 1, -1, 0xffffffff', op(0xff, 15, 1, -1, -1)],
  ] as const) {
    test(text, () => {
      expect(assemble(text)).toEqual(want);
    });
  }
});

test('labels, comments and blank lines', () => {
  const program = assemble(`
    # a loop, behind a line of spaces
    
    r0 = 10        ; ten times
    again: r0 += -1
    lddw r1, 5     // two slots
    if r0 != 0 goto again
    jeq %r0, 1, done
    ja32 done
    call function
    jne %r0, 2, exit
  done:
    exit
  function: w0 = 2
    exit
  `);
  expect(program.map(({ off, imm }) => [off, imm])).toEqual([
    ...[
      [0, 10],
      [0, -1],
      [0, 5],
      [0, 0],
      [-4, 0],
      [3, 1],
      [0, 2],
      [0, 2],
      [2, 2],
      [0, 0],
      [0, 2],
      [0, 0],
    ],
  ]);
});

describe('faults', () => {
  for (const [text, message] of [
    ['mov32 %r0, 0x100000000', 'got 0x100000000, expected -2147483648 to 4294967295'],
    ['ldxw %r0, [%r1+32768]', 'got +32768, expected -32768 to 32767'],
    ['lddw %r0, 0x10000000000000000', 'got 0x10000000000000000'],
    ['mov %r11, 0', 'unexpected character\n  mov %r11, 0\n      ^'],
    ['movv %r0, 0', 'did you mean mov?'],
    ['r1 = -r2', 'neg: got r2, expected r1 again'],
    ['r1 = cmpxchg_64(r1 + 8, r0, r2)', 'lock cmpxchg works on r0, got r1'],
    ['ja nowhere', 'no label nowhere'],
    ['here: ja her', 'did you mean here?'],
    ['a: exit\na: exit', 'label a is bound twice\n  a: exit\n  ^'],
    ['exit ?', 'unexpected character\n  exit ?\n       ^'],
    ['.insn 256, 0, 0, 0, 0', 'got 256, expected 0 to 255'],
    ['.insn 1, 2', 'no such instruction'],
    ['jeq %r0, 0, exit', 'no label exit'],
  ] as const) {
    test(text, () => {
      expect(() => assemble(text)).toThrow(CompileError);
      expect(() => assemble(text)).toThrow(message);
    });
  }

  test('a label that is too far', () => {
    const far = `goto end\n${'exit\n'.repeat(32768)}end: exit`;
    expect(() => assemble(far)).toThrow('label end is 32768 instructions away, expected -32768 to 32767');
    expect(assemble(`gotol end\n${'exit\n'.repeat(32768)}end: exit`)[0]).toEqual(op(0x06, 0, 0, 0, 32768));
  });

  test('hostile text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'r01[]%+-,: \n.lmovjeqs*()u8') })),
        (text) => {
          try {
            assemble(text);
          } catch (error) {
            expect(error).toBeInstanceOf(CompileError);
          }
        },
      ),
    );
  });
});
