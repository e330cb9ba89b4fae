/**
 * Every operation on words against the operation on numbers: all words of two bits, a good part of those of four, and
 * random ones of 32 and 64. A result that misses one number fails.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assumeRelation, opposite, type Relation } from './compare.ts';
import { constantWord, isWordWithin, narrowWord, unknownWord, type Word, wordContains } from './word.ts';
import {
  type Operation,
  operateWord,
  signExtendWord,
  swapWord,
  truncateWord,
  zeroExtendWord,
} from './word-arith.ts';

const unsigned = (value: bigint, bits: number): bigint => BigInt.asUintN(bits, value);
const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);
const shift = (b: bigint, bits: number): bigint => unsigned(b, bits) % BigInt(bits);

/** RFC 9669 in arithmetic without a width, cut to the width by the caller; operands are unsigned. */
const operations: Readonly<Record<Operation, (a: bigint, b: bigint, bits: number) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, bits) => (b === 0n ? 0n : signed(a, bits) / signed(b, bits)),
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, bits) => (b === 0n ? a : signed(a, bits) % signed(b, bits)),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  lsh: (a, b, bits) => a << shift(b, bits),
  rsh: (a, b, bits) => a >> shift(b, bits),
  arsh: (a, b, bits) => signed(a, bits) >> shift(b, bits),
};

const relations: Readonly<Record<Relation, (a: bigint, b: bigint, bits: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '&': (a, b) => (a & b) !== 0n,
  '!&': (a, b) => (a & b) === 0n,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  's<': (a, b, bits) => signed(a, bits) < signed(b, bits),
  's<=': (a, b, bits) => signed(a, bits) <= signed(b, bits),
  's>': (a, b, bits) => signed(a, bits) > signed(b, bits),
  's>=': (a, b, bits) => signed(a, bits) >= signed(b, bits),
};

const names = <T extends string>(table: Readonly<Record<T, unknown>>): T[] => Object.keys(table) as T[];

interface Sample {
  readonly word: Word;
  readonly values: readonly bigint[];
}

/** All words that one range, unsigned or signed, or one pattern of bits describes. */
function simpleWords(bits: number): Word[] {
  const unknown = unknownWord(bits);
  const count = 1n << BigInt(bits);
  const words: (Word | undefined)[] = [];
  for (let low = 0n; low < count; low++) {
    for (let high = low; high < count; high++) {
      words.push(narrowWord(unknown, { umin: low, umax: high }));
      words.push(narrowWord(unknown, { smin: low - count / 2n, smax: high - count / 2n }));
    }
    for (let mask = 0n; mask < count; mask++) {
      if ((low & mask) === 0n) words.push(narrowWord(unknown, { tnum: { value: low, mask } }));
    }
  }
  return words.filter((word) => word !== undefined);
}

const samplesOf = (words: readonly Word[], bits: number): Sample[] =>
  words.map((word) => ({
    word,
    values: Array.from({ length: 1 << bits }, (_, i) => BigInt(i)).filter((value) =>
      wordContains(word, value),
    ),
  }));

/** Pairs of four-bit words: each simple word with some others, which differ from word to word. */
function* pairsOfFour(): Generator<readonly [Sample, Sample]> {
  const samples = samplesOf(simpleWords(4), 4);
  for (let i = 0; i < samples.length; i++) {
    for (let j = 0; j < 14; j++) yield [samples[i]!, samples[(i * 31 + j * 47) % samples.length]!];
  }
}

function* allPairsOfTwo(): Generator<readonly [Sample, Sample]> {
  const samples = samplesOf(simpleWords(2), 2);
  for (const a of samples) for (const b of samples) yield [a, b];
}

const pairs = { 2: [...allPairsOfTwo()], 4: [...pairsOfFour()] } as const;

