/**
 * Types of expressions: a tree becomes a typed one, or a fault. Integers are unsigned when one of two operands is, as in
 * C; a literal takes the other's side.
 */
import type { Span } from '../../base/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import type { ValueType } from '../plan.ts';
import { type ExpressionTree, fail, type TargetTree, type TypeName } from '../syntax/index.ts';
import type { BinaryOperator, Expression, Target } from '../typed.ts';
import { callValue } from './calls.ts';
import { requireForm } from './forms.ts';
import { builtinValue, integerValue, namedArgument, positionalNumber } from './names.ts';
import {
  type Comparand,
  compareField,
  dottedName,
  FRAME_LENGTH,
  fieldValue,
  hasProtocol,
  isFieldName,
  type NamedField,
  presence,
  requireComparable,
  requirePacket,
  tryField,
  tryProtocol,
  typeOfField,
} from './packet-fields.ts';
import type { ProbeChecker, ScriptScope, VariableTable } from './probe-checker.ts';
import { describeType, integerType, signed, typeOfText, unify, unknown } from './value-types.ts';

type TreeOf<K extends ExpressionTree['kind']> = Extract<ExpressionTree, { kind: K }>;

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const mirrored: Readonly<Record<string, BinaryOperator>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' };
interface IntegerType {
  readonly bytes: 1 | 2 | 4 | 8;
  readonly isSigned: boolean;
}

const integerTypes: ReadonlyMap<string, IntegerType> = new Map<string, IntegerType>(
  ([1, 2, 4, 8] as const).flatMap((bytes): [string, IntegerType][] => [
    [`int${8 * bytes}`, { bytes, isSigned: true }],
    [`uint${8 * bytes}`, { bytes, isSigned: false }],
  ]),
);

export class ExpressionChecker implements ProbeChecker {
  readonly script: ScriptScope;
  readonly point: ProbePoint;
  readonly probeName: string;
  readonly variables: VariableTable;

  constructor(script: ScriptScope, point: ProbePoint, probeName: string, variables: VariableTable) {
    this.script = script;
    this.point = point;
    this.probeName = probeName;
    this.variables = variables;
  }

  condition(tree: ExpressionTree): Expression {
    const field = tryField(tree, this);
    if (field !== undefined) return presence(field);
    const value = this.value(tree);
    if (value.type.kind === 'integer') return value;
    return fail(tree.span, `a condition is an integer, this is ${describeType(value.type)}`);
  }

  integer(tree: ExpressionTree, what: string): Expression {
    const value = this.value(tree);
    if (value.type.kind === 'integer') return value;
    return fail(tree.span, `${what} takes an integer, got ${describeType(value.type)}`);
  }

  literal(tree: ExpressionTree, what: string): bigint {
    if (tree.kind === 'integer') return tree.value;
    if (tree.kind === 'positional') return positionalNumber(tree.index, tree.span, this);
    if (tree.kind === 'unary' && tree.operator === '-') return -this.literal(tree.operand, what);
    return fail(tree.span, `${what} has to be a number that is written out`);
  }

  value(tree: ExpressionTree): Expression {
    const { span } = tree;
    switch (tree.kind) {
      case 'integer':
        return integerValue(tree.value, span);
      case 'text':
        return { op: 'text', value: tree.value, type: typeOfText(tree.value), span };
      case 'address':
        return this.address(tree);
      case 'positional':
        return integerValue(positionalNumber(tree.index, span, this), span);
      case 'name':
      case 'member':
        return this.named(tree);
      case 'variable': {
        const variable = this.variables.find(tree.name);
        if (variable === undefined) return this.failUnassigned(tree.name, span);
        return { op: 'variable', variable: variable.number, type: variable.type, span };
      }
      case 'map': {
        const { map, keys } = this.mapAndKeys(tree);
        this.script.maps.read(tree);
        return { op: 'map', map, keys, type: this.script.maps.valueType(tree), span };
      }
      case 'unary':
        return this.unary(tree);
      case 'increment':
        return this.increment(tree);
      case 'binary':
        return this.binary(tree);
      case 'choose':
        return this.choose(tree);
      case 'cast':
        return this.cast(tree);
      case 'index':
        return this.index(tree);
      case 'tuple': {
        const members = tree.members.map((member) => this.value(member));
        return { op: 'tuple', members, type: { kind: 'tuple', members: members.map((m) => m.type) }, span };
      }
      case 'size-of-type':
        return integerValue(BigInt(this.integerTypeOf(tree.type)?.bytes ?? 8), span);
      case 'call':
        return callValue(tree, this);
    }
  }

