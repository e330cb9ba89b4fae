/**
 * The arithmetic of BPF on words of which only something is known: each result contains every result of the operation
 * on contained numbers (RFC 9669, section 4.1: division by zero gives 0, the remainder of it is the dividend, shift
 * amounts count modulo the width). Both operands have the same width, which is a power of two for shifts.
 */
import {
  addTnum,
  andTnum,
  constantTnum,
  extendTnum,
  mulTnum,
  orTnum,
  shiftTnumArithmetic,
  shiftTnumLeft,
  shiftTnumRight,
  subTnum,
  truncateTnum,
  xorTnum,
} from './tnum.ts';
import {
  constantWord,
  type Facts,
  isConstantWord,
  larger,
  smaller,
  unknownWord,
  type Word,
  wordOf,
} from './word.ts';

export type Operation =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'sdiv'
  | 'mod'
  | 'smod'
  | 'and'
  | 'or'
  | 'xor'
  | 'lsh'
  | 'rsh'
  | 'arsh';

export function operateWord(operation: Operation, a: Word, b: Word): Word {
  if (isConstantWord(a) && isConstantWord(b)) {
    return constantWord(onConstants[operation](a, b, BigInt(a.bits)), a.bits);
  }
  return operations[operation](a, b, a.bits);
}

/** The operations on words that are one number. */
const onConstants: Readonly<Record<Operation, (a: Word, b: Word, bits: bigint) => bigint>> = {
  add: (a, b) => a.umin + b.umin,
  sub: (a, b) => a.umin - b.umin,
  mul: (a, b) => a.umin * b.umin,
  div: (a, b) => (b.umin === 0n ? 0n : a.umin / b.umin),
  sdiv: (a, b) => (b.smin === 0n ? 0n : a.smin / b.smin),
  mod: (a, b) => (b.umin === 0n ? a.umin : a.umin % b.umin),
  smod: (a, b) => (b.smin === 0n ? a.smin : a.smin % b.smin),
  and: (a, b) => a.umin & b.umin,
  or: (a, b) => a.umin | b.umin,
  xor: (a, b) => a.umin ^ b.umin,
  lsh: (a, b, bits) => a.umin << (b.umin % bits),
  rsh: (a, b, bits) => a.umin >> (b.umin % bits),
  arsh: (a, b, bits) => a.smin >> (b.umin % bits),
};

/** The lowest `bits` bits of a word. */
export function truncateWord(word: Word, bits: number): Word {
  if (isConstantWord(word)) return constantWord(word.umin, bits);
  return wordOf({ tnum: truncateTnum(word.tnum, bits), ...cut(word, bits), ...cutSigned(word, bits) }, bits);
}

/** The lowest `from` bits of a word, extended by zeros to `bits`. */
export function zeroExtendWord(word: Word, from: number, bits: number): Word {
  const { tnum, umin, umax } = truncateWord(word, from);
  return wordOf({ tnum, umin, umax }, bits);
}

/** The lowest `from` bits of a word, extended by their sign to `bits`. */
export function signExtendWord(word: Word, from: number, bits: number): Word {
  const { tnum, smin, smax } = truncateWord(word, from);
  return wordOf({ tnum: extendTnum(tnum, from, bits), smin, smax }, bits);
}

/** The order of the lowest `from` bits turned around byte by byte, extended by zeros to `bits`. */
export function swapWord(word: Word, from: number, bits: number): Word {
  const { tnum } = truncateWord(word, from);
  return wordOf({ tnum: { value: swapBytes(tnum.value, from), mask: swapBytes(tnum.mask, from) } }, bits);
}

function swapBytes(value: bigint, bits: number): bigint {
  let swapped = 0n;
  for (let at = 0; at < bits; at += 8) swapped = (swapped << 8n) | ((value >> BigInt(at)) & 0xffn);
  return swapped;
}

/** Unsigned bounds hold for the lower bits when the upper ones do not change between them. */
function cut({ umin, umax }: Word, bits: number): Facts {
  if (umin >> BigInt(bits) !== umax >> BigInt(bits)) return {};
  return { umin: BigInt.asUintN(bits, umin), umax: BigInt.asUintN(bits, umax) };
}

/** Signed bounds hold for the lower bits when the upper ones, their sign among them, do not change between them. */
function cutSigned({ smin, smax }: Word, bits: number): Facts {
  const above = BigInt(bits - 1);
  if (smin >> above !== smax >> above) return {};
  return { smin: BigInt.asIntN(bits, smin), smax: BigInt.asIntN(bits, smax) };
}

/** Bounds of a sum or difference, unless some results wrap and others do not. */
function wrapped(umin: bigint, umax: bigint, smin: bigint, smax: bigint, bits: number): Facts {
  const width = BigInt(bits);
  return {
    ...(umin >> width === umax >> width
      ? { umin: BigInt.asUintN(bits, umin), umax: BigInt.asUintN(bits, umax) }
      : {}),
    ...((smin + (1n << (width - 1n))) >> width === (smax + (1n << (width - 1n))) >> width
      ? { smin: BigInt.asIntN(bits, smin), smax: BigInt.asIntN(bits, smax) }
      : {}),
  };
}