/** Numbers at the edges and anywhere. */
const numberOf = (bits: number): fc.Arbitrary<bigint> =>
  fc.oneof(
    fc.bigInt(0n, (1n << BigInt(bits)) - 1n),
    fc.constantFrom(0n, 1n, 2n, 7n, 8n, 31n, 32n, 63n, 255n).map((value) => unsigned(value, bits)),
    fc.constantFrom(-1n, -2n, -128n).map((value) => unsigned(value, bits)),
    fc.integer({ min: 0, max: bits - 1 }).map((bit) => 1n << BigInt(bit)),
    fc.integer({ min: 1, max: bits }).map((bit) => (1n << BigInt(bit)) - 1n),
  );

/** A word and a number in it: facts that hold for two numbers, some of them left out. */
const wordAndNumber = (bits: number): fc.Arbitrary<readonly [Word, bigint]> =>
  fc
    .tuple(numberOf(bits), numberOf(bits), numberOf(bits), fc.integer({ min: 0, max: 15 }))
    .map(([number, other, noise, kind]) => {
      if (kind === 15) return [constantWord(number, bits), number];
      const differing = (number ^ other) | ((kind & 8) !== 0 ? noise : 0n);
      const [small, large] = number < other ? [number, other] : [other, number];
      const [low, high] = [signed(number, bits), signed(other, bits)].sort((a, b) => (a < b ? -1 : 1));
      const word = narrowWord(unknownWord(bits), {
        ...((kind & 1) !== 0 ? { umin: small, umax: large } : {}),
        ...((kind & 2) !== 0 ? { smin: low!, smax: high! } : {}),
        ...((kind & 4) !== 0 ? { tnum: { value: number & ~differing, mask: differing } } : {}),
      });
      return [word!, number];
    });

function failure(name: string, a: Word, b: Word, x: bigint, y: bigint, got: unknown): string {
  const show = ({ umin, umax, smin, smax, tnum }: Word): string =>
    `[${umin},${umax}] s[${smin},${smax}] ${tnum.value}/${tnum.mask}`;
  return `${name}: ${x} of ${show(a)}, ${y} of ${show(b)}: ${got}`;
}

describe('every result is in the word', () => {
  for (const name of names(operations)) {
    test(name, () => {
      const missing: string[] = [];
      for (const bits of [2, 4] as const) {
        for (const [a, b] of pairs[bits]) {
          const result = operateWord(name, a.word, b.word);
          for (const x of a.values) {
            for (const y of b.values) {
              const want = unsigned(operations[name](x, y, bits), bits);
              if (!wordContains(result, want)) missing.push(failure(name, a.word, b.word, x, y, want));
            }
          }
        }
      }
      expect(missing.slice(0, 3)).toEqual([]);
      for (const bits of [32, 64]) {
        fc.assert(
          fc.property(wordAndNumber(bits), wordAndNumber(bits), ([a, x], [b, y]) => {
            const result = operateWord(name, a, b);
            const want = unsigned(operations[name](x, y, bits), bits);
            expect(wordContains(result, want), failure(name, a, b, x, y, want)).toBe(true);
          }),
          { numRuns: 1000 },
        );
      }
    });
  }

  for (const [name, of, concrete] of [
    ['truncated', (a: Word) => truncateWord(a, 16), (x: bigint) => unsigned(x, 16)],
    ['extended by zeros', (a: Word) => zeroExtendWord(a, 16, 64), (x: bigint) => unsigned(x, 16)],
    [
      'extended by the sign',
      (a: Word) => signExtendWord(a, 16, 64),
      (x: bigint) => unsigned(signed(x, 16), 64),
    ],
    [
      'swapped',
      (a: Word) => swapWord(a, 32, 64),
      (x: bigint) => BigInt(new DataView(Uint32Array.of(Number(unsigned(x, 32))).buffer).getUint32(0)),
    ],
  ] as const) {
    test(name, () => {
      fc.assert(
        fc.property(wordAndNumber(64), ([a, x]) => {
          expect(wordContains(of(a), concrete(x)), failure(name, a, a, x, x, concrete(x))).toBe(true);
        }),
        { numRuns: 2000 },
      );
    });
  }
});

