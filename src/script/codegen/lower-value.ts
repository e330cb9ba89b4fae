/**
 * Expressions whose value fits a register. `into` belongs to the caller and is written last, but for the operations that
 * work in place; whatever else is needed is taken and given back. Expressions come folded (fold.ts).
 */
import { opcodes as o } from '../../bpf/index.ts';
import { valueBytes } from '../plan.ts';
import type { Expression } from '../typed.ts';
import type { Scope } from './form.ts';
import { bits64, constantOf, exponentOf, isImmediate, isSigned } from './integer.ts';
import { lowerDivision } from './lower-division.ts';
import { lowerIncrement, lowerMapRead } from './lower-map.ts';
import { withOperands } from './operands.ts';
import { refuse } from './probe-code.ts';
import { maxOf } from './range.ts';
import { isScalar } from './scalars.ts';

const operations: Readonly<Partial<Record<string, number>>> = {
  '+': o.BPF_ADD,
  '-': o.BPF_SUB,
  '*': o.BPF_MUL,
  '&': o.BPF_AND,
  '|': o.BPF_OR,
  '^': o.BPF_XOR,
};

export function lowerValue(scope: Scope, e: Expression, into: number): void {
  scope.code.hold(into, false);
  lowerInto(scope, e, into);
  scope.code.hold(into);
}

function lowerInto(scope: Scope, e: Expression, into: number): void {
  const { asm, code } = scope;
  switch (e.op) {
    case 'integer':
      asm.constant(into, constantOf(e));
      return;
    case 'negate':
      lowerValue(scope, e.operand, into);
      asm.alu(o.BPF_NEG, into, 0);
      return;
    case 'complement':
      lowerValue(scope, e.operand, into);
      asm.alu(o.BPF_XOR, into, -1);
      return;
    case 'not':
    case 'and':
    case 'or':
    case 'equal-text':
    case 'has-field':
    case 'has-protocol':
    case 'in-network':
    case 'has-key':
      lowerTruth(scope, e, into);
      return;
    case 'binary':
      lowerBinary(scope, e, into);
      return;
    case 'choose': {
      const [no, end] = [asm.label(), asm.label()];
      scope.lower.branch(scope, e.condition, no, false);
      const forget = scope.form.assume(e.condition);
      lowerValue(scope, e.yes, into);
      forget();
      asm.jump(end);
      asm.bind(no);
      lowerValue(scope, e.no, into);
      asm.bind(end);
      return;
    }
    case 'cast':
      lowerValue(scope, e.operand, into);
      lowerCast(scope, e, into);
      return;
    case 'variable': {
      const home = scope.variables[e.variable]!;
      if (home.kind === 'scratch') refuse(code, 'a text or tuple where a number is expected', e.span);
      code.readHome(home, into);
      return;
    }
    case 'member':
      lowerMember(scope, e, into);
      return;
    case 'map':
      lowerMapRead(scope, e, into);
      return;
    case 'increment':
      lowerIncrement(scope, e, into);
      return;
    case 'mac-address':
      if (isScalar(e.address.type)) lowerValue(scope, e.address, into);
      else scope.form.scalar(scope, e, into);
      return;
    default:
      code.at(e.span);
      scope.form.scalar(scope, e, into);
  }
}

/** 1 or 0. */
function lowerTruth(scope: Scope, e: Expression, into: number): void {
  const { asm } = scope;
  const [no, end] = [asm.label(), asm.label()];
  scope.lower.branch(scope, e, no, false);
  asm.constant(into, 1n);
  asm.jump(end);
  asm.bind(no);
  asm.constant(into, 0n);
  asm.bind(end);
}

function lowerBinary(scope: Scope, e: Expression & { op: 'binary' }, into: number): void {
  const { asm } = scope;
  const { operator, left, right } = e;
  if (operator === '/' || operator === '%') {
    lowerDivision(scope, e, into);
  } else if (operator === '<<' || operator === '>>') {
    lowerShift(scope, e, into);
  } else {
    const operation = operations[operator];
    if (operation === undefined) lowerTruth(scope, e, into);
    else if (right.op === 'integer' && lowerWithConstant(scope, e, into)) return;
    else withOperands(scope, left, right, into, (register) => asm.aluRegister(operation, into, register));
  }
}

/** Operations that an immediate value can do; false for none of them. */
function lowerWithConstant(scope: Scope, e: Expression & { op: 'binary' }, into: number): boolean {
  const { asm } = scope;
  const value = e.right.op === 'integer' ? bits64(e.right.value) : 0n;
  const signed = BigInt.asIntN(64, value);
  const shift = e.operator === '*' ? exponentOf(value) : undefined;
  if (shift !== undefined) {
    lowerValue(scope, e.left, into);
    asm.alu(o.BPF_LSH, into, shift);
  } else if (e.operator === '&' && value === 0xffff_ffffn) {
    lowerValue(scope, e.left, into);
    asm.lowHalf(into);
  } else if (isImmediate(signed)) {
    lowerValue(scope, e.left, into);
    asm.alu(operations[e.operator]!, into, Number(signed));
  } else {
    return false;
  }
  return true;
}

function lowerShift(scope: Scope, e: Expression & { op: 'binary' }, into: number): void {
  const { asm } = scope;
  const { operator, left, right } = e;
  const keepsSign = isSigned(left) && maxOf(left) >= 1n << 63n;
  const operation = operator === '<<' ? o.BPF_LSH : keepsSign ? o.BPF_ARSH : o.BPF_RSH;
  if (right.op === 'integer') {
    lowerValue(scope, left, into);
    asm.alu(operation, into, Number(right.value & 63n));
    return;
  }
  withOperands(scope, left, right, into, (register) => {
    if (maxOf(right) <= 63n) {
      asm.aluRegister(operation, into, register);
      return;
    }
    asm.move(0, register);
    asm.alu(o.BPF_AND, 0, 63);
    asm.aluRegister(operation, into, 0);
  });
}

function lowerCast(
  scope: Scope,
  { bytes, isSigned: signed }: Expression & { op: 'cast' },
  into: number,
): void {
  const { asm } = scope;
  if (bytes === 8) return;
  if (!signed && bytes === 4) {
    asm.lowHalf(into);
  } else if (!signed) {
    asm.alu(o.BPF_AND, into, 2 ** (8 * bytes) - 1);
  } else {
    asm.alu(o.BPF_LSH, into, 64 - 8 * bytes);
    asm.alu(o.BPF_ARSH, into, 64 - 8 * bytes);
  }
}

/** A member of a tuple that lies in memory. */
function lowerMember(scope: Scope, e: Expression & { op: 'member' }, into: number): void {
  const { asm, code } = scope;
  const { type } = e.tuple;
  if (type.kind !== 'tuple') refuse(code, 'a member of what is no tuple', e.span);
  const offset = type.members.slice(0, e.index).reduce((sum, member) => sum + valueBytes(member), 0);
  const home = e.tuple.op === 'variable' ? scope.variables[e.tuple.variable] : undefined;
  const read = (tuple: number): void => {
    const { base, offset: at } = code.scratch(tuple + offset);
    asm.load(8, into, base, at);
  };
  if (home?.kind === 'scratch') {
    read(home.offset);
    return;
  }
  code.withScratch(valueBytes(type), (at) => {
    scope.lower.bytes(scope, e.tuple, code.scratch(at), type);
    read(at);
  });
}
