import { describe, expect, test } from 'vitest';
import { FormatError } from '../../base/index.ts';
import { formatCbpf } from './format.ts';
import type { CbpfProgram } from './isa.ts';
import { runCbpf } from './run.ts';
import { validateCbpf } from './validate.ts';

const op = (code: number, k = 0, jt = 0, jf = 0) => ({ code, jt, jf, k });

describe('text as tcpdump prints it', () => {
  for (const [insn, want] of [
    [op(0x06, 262144), 'ret      #262144'],
    [op(0x06, 0xffffffff), 'ret      #-1'],
    [op(0x16), 'ret      '],
    [op(0x20, 26), 'ld       [26]'],
    [op(0x28, 12), 'ldh      [12]'],
    [op(0x30, 0xffffffff), 'ldb      [-1]'],
    [op(0x40, 14), 'ld       [x + 14]'],
    [op(0x48, 14), 'ldh      [x + 14]'],
    [op(0x50, 14), 'ldb      [x + 14]'],
    [op(0x80), 'ld       #pktlen'],
    [op(0x81), 'ldx      #pktlen'],
    [op(0x00, 255), 'ld       #0xff'],
    [op(0x01, 255), 'ldx      #0xff'],
    [op(0x60, 3), 'ld       M[3]'],
    [op(0x61, 3), 'ldx      M[3]'],
    [op(0x02, 15), 'st       M[15]'],
    [op(0x03, 0), 'stx      M[0]'],
    [op(0xb1, 14), 'ldxb     4*([14]&0xf)'],
    [op(0x04, 1), 'add      #1'],
    [op(0x1c), 'sub      x'],
    [op(0x54, 240), 'and      #0xf0'],
    [op(0x64, 2), 'lsh      #2'],
    [op(0x84), 'neg      '],
    [op(0x07), 'tax      '],
    [op(0x87), 'txa      '],
    [op(0x05, 7), 'ja       8'],
    [op(0xff, 0), 'unimp    0xff'],
  ] as const) {
    test(want, () => {
      expect(formatCbpf([insn])).toBe(`(000) ${want}\n`);
    });
  }

  test('conditional jumps show where they lead', () => {
    expect(formatCbpf([op(0x06), op(0x15, 0x800, 2, 3), op(0x2d, 0, 0, 1)])).toBe(
      '(000) ret      #0\n(001) jeq      #0x800           jt 4\tjf 5\n(002) jgt      x                jt 3\tjf 4\n',
    );
  });

  test('the other two styles', () => {
    const program = [op(0x28, 12), op(0x15, 0x86dd, 0, 1), op(0x06, 0xffffffff), op(0x06)];
    expect(formatCbpf(program, 'dd')).toBe(
      '{ 0x28, 0, 0, 0x0000000c },\n{ 0x15, 0, 1, 0x000086dd },\n{ 0x6, 0, 0, 0xffffffff },\n{ 0x6, 0, 0, 0x00000000 },\n',
    );
    expect(formatCbpf(program, 'ddd')).toBe('4\n40 0 0 12\n21 0 1 34525\n6 0 0 4294967295\n6 0 0 0\n');
  });
});

describe('what is no program', () => {
  const ret = op(0x06);
  for (const [name, program, message, offset] of [
    ['nothing', [], 'got 0 instructions, expected 1 to 4096', 0],
    ['too much', Array(4097).fill(ret), 'got 4097 instructions, expected 1 to 4096', 0],
    ['an unknown opcode', [op(0xff), ret], 'instruction 0: unknown opcode 0xff', 0],
    [
      'a cell that is not there',
      [ret, op(0x02, 16), ret],
      'instruction 1: scratch cell 16, expected 0 to 15',
      8,
    ],
    ['a jump too far', [op(0x15, 0, 0, 1), ret], 'instruction 0: jump to 2, past the last instruction', 0],
    [
      'an endless way',
      [op(0x05, 0xffffffff), ret],
      'instruction 0: jump to 4294967296, past the last instruction',
      0,
    ],
    ['division by 0', [op(0x34, 0), ret], 'instruction 0: division by a constant 0', 0],
    ['modulus by 0', [op(0x94, 0), ret], 'instruction 0: division by a constant 0', 0],
    ['no end', [ret, op(0x00)], 'the last instruction is not a ret', 8],
  ] as const) {
    test(name, () => {
      let error: unknown;
      try {
        validateCbpf(program as CbpfProgram);
      } catch (caught) {
        error = caught;
      }
      expect(error).toBeInstanceOf(FormatError);
      expect((error as FormatError).message).toContain(message);
      expect((error as FormatError).offsetBytes).toBe(offset);
    });
  }
});

