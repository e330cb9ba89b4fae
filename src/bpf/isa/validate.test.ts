import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../../base/index.ts';
import { assemble } from '../asm/assemble.ts';
import { anyInsn } from './any-insn.fixture.ts';
import { decodeEbpf } from './codec.ts';
import type { EbpfInsn } from './insn.ts';
import { findRow, insnTable } from './table.ts';
import { jumpTarget, validateProgram } from './validate.ts';

test('names are unique, and every row is found by what it fixes', () => {
  expect(new Set(insnTable.map(({ name }) => name)).size).toBe(insnTable.length);
  for (const row of insnTable) {
    const insn = { code: row.code, dst: 0, src: 0, off: 0, imm: 0, ...row.fixed };
    expect(findRow(insn)).toBe(row);
  }
});

test('one changed reserved field is refused', () => {
  const straight = insnTable.filter(({ target }) => target === undefined);
  const exit = { code: 0x95, dst: 0, src: 0, off: 0, imm: 0 };
  fc.assert(
    fc.property(anyInsn(straight), fc.constantFrom('dst', 'src', 'off', 'imm'), (insn, field) => {
      const program = [...insn, exit];
      validateProgram(program);
      if (findRow(insn[0]!)!.uses[field] !== 'reserved') return;
      const damaged = [{ ...insn[0]!, [field]: 1 }, ...program.slice(1)];
      expect(() => validateProgram(damaged)).toThrow(FormatError);
    }),
  );
});

describe('faults', () => {
  const op = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({ code, dst, src, off, imm });
  const exit = op(0x95);
  for (const [message, program] of [
    ['got no instructions, expected at least 1', []],
    ['got code 0xff with src 0, off 0, imm 0, expected an instruction, at instruction 1', [exit, op(0xff)]],
    ['got code 0x37 with src 0, off 2', [op(0x37, 0, 0, 2), exit]],
    ['got code 0xdb with src 2, off 0, imm 16', [op(0xdb, 1, 2, 0, 16), exit]],
    ['exit: got imm 1, expected 0: it is reserved, at instruction 0', [op(0x95, 0, 0, 0, 1)]],
    ['add reg: got imm 7, expected 0', [op(0x0f, 0, 1, 0, 7), exit]],
    ['add reg: got r11, expected r0 to r10', [op(0x0f, 0, 11), exit]],
    ['add imm writes r10, expected r0 to r9', [op(0x07, 10, 0, 0, 8), exit]],
    ['lock fetch add writes r10', [op(0xdb, 1, 10, 0, 1), exit]],
    ['lddw: got one slot, expected two', [exit, op(0x18)]],
    ['second slot of lddw: got code 149', [op(0x18), exit, exit]],
    ['second slot of lddw map_by_fd: got imm 5', [op(0x18, 1, 1), op(0, 0, 0, 0, 5), exit]],
    ['ja leads to 3, expected an instruction, 0 to 2', [op(0x05, 0, 0, 2), exit, exit]],
    ['ja leads to -1', [op(0x05, 0, 0, -2), exit]],
    ['ja leads to 2', [op(0x05, 0, 0, 1), op(0x18), op(0), exit]],
    ['call local leads to 9', [op(0x85, 0, 1, 0, 8), exit]],
    ['got mov imm as the last instruction, expected exit or a jump', [op(0xb7)]],
    ['got lddw as the last instruction', [op(0x18), op(0)]],
    ['got jeq imm as the last instruction', [exit, op(0x15, 0, 0, -2)]],
  ] as const) {
    test(message, () => {
      expect(() => validateProgram(program)).toThrow(FormatError);
      expect(() => validateProgram(program)).toThrow(message);
    });
  }

  test('the place is the slot', () => {
    let fault: unknown;
    try {
      validateProgram([exit, exit, op(0xff)]);
    } catch (error) {
      fault = error;
    }
    expect((fault as FormatError).offsetBytes).toBe(16);
  });

  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => {
        try {
          validateProgram(decodeEbpf(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
    );
  });
});

test('where jumps lead', () => {
  const program = assemble('ja32 +1\ncall local -2\nif r1 > 2 goto -3\nexit');
  const rows = validateProgram(program);
  expect(program.map((insn, pc) => jumpTarget(rows[pc]!, insn, pc))).toEqual([2, 0, 0, undefined]);
});
