import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FormatError } from '../../base/index.ts';
import { decodeEbpf, encodeEbpf } from './codec.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0) => ({ code, dst, src, off, imm });

test('an instruction is 8 little-endian bytes', () => {
  expect([...encodeEbpf([op(0xb7, 6, 9, -2, -3)])]).toEqual([0xb7, 0x96, 0xfe, 0xff, 0xfd, 0xff, 0xff, 0xff]);
  expect([...encodeEbpf([op(0x95), op(0x05, 0, 0, 0x1234, 0x12345678)])]).toEqual([
    ...[0x95, 0, 0, 0, 0, 0, 0, 0],
    ...[0x05, 0, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12],
  ]);
});

test('decoding turns encoding around', () => {
  const insn = fc.record({
    code: fc.integer({ min: 0, max: 255 }),
    dst: fc.integer({ min: 0, max: 15 }),
    src: fc.integer({ min: 0, max: 15 }),
    off: fc.integer({ min: -32768, max: 32767 }),
    imm: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  });
  fc.assert(
    fc.property(fc.array(insn), (program) => {
      const bytes = Uint8Array.from([0xff, ...encodeEbpf(program)]).subarray(1);
      expect(decodeEbpf(bytes)).toEqual(program);
    }),
  );
});

test('bytes that are no whole instructions', () => {
  expect(() => decodeEbpf(new Uint8Array(12))).toThrow(FormatError);
  expect(() => decodeEbpf(new Uint8Array(12))).toThrow('got 12 bytes, expected a multiple of 8');
});