  /** The number of a map and its keys. */
  mapAndKeys(tree: TreeOf<'map'>): { map: number; keys: readonly Expression[] } {
    const keys = tree.keys.map((key) => this.value(key));
    return { map: this.script.maps.use(tree, keyTypes(keys)), keys };
  }

  /** What an assignment or increment goes to; of variables, the type that they get. */
  target(tree: TargetTree, type: ValueType, span: Span): Target {
    if (tree.kind === 'map') return { kind: 'map', ...this.mapAndKeys(tree) };
    const variable = this.variables.assign(tree.name, type, tree.span);
    if (variable !== undefined) return { kind: 'variable', variable };
    const known = this.variables.find(tree.name)!;
    const line = this.script.source.slice(0, known.span.start).split('\n').length;
    return fail(
      span,
      `${tree.name} is ${describeType(known.type)} and cannot become ${describeType(type)}`,
      `it got its type in line ${line}`,
    );
  }

  private failUnassigned(name: string, span: Span): never {
    return fail(span, `nothing was assigned to ${name} before it is read`);
  }

  private address(tree: TreeOf<'address'>): Expression {
    if (tree.prefix !== undefined) {
      fail(tree.span, 'a network stands only behind the == or != of a field', 'as in ip.src == 10.0.0.0/8');
    }
    return { op: 'integer', value: tree.value, type: { kind: tree.family }, span: tree.span };
  }

  private named(tree: TreeOf<'name' | 'member'>): Expression {
    const { span } = tree;
    if (tree.kind === 'member' && tree.object.kind === 'name' && tree.object.name === 'args') {
      return namedArgument(tree.name, span, this);
    }
    const name = dottedName(tree);
    if (name === FRAME_LENGTH) {
      requirePacket(name, span, this);
      return namedArgument('len', span, this);
    }
    const protocol = tryProtocol(tree);
    if (protocol !== undefined) {
      requirePacket(protocol, span, this);
      return hasProtocol(protocol, span);
    }
    const field = tryField(tree, this);
    if (field !== undefined) return fieldValue(field);
    if (tree.kind === 'name') return builtinValue(tree.name, span, this);
    return this.member(tree);
  }

  private member(tree: TreeOf<'member'>): Expression {
    const name = dottedName(tree);
    if (name !== undefined && !isFieldName(name) && tree.object.kind === 'name') {
      builtinValue(tree.object.name, tree.object.span, this);
    }
    const tuple = this.value(tree.object);
    if (tuple.type === unknown) return { ...tuple, span: tree.span };
    if (tuple.type.kind !== 'tuple') {
      return fail(tree.nameSpan, `${describeType(tuple.type)} has no member ${tree.name}`);
    }
    const index = /^[0-9]+$/.test(tree.name) ? Number(tree.name) : -1;
    const type = tuple.type.members[index];
    if (type === undefined) {
      const last = tuple.type.members.length - 1;
      return fail(tree.nameSpan, `this tuple has the members 0 to ${last}: no ${tree.name}`);
    }
    return { op: 'member', tuple, index, type, span: tree.span };
  }

  private unary(tree: TreeOf<'unary'>): Expression {
    const { operand, operator, span } = tree;
    if (operator === '!') {
      return { op: 'not', operand: this.condition(operand), type: signed, span };
    }
    if (operator === '*') return this.dereference(operand, span);
    const value = this.integer(operand, `"${operator}"`);
    if (operator === '-' && value.op === 'integer') {
      if (value.value > 1n << 63n) fail(span, `-${value.value} does not fit into 64 bits`);
      return integerValue(-value.value, span);
    }
    const op = operator === '-' ? 'negate' : 'complement';
    return { op, operand: value, type: value.type, span };
  }

