/**
 * What is known of a number in a register: all 64 bits, and the lower 32 for themselves, as 32-bit instructions see
 * them. Either sharpens the other. Immutable, so that states share them.
 */
import { assumeRelation, type Relation } from './compare.ts';
import {
  constantWord,
  type Facts,
  isConstantWord,
  isWordWithin,
  narrowWord,
  unknownWord,
  type Word,
  wordOf,
} from './word.ts';
import {
  type Operation,
  operateWord,
  signExtendWord,
  swapWord,
  truncateWord,
  zeroExtendWord,
} from './word-arith.ts';

export interface Scalar {
  readonly full: Word;
  readonly low: Word;
}

const scalarOf = (full: Word): Scalar => ({ full, low: truncateWord(full, 32) });

const LOW_MASK = 0xffffffffn;

export const unknownScalar: Scalar = { full: unknownWord(64), low: unknownWord(32) };

const smallConstants: readonly Scalar[] = Array.from({ length: 256 }, (_, value) =>
  makeConstant(BigInt(value)),
);

function makeConstant(value: bigint): Scalar {
  return { full: constantWord(value, 64), low: constantWord(value, 32) };
}

/** A 64-bit number; of more bits, the lower 64 count. */
export function constantScalar(value: bigint): Scalar {
  return (value >= 0n && value < 256n && smallConstants[Number(value)]) || makeConstant(value);
}

/** What a load of so many bytes can give, extended by zeros or by the sign. */
export function loadedScalar(lengthBytes: number, isSigned = false): Scalar {
  return (isSigned ? signedLoads : loads)[lengthBytes]!;
}

const loads: readonly (Scalar | undefined)[] = perSize(zeroExtendWord);
const signedLoads: readonly (Scalar | undefined)[] = perSize(signExtendWord);

function perSize(extend: (word: Word, from: number, bits: number) => Word): readonly (Scalar | undefined)[] {
  return Array.from({ length: 9 }, (_, bytes) => {
    if (bytes !== 1 && bytes !== 2 && bytes !== 4 && bytes !== 8) return undefined;
    return scalarOf(extend(unknownWord(64), bytes * 8, 64));
  });
}

export const isConstantScalar = (scalar: Scalar): boolean => isConstantWord(scalar.full);

export const isScalarWithin = (inner: Scalar, outer: Scalar): boolean =>
  inner === outer || (isWordWithin(inner.full, outer.full) && isWordWithin(inner.low, outer.low));

/** `operation` on all 64 bits. */
export function operateScalar(operation: Operation, a: Scalar, b: Scalar): Scalar {
  const full = operateWord(operation, a.full, b.full);
  if (isConstantWord(full)) return constantScalar(full.umin);
  const low = hasOwnLow(operation, b) ? operateWord(operation, a.low, b.low) : unknownWord(32);
  return combine(full, low) ?? unknownScalar;
}

/** Whether the lower half of a result depends on the lower halves alone, and in the same way. */
function hasOwnLow(operation: Operation, { full }: Scalar): boolean {
  switch (operation) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'and':
    case 'or':
    case 'xor':
      return true;
    case 'lsh':
      return full.umax < 32n;
    default:
      return false;
  }
}

/** `operation` on the lower halves; the upper half becomes 0. */
export function operateLow(operation: Operation, a: Scalar, b: Scalar): Scalar {
  return fromLow(operateWord(operation, a.low, b.low));
}

/** The lowest `bits` bits, extended by zeros. */
export const zeroExtendScalar = (scalar: Scalar, bits: number): Scalar =>
  bits === 32 ? fromLow(scalar.low) : scalarOf(zeroExtendWord(scalar.full, bits, 64));

/** The lowest `bits` bits, extended by their sign to 64. */
export const signExtendScalar = (scalar: Scalar, bits: number): Scalar =>
  scalarOf(signExtendWord(bits === 32 ? scalar.low : scalar.full, bits, 64));

/** The lowest `bits` bits, extended by their sign to 32, then by zeros. */
export const signExtendLow = (scalar: Scalar, bits: number): Scalar =>
  fromLow(signExtendWord(scalar.low, bits, 32));

/** The lowest `bits` bits with their bytes turned around, extended by zeros. */
export const swapScalar = (scalar: Scalar, bits: number): Scalar => scalarOf(swapWord(scalar.full, bits, 64));

function fromLow(low: Word): Scalar {
  if (isConstantWord(low)) return constantScalar(low.umin);
  return { full: wordOf({ tnum: low.tnum, umin: low.umin, umax: low.umax }, 64), low };
}

/** The numbers where the relation holds, in 64 or in the lower 32 bits; undefined when it cannot. */
export function assumeScalars(
  relation: Relation,
  a: Scalar,
  b: Scalar,
  isLow: boolean,
): readonly [Scalar, Scalar] | undefined {
  const words = isLow ? assumeRelation(relation, a.low, b.low) : assumeRelation(relation, a.full, b.full);
  if (words === undefined) return undefined;
  const [leftBefore, rightBefore] = isLow ? [a.low, b.low] : [a.full, b.full];
  if (words[0] === leftBefore && words[1] === rightBefore) return [a, b];
  const left = isLow ? combine(a.full, words[0]) : combine(words[0], a.low);
  const right = isLow ? combine(b.full, words[1]) : combine(words[1], b.low);
  return left && right && [left, right];
}

/** Both halves with what each says about the other, twice; undefined when no number is left. */
function combine(full: Word, low: Word): Scalar | undefined {
  for (let round = 0; round < 2; round++) {
    const nextLow = narrowWord(low, lowFacts(full));
    const nextFull = nextLow && narrowWord(full, fullFacts(full, nextLow));
    if (nextLow === undefined || nextFull === undefined) return undefined;
    full = nextFull;
    low = nextLow;
  }
  return { full, low };
}

const lowFacts = (full: Word): Facts => truncateWord(full, 32);

/** The bounds moved to the nearest numbers whose lower half is possible. */
function fullFacts({ umin, umax, smin, smax }: Word, low: Word): Facts {
  const isSignExtension = smin >= -(1n << 31n) && smax < 1n << 31n;
  return {
    tnum: {
      value: low.tnum.value,
      mask: low.tnum.mask | 0xffffffff00000000n,
    },
    umin: atLeast(umin, low),
    umax: atMost(umax, low),
    ...(isSignExtension ? { smin: low.smin, smax: low.smax } : {}),
  };
}

function atLeast(min: bigint, low: Word): bigint {
  const half = min & LOW_MASK;
  const upper = min - half;
  return half <= low.umin ? upper + low.umin : half <= low.umax ? min : upper + (1n << 32n) + low.umin;
}

function atMost(max: bigint, low: Word): bigint {
  const half = max & LOW_MASK;
  const upper = max - half;
  return half >= low.umax ? upper + low.umax : half >= low.umin ? max : upper - (1n << 32n) + low.umax;
}
