/**
 * What is known of a number of `bits` bits: its bits (tnum.ts), its range as an unsigned and its range as a signed
 * number. The three sharpen each other (`reduceWord`). A register is a word of 64 bits and one of its lower 32
 * (scalar.ts); tests prove the operations on words of few bits, exhaustively.
 */
import { constantTnum, intersectTnum, isTnumWithin, type Tnum, tnumOfRange } from './tnum.ts';

export interface Word {
  readonly bits: number;
  readonly tnum: Tnum;
  /** The least and the largest value, unsigned. */
  readonly umin: bigint;
  readonly umax: bigint;
  /** The least and the largest value, two's complement. */
  readonly smin: bigint;
  readonly smax: bigint;
}

/** What a caller knows of a word; the rest follows from it. */
export type Facts = Partial<Omit<Word, 'bits'>>;

const allOnes = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

const makeUnknown = (bits: number): Word => ({
  bits,
  tnum: { value: 0n, mask: allOnes(bits) },
  umin: 0n,
  umax: allOnes(bits),
  smin: -(1n << BigInt(bits - 1)),
  smax: allOnes(bits - 1),
});

const unknownOf: readonly Word[] = Array.from({ length: 65 }, (_, bits) => makeUnknown(Math.max(bits, 1)));

/** Any number. */
export const unknownWord = (bits: number): Word => unknownOf[bits]!;

export function constantWord(value: bigint, bits: number): Word {
  const unsigned = BigInt.asUintN(bits, value);
  const signed = BigInt.asIntN(bits, value);
  return { bits, tnum: constantTnum(unsigned), umin: unsigned, umax: unsigned, smin: signed, smax: signed };
}

export const isConstantWord = (word: Word): boolean => word.umin === word.umax;

export function wordContains(word: Word, value: bigint): boolean {
  const unsigned = BigInt.asUintN(word.bits, value);
  const signed = BigInt.asIntN(word.bits, value);
  return (
    (unsigned & ~word.tnum.mask) === word.tnum.value &&
    unsigned >= word.umin &&
    unsigned <= word.umax &&
    signed >= word.smin &&
    signed <= word.smax
  );
}

/** Whether every number of `inner` is one of `outer`, as far as each part says so for itself. */
export function isWordWithin(inner: Word, outer: Word): boolean {
  return (
    inner === outer ||
    (inner.umin >= outer.umin &&
      inner.umax <= outer.umax &&
      inner.smin >= outer.smin &&
      inner.smax <= outer.smax &&
      isTnumWithin(inner.tnum, outer.tnum))
  );
}

/** The word with more known of it; undefined when no number is left. */
export function narrowWord(word: Word, facts: Facts): Word | undefined {
  const tnum = facts.tnum === undefined ? word.tnum : intersectTnum(word.tnum, facts.tnum);
  if (tnum === undefined) return undefined;
  return reduceWord({
    bits: word.bits,
    tnum,
    umin: larger(word.umin, facts.umin),
    umax: smaller(word.umax, facts.umax),
    smin: larger(word.smin, facts.smin),
    smax: smaller(word.smax, facts.smax),
  });
}

/**
 * The word of which so much is known. Of an operand that no number fits, which reduction does not always see, there is
 * no result, and any answer is right.
 */
export function wordOf(facts: Facts, bits: number): Word {
  const unknown = unknownWord(bits);
  return narrowWord(unknown, facts) ?? unknown;
}

export const larger = (a: bigint, b: bigint | undefined): bigint => (b !== undefined && b > a ? b : a);
export const smaller = (a: bigint, b: bigint | undefined): bigint => (b !== undefined && b < a ? b : a);

/** How often the parts of a word sharpen each other: they seldom have more to say after two rounds. */
const MAX_ROUNDS = 4;

/** Takes what each part says over to the others, until nothing changes; undefined when no number is left. */
function reduceWord(word: Word): Word | undefined {
  let current = word;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const next = reduceOnce(current);
    if (next === undefined || isSame(next, current)) return next;
    current = next;
  }
  return current;
}

function reduceOnce({ bits, tnum, umin, umax, smin, smax }: Word): Word | undefined {
  const sign = 1n << BigInt(bits - 1);
  const most = tnum.value | tnum.mask;
  umin = larger(umin, tnum.value);
  umax = smaller(umax, most);
  smin = larger(smin, BigInt.asIntN(bits, tnum.value | (tnum.mask & sign)));
  smax = smaller(smax, BigInt.asIntN(bits, most & ~(tnum.mask & sign)));
  if (umin > umax || smin > smax) return undefined;
  if ((umin & sign) === (umax & sign)) {
    smin = larger(smin, BigInt.asIntN(bits, umin));
    smax = smaller(smax, BigInt.asIntN(bits, umax));
  }
  // As unsigned numbers, those from smin to smax are one range, or 0 to smax and smin to the largest.
  const low = BigInt.asUintN(bits, smin);
  if (smin >= 0n || smax < 0n || umin > smax) umin = larger(umin, low);
  if (smin >= 0n || smax < 0n || umax < low) umax = smaller(umax, BigInt.asUintN(bits, smax));
  if (umin > umax || smin > smax) return undefined;
  const shared = intersectTnum(tnum, tnumOfRange(umin, umax));
  return shared && { bits, tnum: shared, umin, umax, smin, smax };
}

const isSame = (a: Word, b: Word): boolean =>
  a.umin === b.umin &&
  a.umax === b.umax &&
  a.smin === b.smin &&
  a.smax === b.smax &&
  a.tnum.mask === b.tnum.mask &&
  a.tnum.value === b.tnum.value;
