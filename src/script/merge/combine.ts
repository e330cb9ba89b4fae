/**
 * How two values of a map become one, by the map's kind. Values are 32-bit words, two for each 64-bit number, lower half
 * first; sums wrap as the target's do. What these do to one value they do in any order of values alike.
 */
import { assertUnreachable } from '../../base/index.ts';
import type { MapKind } from '../plan.ts';

/** Takes the value at `at` of `from` into the one at `to` of `into`. */
export type Combine = (into: Uint32Array, to: number, from: Uint32Array, at: number) => void;

/** @param valueWords words of a value */
export function combineFor(kind: MapKind, valueWords: number): Combine {
  switch (kind.kind) {
    case 'count':
    case 'sum':
    case 'avg':
    case 'stats':
    case 'hist':
    case 'lhist':
      return (into, to, from, at) => {
        for (let i = 0; i < valueWords; i += 2) add(into, to + i, from, at + i);
      };
    case 'min':
      return extreme(kind.isSigned, (isLess) => isLess);
    case 'max':
      return extreme(kind.isSigned, (isLess) => !isLess);
    case 'value':
      return (into, to, from, at) => {
        if (isLess(from, at, into, to, false)) return;
        for (let i = 0; i < valueWords; i++) into[to + i] = from[at + i]!;
      };
    default:
      return assertUnreachable(kind);
  }
}

/**
 * Takes what has been added to a value since it was `before`; undefined where that is the same as taking the value (of a
 * smallest or a largest it is, apart from how many there were).
 */
export function combineSinceFor(
  kind: MapKind,
  valueWords: number,
):
  | ((into: Uint32Array, to: number, from: Uint32Array, at: number, before: Uint32Array, was: number) => void)
  | undefined {
  switch (kind.kind) {
    case 'min':
    case 'max': {
      const combine = combineFor(kind, valueWords);
      return (into, to, from, at, before, was) => {
        combine(into, to, from, at);
        subtract(into, to + 2, before, was + 2);
      };
    }
    case 'value':
      return undefined;
    default:
      return (into, to, from, at, before, was) => {
        for (let i = 0; i < valueWords; i += 2) {
          add(into, to + i, from, at + i);
          subtract(into, to + i, before, was + i);
        }
      };
  }
}

/** Whether something was gathered: n, the time, or a bucket is not 0. */
export function isGathered(kind: MapKind, words: Uint32Array, at: number, valueWords: number): boolean {
  switch (kind.kind) {
    case 'sum':
    case 'avg':
    case 'stats':
    case 'min':
    case 'max':
      return words[at + 2] !== 0 || words[at + 3] !== 0;
    case 'count':
    case 'value':
      return words[at] !== 0 || words[at + 1] !== 0;
    default:
      for (let i = 0; i < valueWords; i++) if (words[at + i] !== 0) return true;
      return false;
  }
}

function add(into: Uint32Array, to: number, from: Uint32Array, at: number): void {
  const low = into[to]! + from[at]!;
  into[to] = low;
  into[to + 1] = into[to + 1]! + from[at + 1]! + (low > 0xffff_ffff ? 1 : 0);
}

function subtract(into: Uint32Array, to: number, from: Uint32Array, at: number): void {
  const low = into[to]! - from[at]!;
  into[to] = low;
  into[to + 1] = into[to + 1]! - from[at + 1]! - (low < 0 ? 1 : 0);
}

/** Of {value, n}: a value counts when its n does. */
function extreme(isSigned: boolean, isBetter: (isLess: boolean) => boolean): Combine {
  return (into, to, from, at) => {
    if (from[at + 2] === 0 && from[at + 3] === 0) return;
    const isFirst = into[to + 2] === 0 && into[to + 3] === 0;
    if (isFirst || isBetter(isLess(from, at, into, to, isSigned))) {
      into[to] = from[at]!;
      into[to + 1] = from[at + 1]!;
    }
    add(into, to + 2, from, at + 2);
  };
}

function isLess(a: Uint32Array, at: number, b: Uint32Array, bt: number, isSigned: boolean): boolean {
  const flip = isSigned ? 0x8000_0000 : 0;
  const [left, right] = [(a[at + 1]! ^ flip) >>> 0, (b[bt + 1]! ^ flip) >>> 0];
  return left === right ? a[at]! < b[bt]! : left < right;
}
