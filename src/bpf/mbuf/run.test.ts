import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VerifierError } from '../../base/index.ts';
import { type MbufContext, prepareMbufProgram } from './run.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0) => ({ code, dst, src, off, imm });

const context: MbufContext = {
  frame: Uint8Array.of(0x81, 0x82, 0x83, 0x84, 0x85),
  pktLen: 5,
  olFlagsLow: 0x89abcdef | 0,
  olFlagsHigh: 0x01234567,
  vlanTci: 0x1064,
  vlanTciOuter: 0x20c8,
  port: 3,
  nbSegs: 2,
  packetType: 0x211,
  rss: 0xdeadbeef,
  fdirHi: 0x80000001,
};

/** r0 after the instructions; r0 starts as 1. */
const run = (...insns: readonly ReturnType<typeof op>[]): number =>
  prepareMbufProgram([op(0xbf, 6, 1), op(0xb4, 0, 0, 0, 1), ...insns, op(0x95)])(context);

test('each field of the mbuf', () => {
  expect(run(op(0x69, 0, 6, 20))).toBe(2);
  expect(run(op(0x69, 0, 6, 22))).toBe(3);
  expect(run(op(0x79, 0, 6, 24), op(0xbc, 0, 0))).toBe(0x89abcdef);
  expect(run(op(0x79, 0, 6, 24), op(0x77, 0, 0, 0, 32))).toBe(0x01234567);
  expect(run(op(0x61, 0, 6, 32))).toBe(0x211);
  expect(run(op(0x61, 0, 6, 36))).toBe(5);
  expect(run(op(0x69, 0, 6, 40))).toBe(5);
  expect(run(op(0x69, 0, 6, 42))).toBe(0x1064);
  expect(run(op(0x61, 0, 6, 44))).toBe(0xdeadbeef);
  expect(run(op(0x61, 0, 6, 48))).toBe(0x80000001);
  expect(run(op(0x69, 0, 6, 52))).toBe(0x20c8);
});

test('loads from the packet are big-endian and end the program behind its end', () => {
  expect(run(op(0x20, 0, 0, 0, 1))).toBe(0x82838485);
  expect(run(op(0x28, 0, 0, 0, 3))).toBe(0x8485);
  expect(run(op(0x30, 0, 0, 0, 4))).toBe(0x85);
  expect(run(op(0x20, 0, 0, 0, 2))).toBe(0);
  expect(run(op(0x30, 0, 0, 0, 5), op(0xb4, 0, 0, 0, 1))).toBe(0);
  expect(run(op(0xb4, 7, 0, 0, 2), op(0x48, 0, 7, 0, 1))).toBe(0x8485);
});

test('memory is little-endian', () => {
  const store = op(0x7a, 10, 0, -8, 0x01020304);
  expect(run(store, op(0x71, 0, 10, -8))).toBe(4);
  expect(run(store, op(0x69, 0, 10, -6))).toBe(0x0102);
  expect(run(store, op(0x61, 0, 10, -8))).toBe(0x01020304);
  expect(run(op(0x7a, 10, 0, -8, -1), op(0x79, 0, 10, -8), op(0x77, 0, 0, 0, 60))).toBe(15);
  expect(run(store, op(0xb4, 1, 0, 0, -2), op(0x73, 10, 1, -7), op(0x61, 0, 10, -8))).toBe(0x0102fe04);
});

test('a verdict of the upper half alone is one too', () => {
  expect(run(op(0xb7, 0, 0, 0, 1), op(0x67, 0, 0, 0, 63))).toBe(2 ** 63);
});

test('a frame above the longest packet is seen up to there', () => {
  const frame = new Uint8Array(300_000).fill(7);
  const length = 262_144;
  const program = (insn: ReturnType<typeof op>) =>
    prepareMbufProgram([op(0xbf, 6, 1), insn, op(0xb4, 0, 0, 0, 1), op(0x95)]);
  expect(program(op(0x30, 0, 0, 0, length - 1))({ ...context, frame })).toBe(1);
  expect(program(op(0x30, 0, 0, 0, length))({ ...context, frame })).toBe(0);
  expect(program(op(0x30, 0, 0, 0, 5))(context)).toBe(0);
});

test('a program that breaks the profile does not get ready', () => {
  expect(() => prepareMbufProgram([op(0xbf, 6, 1), op(0x95)])).toThrow(VerifierError);
});

/** The operations as RFC 9669 defines them, on 64-bit numbers. */
const operations: readonly (readonly [code: number, f: (a: bigint, b: bigint, bits: bigint) => bigint])[] = [
  [0x00, (a, b) => a + b],
  [0x10, (a, b) => a - b],
  [0x20, (a, b) => a * b],
  [0x30, (a, b) => (b === 0n ? 0n : a / b)],
  [0x40, (a, b) => a | b],
  [0x50, (a, b) => a & b],
  [0x60, (a, b, bits) => a << (b % bits)],
  [0x70, (a, b, bits) => a >> (b % bits)],
  [0x80, (a) => -a],
  [0x90, (a, b) => (b === 0n ? a : a % b)],
  [0xa0, (a, b) => a ^ b],
  [0xb0, (_, b) => b],
  [0xc0, (a, b, bits) => BigInt.asIntN(Number(bits), a) >> (b % bits)],
];