  /** `*(uint16 *)address` */
  private dereference(operand: ExpressionTree, span: Span): Expression {
    const pointer = operand.kind === 'cast' ? operand : undefined;
    const type = pointer?.type.pointers === 1 ? this.integerTypeOf(pointer.type) : undefined;
    if (pointer === undefined || type === undefined) {
      return fail(span, 'memory is read by *(uint16 *)address, with an integer type of its size');
    }
    requireForm(this.script.form, 'kernel', span, 'reading memory');
    const address = this.integer(pointer.operand, 'an address');
    return { op: 'read-integer', address, ...type, type: integerType(type.isSigned), span };
  }

  /** `((uint16 *)address)[3]` */
  private index(tree: TreeOf<'index'>): Expression {
    const { object, span } = tree;
    const pointer = object.kind === 'cast' ? object : undefined;
    const type = pointer?.type.pointers === 1 ? this.integerTypeOf(pointer.type) : undefined;
    if (pointer === undefined || type === undefined) {
      return fail(span, 'only memory has an index: ((uint16 *)address)[3]');
    }
    requireForm(this.script.form, 'kernel', span, 'reading memory');
    const left = this.integer(pointer.operand, 'an address');
    const index = this.integer(tree.index, 'an index');
    const size = integerValue(BigInt(type.bytes), span);
    const right: Expression = {
      op: 'binary',
      operator: '*',
      left: index,
      right: size,
      type: index.type,
      span,
    };
    const address: Expression = { op: 'binary', operator: '+', left, right, type: left.type, span };
    return { op: 'read-integer', address, ...type, type: integerType(type.isSigned), span };
  }

  private integerTypeOf({ name, span }: TypeName): IntegerType | undefined {
    const type = integerTypes.get(name);
    if (type !== undefined) return type;
    return fail(
      span,
      /^(?:struct|union|enum)\b/.test(name)
        ? `${name} is not known here: no type of the program or the kernel is read, so its members have no places`
        : `no type ${name}`,
      'memory is read by numbers, as in *(uint32 *)(arg0 + 8); the types are int8, int16, int32, int64 and uint8, uint16, uint32, uint64',
    );
  }

  private cast(tree: TreeOf<'cast'>): Expression {
    const type = this.integerTypeOf(tree.type)!;
    if (tree.type.pointers > 0) {
      fail(
        tree.type.span,
        'a pointer is no value here',
        'read at once what it points to: *(uint16 *)address',
      );
    }
    const operand = this.integer(tree.operand, `(${tree.type.name})`);
    return { op: 'cast', operand, ...type, type: integerType(type.isSigned), span: tree.span };
  }

  private increment(tree: TreeOf<'increment'>): Expression {
    const { target, by, gives, span } = tree;
    if (target.kind === 'map') {
      this.script.maps.aim(target);
      this.script.maps.read(target);
      this.script.maps.write(target, { kind: 'value', type: signed }, span);
    } else {
      const known = this.variables.find(target.name);
      if (known === undefined) return this.failUnassigned(target.name, target.span);
      if (known.type.kind !== 'integer') {
        fail(
          span,
          `"${by === 1 ? '++' : '--'}" takes an integer, ${target.name} is ${describeType(known.type)}`,
        );
      }
    }
    const to = this.target(target, signed, span);
    const type = target.kind === 'map' ? this.script.maps.valueType(target) : this.value(target).type;
    return { op: 'increment', target: to, by, gives, type, span };
  }

  private choose(tree: TreeOf<'choose'>): Expression {
    const condition = this.condition(tree.condition);
    const yes = this.value(tree.yes);
    const no = this.value(tree.no);
    const type = unifyOperands(yes, no);
    if (type === undefined) {
      return fail(
        tree.span,
        `both sides of ":" have one type: ${describeType(yes.type)} and ${describeType(no.type)} are two`,
      );
    }
    return { op: 'choose', condition, yes, no, type, span: tree.span };
  }