describe('constants give constants', () => {
  for (const name of names(operations)) {
    test(name, () => {
      for (let x = 0n; x < 16n; x++) {
        for (let y = 0n; y < 16n; y++) {
          const want = constantWord(operations[name](x, y, 4), 4);
          expect(operateWord(name, constantWord(x, 4), constantWord(y, 4))).toEqual(want);
        }
      }
    });
  }
});

describe('a comparison keeps the numbers for which it holds', () => {
  for (const name of names(relations)) {
    test(name, () => {
      const missing: string[] = [];
      for (const bits of [2, 4] as const) {
        for (const [a, b] of pairs[bits]) {
          const result = assumeRelation(name, a.word, b.word);
          for (const x of a.values) {
            for (const y of b.values) {
              if (!relations[name](x, y, bits)) continue;
              const isKept = result && wordContains(result[0], x) && wordContains(result[1], y);
              if (!isKept) missing.push(failure(name, a.word, b.word, x, y, result));
            }
          }
          if (result === undefined) continue;
          expect(isWordWithin(result[0], a.word) && isWordWithin(result[1], b.word)).toBe(true);
        }
      }
      expect(missing.slice(0, 3)).toEqual([]);
      fc.assert(
        fc.property(wordAndNumber(64), wordAndNumber(64), ([a, x], [b, y]) => {
          if (!relations[name](x, y, 64)) return;
          const result = assumeRelation(name, a, b);
          const isKept = result !== undefined && wordContains(result[0], x) && wordContains(result[1], y);
          expect(isKept, failure(name, a, b, x, y, result)).toBe(true);
        }),
        { numRuns: 1000 },
      );
    });

    test(`${name} of constants is decided`, () => {
      for (let x = 0n; x < 16n; x++) {
        for (let y = 0n; y < 16n; y++) {
          const holds = assumeRelation(name, constantWord(x, 4), constantWord(y, 4)) !== undefined;
          expect(holds).toBe(relations[name](x, y, 4));
          expect(relations[opposite[name]](x, y, 4)).toBe(!holds);
        }
      }
    });
  }
});

describe('what is known is used', () => {
  const range = (umin: bigint, umax: bigint): Word => narrowWord(unknownWord(64), { umin, umax })!;
  for (const [name, got, want] of [
    ['a sum', operateWord('add', range(1n, 5n), range(10n, 20n)), [11n, 25n]],
    ['a difference', operateWord('sub', range(10n, 20n), range(1n, 5n)), [5n, 19n]],
    ['a product', operateWord('mul', range(2n, 3n), range(4n, 5n)), [8n, 15n]],
    ['a mask', operateWord('and', unknownWord(64), constantWord(0x3cn, 64)), [0n, 0x3cn]],
    ['a shift', operateWord('lsh', range(0n, 15n), constantWord(2n, 64)), [0n, 60n]],
    ['a shift by a range', operateWord('lsh', range(1n, 15n), range(1n, 2n)), [2n, 60n]],
    ['a shift right', operateWord('rsh', unknownWord(64), constantWord(60n, 64)), [0n, 15n]],
    ['a quotient', operateWord('div', range(10n, 100n), constantWord(10n, 64)), [1n, 10n]],
    ['a remainder', operateWord('mod', unknownWord(64), constantWord(10n, 64)), [0n, 9n]],
    ['a byte', truncateWord(range(0x1234n, 0x1240n), 8), [0x34n, 0x40n]],
  ] as const) {
    test(name, () => expect([got.umin, got.umax]).toEqual(want));
  }

  test('bits, unsigned and signed bounds sharpen each other', () => {
    const odd = narrowWord(unknownWord(8), { tnum: { value: 1n, mask: 0xfen }, umin: 4n, umax: 6n })!;
    expect([odd.umin, odd.umax]).toEqual([5n, 6n]);
    const negative = narrowWord(unknownWord(8), { smin: -100n, umin: 128n })!;
    expect([negative.umin, negative.umax, negative.smax]).toEqual([156n, 255n, -1n]);
    expect(narrowWord(unknownWord(8), { umax: 5n, smax: -1n })).toBeUndefined();
  });
});
