/**
 * What is known of A, X and the memory cells at a place in a classic program: from where to where their values go, and
 * up to which value the checker knows it too. The second may be larger: memory cells and tags are opaque to the checker.
 */
import { BPF_ADD, BPF_MEMWORDS } from '../cbpf/isa.ts';
import { operate } from '../cbpf/run.ts';
import { MAX32, maxOfResult } from './bounds.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
  /** What the checker takes for the largest value. */
  readonly bound: number;
}

export interface Known {
  readonly a: Range;
  readonly x: Range;
  /** The memory cells, by number. */
  readonly cells: readonly Range[];
}

export const anything: Range = { min: 0, max: MAX32, bound: MAX32 };

export function exactly(value: number): Range {
  return { min: value, max: value, bound: value };
}

/** A, X and all cells are 0 at the start of a program. */
export const atStart: Known = {
  a: exactly(0),
  x: exactly(0),
  cells: Array.from({ length: BPF_MEMWORDS }, () => exactly(0)),
};

export function upTo(max: number): Range {
  return { min: 0, max, bound: max };
}

export function merge(one: Known | undefined, other: Known): Known {
  if (one === undefined) return other;
  const cells =
    one.cells === other.cells ? one.cells : one.cells.map((cell, i) => either(cell, other.cells[i]!));
  return { a: either(one.a, other.a), x: either(one.x, other.x), cells };
}

/** What is known after a cell got a value. */
export function withCell(known: Known, cell: number, value: Range): Known {
  return { ...known, cells: known.cells.with(cell, value) };
}

function either(one: Range, other: Range): Range {
  if (one === other) return one;
  return {
    min: Math.min(one.min, other.min),
    max: Math.max(one.max, other.max),
    bound: Math.max(one.bound, other.bound),
  };
}

/** The result of a 32-bit operation. `constant` says that the right side is a constant of the instruction. */
export function operateOn(operation: number, left: Range, right: Range, constant: boolean): Range {
  const bound = maxOfResult(operation, left.bound, right.bound, false, constant);
  if (left.min === left.max && right.min === right.max) {
    const value = operate(operation, left.min, right.min);
    return value === undefined ? upTo(bound) : { min: value, max: value, bound };
  }
  return {
    min: operation === BPF_ADD && left.max + right.max <= MAX32 ? left.min + right.min : 0,
    max: Math.min(bound, maxOfResult(operation, left.max, right.max, false, constant)),
    bound,
  };
}