const comparisons: readonly (readonly [code: number, f: (a: bigint, b: bigint) => boolean])[] = [
  [0x10, (a, b) => a === b],
  [0x20, (a, b) => a > b],
  [0x30, (a, b) => a >= b],
  [0x40, (a, b) => (a & b) !== 0n],
  [0x50, (a, b) => a !== b],
  [0x60, (a, b) => BigInt.asIntN(64, a) > BigInt.asIntN(64, b)],
  [0x70, (a, b) => BigInt.asIntN(64, a) >= BigInt.asIntN(64, b)],
  [0xa0, (a, b) => a < b],
  [0xb0, (a, b) => a <= b],
  [0xc0, (a, b) => BigInt.asIntN(64, a) < BigInt.asIntN(64, b)],
  [0xd0, (a, b) => BigInt.asIntN(64, a) <= BigInt.asIntN(64, b)],
];

const word = fc.oneof(
  fc.constantFrom(0, 1, 2, 31, 32, 33, 63, 64, -1, -2, 0x7fffffff, -0x80000000),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

/** Instructions that put a 64-bit number into a register. */
const load = (register: number, high: number, low: number) => [
  op(0xb4, register, 0, 0, high),
  op(0x67, register, 0, 0, 32),
  op(0xb4, 9, 0, 0, low),
  op(0x4f, register, 9),
];

const join = (high: number, low: number): bigint => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);

describe('64-bit and 32-bit operations', () => {
  for (const [code, f] of operations) {
    test(`operation 0x${code.toString(16)}`, () => {
      fc.assert(
        fc.property(word, word, word, word, (ah, al, bh, bl) => {
          const a = join(ah, al);
          // A divisor of 64 bits is refused: it may be -1.
          const divides = code === 0x30 || code === 0x90;
          const b = join(divides ? 0 : bh, bl);
          const divisor = divides ? [op(0xb4, 8, 0, 0, bl)] : load(8, bh, bl);
          const operands = [...load(7, ah, al), ...divisor];
          const x = code === 0x80 ? 0 : 8;
          for (const [kind, bits] of [
            [0x07, 64],
            [0x04, 32],
          ] as const) {
            const result = f(BigInt.asUintN(bits, a), BigInt.asUintN(bits, b), BigInt(bits));
            const want = BigInt.asUintN(bits, result);
            const insn = op(kind | code | x, 7, x);
            const low = run(...operands, insn, op(0xbc, 0, 7));
            const high = run(...operands, insn, op(0xbf, 0, 7), op(0x77, 0, 0, 0, 32));
            expect([Number(want & 0xffffffffn), Number(want >> 32n)]).toEqual([low, high]);
          }
        }),
        { numRuns: 60, seed: 1 },
      );
    });
  }

  for (const [code, f] of comparisons) {
    test(`comparison 0x${code.toString(16)}`, () => {
      fc.assert(
        fc.property(word, word, word, word, fc.boolean(), (ah, al, bh, bl, same) => {
          const a = join(ah, al);
          const b = same ? a : join(bh, bl);
          const operands = [...load(7, ah, al), ...(same ? load(8, ah, al) : load(8, bh, bl))];
          expect(run(...operands, op(0x05 | code | 8, 7, 8, 1), op(0xb4, 0, 0, 0, 0)) !== 0).toBe(f(a, b));
          if (code === 0x40 && bl >= -128 && bl <= 127) return;
          const constant = BigInt.asUintN(64, BigInt(bl));
          expect(run(...operands, op(0x05 | code, 7, 0, 1, bl), op(0xb4, 0, 0, 0, 0)) !== 0).toBe(
            f(a, constant),
          );
        }),
        { numRuns: 60, seed: 1 },
      );
    });
  }

  test('byte swaps', () => {
    const operand = load(0, 0x01020304, 0x05060708);
    const high = op(0x77, 0, 0, 0, 32);
    expect(run(...operand, op(0xdc, 0, 0, 0, 16))).toBe(0x0807);
    expect(run(...operand, op(0xdc, 0, 0, 0, 32))).toBe(0x08070605);
    expect(run(...operand, op(0xdc, 0, 0, 0, 64), high)).toBe(0x08070605);
    expect(run(...operand, op(0xdc, 0, 0, 0, 64), op(0xbc, 0, 0))).toBe(0x04030201);
    expect(run(...operand, op(0xd4, 0, 0, 0, 16))).toBe(0x0708);
    expect(run(...operand, op(0xd4, 0, 0, 0, 32))).toBe(0x05060708);
    expect(run(...operand, op(0xd4, 0, 0, 0, 64), high)).toBe(0x01020304);
  });
});