  private binary(tree: TreeOf<'binary'>): Expression {
    const { operator, span } = tree;
    if (operator === '&&' || operator === '||') {
      const left = this.condition(tree.left);
      const right = this.condition(tree.right);
      return { op: operator === '&&' ? 'and' : 'or', left, right, type: signed, span };
    }
    if (comparisons.has(operator)) return this.comparison(tree, operator);
    const left = this.integer(tree.left, `"${operator}"`);
    const right = this.integer(tree.right, `"${operator}"`);
    const isShift = operator === '<<' || operator === '>>';
    const type = isShift ? left.type : unifyOperands(left, right)!;
    if (isShift) return { op: 'binary', operator, left, right, type, span };
    return { op: 'binary', operator, left: asOperand(left, type), right: asOperand(right, type), type, span };
  }

  private comparison(tree: TreeOf<'binary'>, operator: BinaryOperator): Expression {
    const { span } = tree;
    const leftField = tryField(tree.left, this);
    const rightField = tryField(tree.right, this);
    if (leftField !== undefined) {
      const result = this.fieldComparison(leftField, operator, tree.right, span);
      if (rightField === undefined) return result;
      return { op: 'and', left: presence(rightField), right: result, type: signed, span };
    }
    if (rightField !== undefined) {
      return this.fieldComparison(rightField, mirrored[operator] ?? operator, tree.left, span);
    }
    return compareValues(operator, this.value(tree.left), this.value(tree.right), span);
  }

  private fieldComparison(
    field: NamedField,
    operator: BinaryOperator,
    other: ExpressionTree,
    span: Span,
  ): Expression {
    let comparand: Comparand;
    if (other.kind === 'address' && other.prefix !== undefined) {
      const bits = BigInt((other.family === 'ipv4' ? 32 : 128) - other.prefix);
      comparand = { network: (other.value >> bits) << bits, prefixBits: other.prefix };
      requireComparable(field, operator, { kind: other.family }, span);
    } else {
      const value = this.value(other);
      requireComparable(field, operator, value.type, span);
      comparand = asOperand(value, typeOfField(field.fields[0]!));
    }
    return compareField(field, operator, comparand, span);
  }
}

/** Types of keys; a number that is written out says nothing about their sign. */
function keyTypes(keys: readonly Expression[]): ValueType[] {
  return keys.map((key) => (isPlainNumber(key) ? integerType(false) : key.type));
}

function isPlainNumber(expression: Expression): boolean {
  return expression.op === 'integer' && expression.type.kind === 'integer' && expression.value >= 0n;
}

/** Unsigned when one of two integers is, apart from numbers that are written out. */
function unifyOperands(left: Expression, right: Expression): ValueType | undefined {
  if (left.type.kind !== 'integer' || right.type.kind !== 'integer') return unify(left.type, right.type);
  if (isPlainNumber(left)) return right.type === unknown ? signed : right.type;
  if (isPlainNumber(right)) return left.type === unknown ? signed : left.type;
  return integerType(left.type.isSigned && right.type.isSigned);
}

/** A number that is written out takes the side of what it meets. */
function asOperand(operand: Expression, type: ValueType): Expression {
  return isPlainNumber(operand) ? { ...operand, type } : operand;
}

function compareValues(
  operator: BinaryOperator,
  left: Expression,
  right: Expression,
  span: Span,
): Expression {
  const isUnknownSide = left.type === unknown || right.type === unknown;
  const type = isUnknownSide ? signed : unifyOperands(left, right);
  const isOrder = operator !== '==' && operator !== '!=';
  if (type === undefined) {
    return fail(span, `${describeType(left.type)} is compared with ${describeType(right.type)}`);
  }
  if (type.kind === 'text') {
    if (isOrder) fail(span, `text has no order: "${operator}" does not go with it`, 'use == or !=');
    const equal: Expression = { op: 'equal-text', left, right, bytes: type.bytes, type: signed, span };
    return operator === '==' ? equal : { op: 'not', operand: equal, type: signed, span };
  }
  const isComparable = type.kind === 'integer' || (!isOrder && ['ipv4', 'ipv6', 'mac'].includes(type.kind));
  if (!isComparable) fail(span, `"${operator}" does not go with ${describeType(type)}`);
  const operands = { left: asOperand(left, type), right: asOperand(right, type) };
  return { op: 'binary', operator, ...operands, type: signed, span };
}
