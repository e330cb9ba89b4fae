/**
 * What a filter asks of a packet, as a formula over tests of values: the form between the tree of the text and the
 * graph of decisions. The order of the parts is the order of evaluation, which a truncated packet can tell.
 */
import { BPF_ADD, BPF_AND, BPF_SUB, BPF_XOR } from '../bpf/classic.ts';
import type { Value, Values } from './values.ts';

export type TestKind = 'eq' | 'gt' | 'ge' | 'set';

/** `left = right`, `left > right`, `left >= right` (unsigned) or `left & right` not 0. */
export interface Test {
  readonly kind: TestKind;
  readonly left: Value;
  readonly right: Value;
}

export type Predicate =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'test'; readonly test: Test }
  /** Always holds; from here on the cell has the value. */
  | { readonly kind: 'assign'; readonly cell: Value; readonly value: Value }
  | { readonly kind: 'not'; readonly operand: Predicate }
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Predicate[] };

export const always: Predicate = { kind: 'constant', holds: true };
export const never: Predicate = { kind: 'constant', holds: false };

export function not(operand: Predicate): Predicate {
  if (operand.kind === 'not') return operand.operand;
  return operand.kind === 'constant' ? (operand.holds ? never : always) : { kind: 'not', operand };
}

export function and(...operands: readonly Predicate[]): Predicate {
  return { kind: 'and', operands };
}

export function or(...operands: readonly Predicate[]): Predicate {
  return { kind: 'or', operands };
}

export function assign(cell: Value, value: Value): Predicate {
  return { kind: 'assign', cell, value };
}

/** Compares two values; the test is made simpler where that keeps what it loads. */
export function compare(values: Values, kind: TestKind, left: Value, right: Value): Predicate {
  if (left.kind === 'constant') {
    if (right.kind === 'constant') return holdsFor(kind, left.constant, right.constant) ? always : never;
    switch (kind) {
      case 'gt':
        return not(compare(values, 'ge', right, left));
      case 'ge':
        return not(compare(values, 'gt', right, left));
      default:
        return compare(values, kind, right, left);
    }
  }
  return right.kind === 'constant'
    ? compareWith(values, kind, left, right.constant)
    : { kind: 'test', test: { kind, left, right } };
}

function compareWith(values: Values, kind: TestKind, left: Value, constant: number): Predicate {
  const test = (testKind: TestKind, value: Value, k: number): Predicate => ({
    kind: 'test',
    test: { kind: testKind, left: value, right: values.constant(k) },
  });
  switch (kind) {
    case 'gt':
      return constant === 0xffff_ffff
        ? test('gt', left, constant)
        : compareWith(values, 'ge', left, constant + 1);
    case 'ge':
      if (constant === 1) return not(compareWith(values, 'eq', left, 0));
      return constant === 0xffff_ffff
        ? compareWith(values, 'eq', left, constant)
        : test('ge', left, constant);
    case 'set':
      if (constant === 0) return never;
      if (left.kind === 'binary' && left.operation === BPF_AND && left.right.kind === 'constant') {
        return compareWith(values, 'set', left.left, (left.right.constant & constant) >>> 0);
      }
      return test('set', left, constant);
    case 'eq':
      if (left.kind === 'negate') return compareWith(values, 'eq', left.operand, -constant >>> 0);
      if (left.kind !== 'binary') return test('eq', left, constant);
      if (left.operation === BPF_SUB && constant === 0) return compare(values, 'eq', left.left, left.right);
      if (left.right.kind !== 'constant') return test('eq', left, constant);
      switch (left.operation) {
        case BPF_ADD:
          return compareWith(values, 'eq', left.left, (constant - left.right.constant) >>> 0);
        case BPF_XOR:
          return compareWith(values, 'eq', left.left, (constant ^ left.right.constant) >>> 0);
        case BPF_AND:
          if (constant === 0) return not(compareWith(values, 'set', left.left, left.right.constant));
          return isOneBit(constant) && constant === left.right.constant
            ? compareWith(values, 'set', left.left, constant)
            : test('eq', left, constant);
        default:
          return test('eq', left, constant);
      }
  }
}

const isOneBit = (value: number): boolean => (value & (value - 1)) === 0;

/** The outcome of a test of two known numbers. */
export function holdsFor(kind: TestKind, left: number, right: number): boolean {
  switch (kind) {
    case 'eq':
      return left === right;
    case 'gt':
      return left > right;
    case 'ge':
      return left >= right;
    case 'set':
      return (left & right) !== 0;
  }
}
