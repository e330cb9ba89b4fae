/** Computes beforehand what does not depend on the event: expressions in, the same with constants in their places out. */
import type { BinaryOperator, Expression } from '../typed.ts';
import { bits64, castInteger, constantOf, isSigned, operate } from './integer.ts';
import { isUnsigned, maxOf } from './range.ts';
import { isScalar } from './scalars.ts';

/** The same value with as little to do as possible. What has an effect (`$x++`) stays. */
export function fold(expression: Expression): Expression {
  const e = foldParts(expression);
  switch (e.op) {
    case 'negate':
      return e.operand.op === 'integer' ? constant(e, -e.operand.value) : e;
    case 'complement':
      return e.operand.op === 'integer' ? constant(e, ~e.operand.value) : e;
    case 'not':
      return e.operand.op === 'integer' ? constant(e, bits64(e.operand.value) === 0n ? 1n : 0n) : e;
    case 'cast':
      return foldCast(e);
    case 'binary':
      return foldBinary(e);
    case 'and':
    case 'or':
      return foldLogic(e);
    case 'choose':
      return e.condition.op === 'integer' ? chosen(e, bits64(e.condition.value) === 0n ? e.no : e.yes) : e;
    case 'equal-text':
      if (e.left.op !== 'text' || e.right.op !== 'text') return e;
      return constant(e, textBegin(e.left.value, e.bytes) === textBegin(e.right.value, e.bytes) ? 1n : 0n);
    case 'member':
      return e.tuple.op === 'tuple' && e.tuple.members.every((each) => !hasEffect(each))
        ? e.tuple.members[e.index]!
        : e;
    default:
      return e;
  }
}

/** What stays of a choice is as signed as the choice was, and a constant text as wide. */
function chosen(e: Expression, branch: Expression): Expression {
  return isScalar(e.type) || branch.op === 'text' ? { ...branch, type: e.type } : branch;
}

function foldParts(e: Expression): Expression {
  switch (e.op) {
    case 'negate':
    case 'complement':
    case 'not':
    case 'cast':
      return { ...e, operand: fold(e.operand) };
    case 'binary':
    case 'and':
    case 'or':
    case 'equal-text':
      return { ...e, left: fold(e.left), right: fold(e.right) };
    case 'choose':
      return { ...e, condition: fold(e.condition), yes: fold(e.yes), no: fold(e.no) };
    case 'tuple':
      return { ...e, members: e.members.map(fold) };
    case 'member':
      return { ...e, tuple: fold(e.tuple) };
    case 'argument':
      return e.argument.place.kind === 'constant' ? constant(e, e.argument.place.value) : e;
    case 'map':
    case 'has-key':
      return { ...e, keys: e.keys.map(fold) };
    default:
      return e;
  }
}

/** The first bytes of a text in UTF-8, one character each. */
function textBegin(text: string, bytes: number): string {
  return String.fromCharCode(...new TextEncoder().encode(text).subarray(0, bytes));
}

function constant(e: Expression, value: bigint): Expression {
  return { op: 'integer', value: bits64(value), type: e.type, span: e.span };
}

function foldCast(e: Expression & { op: 'cast' }): Expression {
  if (e.operand.op === 'integer') return constant(e, castInteger(e.operand.value, e.bytes, e.isSigned));
  const most = 1n << BigInt(8 * e.bytes - (e.isSigned ? 1 : 0));
  if (maxOf(e.operand) < most || e.bytes === 8) return { ...e.operand, type: e.type };
  return e;
}

