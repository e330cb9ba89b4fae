/** Numbers in registers: both halves of every operation and comparison against arithmetic on 64-bit numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Relation } from './compare.ts';
import {
  assumeScalars,
  constantScalar,
  loadedScalar,
  operateLow,
  operateScalar,
  type Scalar,
  signExtendLow,
  signExtendScalar,
  swapScalar,
  unknownScalar,
  zeroExtendScalar,
} from './scalar.ts';
import { wordContains } from './word.ts';
import type { Operation } from './word-arith.ts';

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
const u32 = (value: bigint): bigint => BigInt.asUintN(32, value);
const contains = ({ full, low }: Scalar, value: bigint): boolean =>
  wordContains(full, value) && wordContains(low, value);

const operations: Readonly<Partial<Record<Operation, (a: bigint, b: bigint, bits: number) => bigint>>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  lsh: (a, b, bits) => a << (b % BigInt(bits)),
  rsh: (a, b, bits) => a >> (b % BigInt(bits)),
  arsh: (a, b, bits) => BigInt.asIntN(bits, a) >> (b % BigInt(bits)),
};

const relations: Readonly<Partial<Record<Relation, (a: bigint, b: bigint, bits: number) => boolean>>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '&': (a, b) => (a & b) !== 0n,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  's<': (a, b, bits) => BigInt.asIntN(bits, a) < BigInt.asIntN(bits, b),
  's>=': (a, b, bits) => BigInt.asIntN(bits, a) >= BigInt.asIntN(bits, b),
};

const edge: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.bigInt(0n, 300n),
  fc.bigInt(-300n, -1n).map(u64),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.bigInt((1n << 32n) - 300n, (1n << 32n) + 300n),
  fc.bigInt((1n << 31n) - 300n, (1n << 31n) + 300n),
);

/** A number, and a scalar that contains it: made by narrowing an unknown one, a half at a time. */
const scalarAndNumber: fc.Arbitrary<readonly [Scalar, bigint]> = fc
  .tuple(
    edge,
    fc.array(fc.tuple(fc.constantFrom(...Object.keys(relations)), edge, fc.boolean()), { maxLength: 5 }),
  )
  .map(([number, facts]) => {
    let scalar = unknownScalar;
    for (const [name, other, isLow] of facts as [Relation, bigint, boolean][]) {
      const holds = isLow
        ? relations[name]!(u32(number), u32(other), 32)
        : relations[name]!(number, other, 64);
      if (!holds) continue;
      const narrowed = assumeScalars(name, scalar, constantScalar(other), isLow);
      expect(narrowed, `${name} ${other}`).toBeDefined();
      scalar = narrowed![0];
    }
    return [scalar, number];
  });

describe('every result is in the scalar', () => {
  for (const [name, operate] of Object.entries(operations) as [
    Operation,
    NonNullable<(typeof operations)['add']>,
  ][]) {
    test(name, () => {
      fc.assert(
        fc.property(scalarAndNumber, scalarAndNumber, ([a, x], [b, y]) => {
          expect(contains(a, x)).toBe(true);
          expect(contains(operateScalar(name, a, b), u64(operate(x, y, 64)))).toBe(true);
          expect(contains(operateLow(name, a, b), u32(operate(u32(x), u32(y), 32)))).toBe(true);
        }),
        { numRuns: 600 },
      );
    });
  }

  test('extensions and byte swaps', () => {
    fc.assert(
      fc.property(scalarAndNumber, fc.constantFrom(8, 16, 32), ([a, x], bits) => {
        expect(contains(zeroExtendScalar(a, bits), BigInt.asUintN(bits, x))).toBe(true);
        expect(contains(signExtendScalar(a, bits), u64(BigInt.asIntN(bits, x)))).toBe(true);
        expect(contains(signExtendLow(a, bits), u32(BigInt.asIntN(bits, x)))).toBe(true);
        const bytes = new DataView(new ArrayBuffer(8));
        bytes.setBigUint64(0, x, true);
        expect(contains(swapScalar(a, 64), bytes.getBigUint64(0))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  for (const [name, holds] of Object.entries(relations) as [
    Relation,
    NonNullable<(typeof relations)['==']>,
  ][]) {
    test(`kept where ${name} holds`, () => {
      fc.assert(
        fc.property(scalarAndNumber, scalarAndNumber, fc.boolean(), ([a, x], [b, y], isLow) => {
          if (!(isLow ? holds(u32(x), u32(y), 32) : holds(x, y, 64))) return;
          const kept = assumeScalars(name, a, b, isLow);
          expect(kept !== undefined && contains(kept[0], x) && contains(kept[1], y)).toBe(true);
        }),
        { numRuns: 600 },
      );
    });
  }
});

describe('halves know of each other', () => {
  test('a 32-bit comparison bounds a number whose upper half is 0', () => {
    const [length] = assumeScalars('<', zeroExtendScalar(unknownScalar, 32), constantScalar(64n), true)!;
    expect([length.full.umin, length.full.umax]).toEqual([0n, 63n]);
  });

  test('a 64-bit comparison bounds the lower half', () => {
    const [length] = assumeScalars('<', unknownScalar, constantScalar(64n), false)!;
    expect([length.low.umin, length.low.umax]).toEqual([0n, 63n]);
  });

  test('a sign-extended number keeps its range', () => {
    const [low] = assumeScalars('s<', signExtendScalar(unknownScalar, 32), constantScalar(10n), true)!;
    expect([low.full.smin, low.full.smax]).toEqual([-(1n << 31n), 9n]);
  });

  test('loads', () => {
    expect(loadedScalar(2).full.umax).toBe(0xffffn);
    expect(loadedScalar(1, true).full.smin).toBe(-128n);
    expect(loadedScalar(8)).toEqual(unknownScalar);
  });
});