const operations: Readonly<Record<Operation, (a: Word, b: Word, bits: number) => Word>> = {
  add: (a, b, bits) =>
    wordOf(
      {
        tnum: addTnum(a.tnum, b.tnum, bits),
        ...wrapped(a.umin + b.umin, a.umax + b.umax, a.smin + b.smin, a.smax + b.smax, bits),
      },
      bits,
    ),
  sub: (a, b, bits) =>
    wordOf(
      {
        tnum: subTnum(a.tnum, b.tnum, bits),
        ...wrapped(a.umin - b.umax, a.umax - b.umin, a.smin - b.smax, a.smax - b.smin, bits),
      },
      bits,
    ),
  mul(a, b, bits) {
    const corners = [a.smin * b.smin, a.smin * b.smax, a.smax * b.smin, a.smax * b.smax];
    const [smin, smax] = ends(corners);
    const bounds = wrapped(a.umin * b.umin, a.umax * b.umax, smin, smax, bits);
    return wordOf({ tnum: mulTnum(a.tnum, b.tnum, bits), ...bounds }, bits);
  },
  div(a, b, bits) {
    if (b.umax === 0n) return constantWord(0n, bits);
    const umin = b.umin === 0n ? 0n : a.umin / b.umax;
    return wordOf({ umin, umax: a.umax / (b.umin === 0n ? 1n : b.umin) }, bits);
  },
  sdiv(a, b, bits) {
    if (!isConstantWord(b) || b.smin === -1n) return unknownWord(bits);
    if (b.smin === 0n) return constantWord(0n, bits);
    const [smin, smax] = ends([a.smin / b.smin, a.smax / b.smin]);
    return wordOf({ smin, smax }, bits);
  },
  mod(a, b, bits) {
    if (b.umax === 0n || (b.umin > 0n && a.umax < b.umin)) return a;
    return wordOf({ umax: b.umin === 0n || a.umax < b.umax ? a.umax : b.umax - 1n }, bits);
  },
  smod(a, b, bits) {
    if (isConstantWord(b) && b.smin === 0n) return a;
    // The remainder has the sign of the dividend, and is nearer to 0 than both; of 0, it is the dividend.
    const most = isConstantWord(b) ? (b.smin < 0n ? -b.smin : b.smin) - 1n : 1n << BigInt(bits - 1);
    const smin = a.smin > 0n ? 0n : a.smin < -most ? -most : a.smin;
    const smax = a.smax < 0n ? 0n : a.smax > most ? most : a.smax;
    return wordOf({ smin, smax }, bits);
  },
  and: (a, b, bits) => wordOf({ tnum: andTnum(a.tnum, b.tnum), umax: smaller(a.umax, b.umax) }, bits),
  or: (a, b, bits) => wordOf({ tnum: orTnum(a.tnum, b.tnum), umin: larger(a.umin, b.umin) }, bits),
  xor: (a, b, bits) => wordOf({ tnum: xorTnum(a.tnum, b.tnum) }, bits),
  lsh(a, b, bits) {
    const [least, most] = shiftAmounts(b, bits);
    if (least === most) {
      const bounds = wrapped(a.umin << least, a.umax << least, a.smin << least, a.smax << least, bits);
      return wordOf({ tnum: shiftTnumLeft(a.tnum, least, bits), ...bounds }, bits);
    }
    if ((a.umax << most) >> BigInt(bits) !== 0n) return unknownWord(bits);
    return wordOf({ umin: a.umin << least, umax: a.umax << most }, bits);
  },
  rsh(a, b, bits) {
    const [least, most] = shiftAmounts(b, bits);
    const tnum = least === most ? { tnum: shiftTnumRight(a.tnum, least) } : {};
    return wordOf({ ...tnum, umin: a.umin >> most, umax: a.umax >> least }, bits);
  },
  arsh(a, b, bits) {
    const [least, most] = shiftAmounts(b, bits);
    const tnum = least === most ? { tnum: shiftTnumArithmetic(a.tnum, least, bits) } : {};
    const smin = a.smin >> (a.smin < 0n ? least : most);
    return wordOf({ ...tnum, smin, smax: a.smax >> (a.smax < 0n ? most : least) }, bits);
  },
};

/** The least and the largest shift by `word`. */
function shiftAmounts(word: Word, bits: number): readonly [bigint, bigint] {
  const modulo = constantTnum(BigInt(bits - 1));
  const { umin, umax } = wordOf(
    word.umax < BigInt(bits) ? { umin: word.umin, umax: word.umax } : { tnum: andTnum(word.tnum, modulo) },
    bits,
  );
  return [umin, umax];
}

function ends(values: readonly bigint[]): readonly [bigint, bigint] {
  return [
    values.reduce((least, value) => smaller(least, value)),
    values.reduce((most, value) => larger(most, value)),
  ];
}