function foldBinary(e: Expression & { op: 'binary' }): Expression {
  const { left, right, operator } = e;
  const signs = { left: isSigned(left), right: isSigned(right) };
  if (!isScalar(left.type)) return e;
  if (left.op === 'integer' && right.op === 'integer') {
    return constant(e, operate(operator, constantOf(left), constantOf(right), signs));
  }
  const mirrored = left.op === 'integer' ? mirrors[operator] : undefined;
  if (mirrored !== undefined) return foldBinary({ ...e, operator: mirrored, left: right, right: left });
  if (right.op !== 'integer') return e;
  const value = constantOf(right);
  const decided =
    isUnsigned(e) && !hasEffect(left) ? foldComparison(operator, maxOf(left), value) : undefined;
  if (decided !== undefined) return constant(e, decided);
  const isNeutral =
    value === 0n
      ? ['+', '-', '|', '^', '<<', '>>'].includes(operator)
      : value === 1n && ['*', '/'].includes(operator);
  if (isNeutral) return { ...left, type: e.type };
  const isZero = (value === 0n && ['*', '&', '/'].includes(operator)) || (value === 1n && operator === '%');
  if (isZero && !hasEffect(left)) return constant(e, 0n);
  // All bits that can be set are kept.
  if (operator === '&' && (value & (value + 1n)) === 0n && maxOf(left) <= value)
    return { ...left, type: e.type };
  // (x + 1) + 2, (x & 7) & 3
  if (left.op === 'binary' && left.operator === operator && left.right.op === 'integer') {
    if (operator === '+' || operator === '&' || operator === '|' || operator === '^' || operator === '*') {
      const both = operate(operator, left.right.value, value, { left: false, right: false });
      return foldBinary({ ...e, left: left.left, right: constant(left.right, both) });
    }
  }
  return e;
}

/** The operator that does the same with its operands exchanged. */
const mirrors: Readonly<Partial<Record<BinaryOperator, BinaryOperator>>> = {
  ...{ '+': '+', '*': '*', '&': '&', '|': '|', '^': '^', '==': '==', '!=': '!=' },
  ...{ '<': '>', '<=': '>=', '>': '<', '>=': '<=' },
};

/** A comparison with a constant that every value is below; undefined when the value decides. */
function foldComparison(operator: BinaryOperator, most: bigint, value: bigint): bigint | undefined {
  switch (operator) {
    case '==':
    case '>=':
      return most < value ? 0n : undefined;
    case '>':
      return most <= value ? 0n : undefined;
    case '!=':
    case '<=':
      return most < value || (operator === '<=' && most === value) ? 1n : undefined;
    case '<':
      return most < value ? 1n : undefined;
    default:
      return undefined;
  }
}

/** `0 && x` is 0 whatever x is, `1 && x` is whether x is true. */
function foldLogic(e: Expression & { op: 'and' | 'or' }): Expression {
  const { left, right } = e;
  const decides = e.op === 'and' ? 0n : 1n;
  const truth = (part: Expression): bigint | undefined =>
    part.op === 'integer' ? (bits64(part.value) === 0n ? 0n : 1n) : undefined;
  if (truth(left) === decides) return constant(e, decides);
  if (truth(left) !== undefined) return truthOf(e, right);
  if (truth(right) === decides) return hasEffect(left) ? e : constant(e, decides);
  if (truth(right) !== undefined) return truthOf(e, left);
  return e;
}

/** 1 or 0 of any value. */
function truthOf(e: Expression, value: Expression): Expression {
  if (maxOf(value) <= 1n) return { ...value, type: e.type };
  return {
    op: 'binary',
    operator: '!=',
    left: value,
    right: { op: 'integer', value: 0n, type: value.type, span: value.span },
    type: e.type,
    span: e.span,
  };
}

/** The expressions that an expression is made of. */
export function partsOf(e: Expression): readonly Expression[] {
  switch (e.op) {
    case 'negate':
    case 'complement':
    case 'not':
    case 'cast':
      return [e.operand];
    case 'binary':
    case 'and':
    case 'or':
    case 'equal-text':
      return [e.left, e.right];
    case 'choose':
      return [e.condition, e.yes, e.no];
    case 'tuple':
      return e.members;
    case 'member':
      return [e.tuple];
    case 'map':
    case 'has-key':
      return e.keys;
    case 'increment':
      return e.target.kind === 'map' ? e.target.keys : [];
    case 'in-network':
      return [e.address];
    case 'read-text':
      return [e.address, ...(e.limit === undefined ? [] : [e.limit])];
    case 'read-buffer':
      return [e.address, e.length].filter((part) => part !== undefined);
    case 'read-integer':
    case 'symbol':
    case 'mac-address':
      return [e.address];
    case 'ip-address':
      return [e.address, ...(e.family === undefined ? [] : [e.family])];
    default:
      return [];
  }
}

/** Whether some part of it changes a variable or a map. */
export function hasEffect(e: Expression): boolean {
  return e.op === 'increment' || partsOf(e).some(hasEffect);
}