describe('the interpreter', () => {
  const packet = Uint8Array.of(0x45, 0xff, 0x80, 0x01);
  const run = (...program: CbpfProgram): number => runCbpf(program, packet, 1500);
  for (const [name, want, ...program] of [
    ['a word', 0x45ff8001, op(0x20, 0), op(0x16)],
    ['a half word', 0xff80, op(0x28, 1), op(0x16)],
    ['a byte', 1, op(0x30, 3), op(0x16)],
    ['a word that is not all there', 0, op(0x20, 1), op(0x06, 9)],
    ['a byte behind the end', 0, op(0x30, 4), op(0x06, 9)],
    ['a load far away', 0, op(0x20, 0xffffffff), op(0x06, 9)],
    ['an index that wraps', 0xff, op(0x01, 0xffffffff), op(0x50, 2), op(0x16)],
    ['header length', 20, op(0xb1, 0), op(0x87), op(0x16)],
    ['header length behind the end', 0, op(0xb1, 4), op(0x06, 9)],
    ['length', 1500, op(0x80), op(0x16)],
    ['length in X', 1500, op(0x81), op(0x87), op(0x16)],
    ['memory', 0x45, op(0x30, 0), op(0x02, 5), op(0x00, 0), op(0x61, 5), op(0x87), op(0x16)],
    ['memory from X', 7, op(0x01, 7), op(0x03, 15), op(0x60, 15), op(0x16)],
    ['a cell that was never written', 0, op(0x60, 1), op(0x16)],
    ['add wraps', 1, op(0x00, 0xffffffff), op(0x04, 2), op(0x16)],
    ['sub wraps', 0xffffffff, op(0x00, 0), op(0x14, 1), op(0x16)],
    ['mul wraps', 0xfffffffe, op(0x00, 0xffffffff), op(0x24, 2), op(0x16)],
    ['mul is exact', 0xf81dd099, op(0x00, 0x12345679), op(0x24, 0x87654321), op(0x16)],
    ['div is unsigned', 0x7fffffff, op(0x00, 0xffffffff), op(0x34, 2), op(0x16)],
    ['mod', 3, op(0x00, 0xffffffff), op(0x94, 4), op(0x16)],
    ['div by X of 0 rejects', 0, op(0x01, 0), op(0x3c), op(0x06, 9)],
    ['mod by X of 0 rejects', 0, op(0x9c), op(0x06, 9)],
    ['and or xor', 0xf7, op(0x00, 0xff), op(0x54, 0xf0), op(0x44, 5), op(0xa4, 2), op(0x16)],
    ['lsh', 0x80000000, op(0x00, 1), op(0x64, 31), op(0x16)],
    ['rsh is unsigned', 1, op(0x00, 0x80000000), op(0x74, 31), op(0x16)],
    ['lsh by X of 32', 0, op(0x00, 1), op(0x01, 32), op(0x6c), op(0x16)],
    ['rsh by X of 33', 0, op(0x00, 4), op(0x01, 33), op(0x7c), op(0x16)],
    ['neg', 0xffffffff, op(0x00, 1), op(0x84), op(0x16)],
    ['jgt is unsigned', 1, op(0x00, 0x80000000), op(0x25, 1, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['jge', 1, op(0x00, 5), op(0x35, 5, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['jset', 2, op(0x00, 5), op(0x45, 2, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['jeq x', 1, op(0x00, 5), op(0x01, 5), op(0x1d, 0, 0, 1), op(0x06, 1), op(0x06, 2)],
    ['ja', 2, op(0x05, 1), op(0x06, 1), op(0x06, 2)],
    ['tax', 6, op(0x00, 6), op(0x07), op(0x00, 0), op(0x87), op(0x16)],
    ['a verdict is unsigned', 0xffffffff, op(0x06, 0xffffffff)],
  ] as const) {
    test(name, () => {
      expect(run(...program)).toBe(want);
    });
  }
});
