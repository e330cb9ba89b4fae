/**
 * Tristate numbers: what is known of each bit of a number. A bit of `mask` that is 1 is not known; elsewhere `value` has
 * the bit. All numbers are unsigned and `bits` wide; arithmetic wraps.
 *
 * The operations are those of Vishwanathan et al., "Sound, Precise, and Fast Abstract Interpretation with Tristate
 * Numbers" (CGO 2022): each result contains every result of the operation on contained numbers.
 */

/** Where `mask` has a 1, `value` has a 0. */
export interface Tnum {
  readonly value: bigint;
  readonly mask: bigint;
}

export const constantTnum = (value: bigint): Tnum => ({ value, mask: 0n });

const tnum = (value: bigint, mask: bigint): Tnum => ({ value: value & ~mask, mask });

/** The bits that all numbers from `min` to `max` share: those above the highest one in which the ends differ. */
export function tnumOfRange(min: bigint, max: bigint): Tnum {
  const differing = min ^ max;
  const mask = differing === 0n ? 0n : (1n << BigInt(differing.toString(2).length)) - 1n;
  return tnum(min, mask);
}

/** What both say; undefined when they contradict each other. */
export function intersectTnum(a: Tnum, b: Tnum): Tnum | undefined {
  if (((a.value ^ b.value) & ~(a.mask | b.mask)) !== 0n) return undefined;
  return tnum(a.value | b.value, a.mask & b.mask);
}

/** Whether every number of `inner` is one of `outer`. */
export function isTnumWithin(inner: Tnum, outer: Tnum): boolean {
  return (inner.mask & ~outer.mask) === 0n && (inner.value & ~outer.mask) === outer.value;
}

export function addTnum(a: Tnum, b: Tnum, bits: number): Tnum {
  const least = a.value + b.value;
  const carries = (least + a.mask + b.mask) ^ least;
  return trim(least, carries | a.mask | b.mask, bits);
}

export function subTnum(a: Tnum, b: Tnum, bits: number): Tnum {
  const middle = a.value - b.value;
  const borrows = (middle + a.mask) ^ (middle - b.mask);
  return trim(middle, borrows | a.mask | b.mask, bits);
}

/** Long multiplication: the known product, and a sum of what each bit that is not 0 may add to it. */
export function mulTnum(a: Tnum, b: Tnum, bits: number): Tnum {
  let unknown: Tnum = constantTnum(0n);
  for (let bit = 0n; bit < BigInt(bits); bit++) {
    if (((a.value >> bit) & 1n) === 1n) {
      unknown = addTnum(unknown, { value: 0n, mask: BigInt.asUintN(bits, b.mask << bit) }, bits);
    } else if (((a.mask >> bit) & 1n) === 1n) {
      const any = BigInt.asUintN(bits, (b.value | b.mask) << bit);
      unknown = addTnum(unknown, { value: 0n, mask: any }, bits);
    }
  }
  return addTnum(constantTnum(BigInt.asUintN(bits, a.value * b.value)), unknown, bits);
}

export function andTnum(a: Tnum, b: Tnum): Tnum {
  const value = a.value & b.value;
  return { value, mask: (a.value | a.mask) & (b.value | b.mask) & ~value };
}

export function orTnum(a: Tnum, b: Tnum): Tnum {
  const value = a.value | b.value;
  return { value, mask: (a.mask | b.mask) & ~value };
}

export function xorTnum(a: Tnum, b: Tnum): Tnum {
  return tnum(a.value ^ b.value, a.mask | b.mask);
}

export function shiftTnumLeft(a: Tnum, by: bigint, bits: number): Tnum {
  return trim(a.value << by, a.mask << by, bits);
}

export function shiftTnumRight(a: Tnum, by: bigint): Tnum {
  return { value: a.value >> by, mask: a.mask >> by };
}

/** The shift that copies the sign bit, known or not. */
export function shiftTnumArithmetic(a: Tnum, by: bigint, bits: number): Tnum {
  return trim(BigInt.asIntN(bits, a.value) >> by, BigInt.asIntN(bits, a.mask) >> by, bits);
}

/** The lowest `from` bits, extended by their sign bit, known or not, to `bits`. */
export function extendTnum(a: Tnum, from: number, bits: number): Tnum {
  return trim(BigInt.asIntN(from, a.value), BigInt.asIntN(from, a.mask), bits);
}

/** The lowest `bits` bits. */
export function truncateTnum(a: Tnum, bits: number): Tnum {
  return trim(a.value, a.mask, bits);
}

function trim(value: bigint, mask: bigint, bits: number): Tnum {
  return tnum(BigInt.asUintN(bits, value), BigInt.asUintN(bits, mask));
}
