/**
 * What a conditional jump says about the values on either way: bounds of numbers, and of all that are equal to them;
 * pointers that are not null; bytes that the packet has. Undefined: no value leads that way.
 */
import type { InsnRow } from '../isa/table.ts';
import { opposite, type Relation } from './compare.ts';
import type { Refuse } from './memory.ts';
import { assumeScalars, constantScalar, isConstantScalar, type Scalar } from './scalar.ts';
import type { State } from './state.ts';
import { LENGTH_ID, type NumberValue, numberOf, type PointerValue, type Value } from './value.ts';

const relations: Readonly<Record<string, Relation>> = {
  jeq: '==',
  jne: '!=',
  jset: '&',
  jgt: '>',
  jge: '>=',
  jlt: '<',
  jle: '<=',
  jsgt: 's>',
  jsge: 's>=',
  jslt: 's<',
  jsle: 's<=',
};

/** Whether a jump on two constants is taken; undefined when they are none. */
export function decideBranch(row: InsnRow, left: Value, right: Value): boolean | undefined {
  if (left.kind === 'pointer' || right.kind === 'pointer') return undefined;
  if (!isConstantScalar(left.scalar) || !isConstantScalar(right.scalar)) return undefined;
  return assumeScalars(relations[row.operation]!, left.scalar, right.scalar, row.bits === 32) !== undefined;
}

/** The state, changed, where the jump is taken or not; undefined when it cannot come to that. */
export function assumeBranch(
  row: InsnRow,
  state: State,
  left: Value,
  right: Value,
  isTaken: boolean,
  refuse: Refuse,
): State | undefined {
  const jump = relations[row.operation]!;
  const relation = isTaken ? jump : opposite[jump];
  if (left.kind === 'number' && right.kind === 'number') {
    return assumeNumbers(state, relation, left, right, row.bits === 32);
  }
  if (row.bits === 32) refuse('a 32-bit comparison of a pointer');
  const pointer = left.kind === 'pointer' ? left : (right as PointerValue);
  const other = pointer === left ? right : left;
  if (other.kind === 'pointer') {
    comparePointers(state, relation, left as PointerValue, right as PointerValue, refuse);
  } else if (!isZero(other) || (relation !== '==' && relation !== '!=')) {
    refuse('a comparison of a pointer and a number: expected == or != and 0');
  } else if (pointer.nullId !== 0) {
    decideNull(state, pointer.nullId, relation === '==');
  }
  return state;
}

const isZero = ({ scalar }: NumberValue): boolean => isConstantScalar(scalar) && scalar.full.umin === 0n;

function assumeNumbers(
  state: State,
  relation: Relation,
  left: NumberValue,
  right: NumberValue,
  isLow: boolean,
): State | undefined {
  const numbers = assumeScalars(relation, left.scalar, right.scalar, isLow);
  if (numbers === undefined) return undefined;
  learn(state, left, numbers[0]);
  learn(state, right, numbers[1]);
  return state;
}

/** Puts what is now known of a number into all places that hold it. */
function learn(state: State, before: NumberValue, scalar: Scalar): void {
  if (scalar === before.scalar) return;
  if (before.id === LENGTH_ID) state.learnPacketBytes(0, Number(scalar.full.umin));
  const after = numberOf(scalar, before.id);
  state.change((value) =>
    value === before || (before.id !== 0 && value.kind === 'number' && value.id === before.id)
      ? after
      : value,
  );
}

function decideNull(state: State, nullId: number, isNull: boolean): void {
  const records: number[] = [];
  state.change((value) => {
    if (value.kind !== 'pointer' || value.nullId !== nullId) return value;
    if (!isNull) return { ...value, nullId: 0 };
    if (value.region.kind === 'record') records.push(value.region.record);
    return numberOf(constantScalar(0n));
  });
  for (const id of records) {
    const at = state.records.indexOf(id);
    if (at !== -1) state.records.splice(at, 1);
  }
}

/** A place in the packet that is not behind its end shows how many bytes are there. */
function comparePointers(
  state: State,
  relation: Relation,
  left: PointerValue,
  right: PointerValue,
  refuse: Refuse,
): void {
  if (left.nullId !== 0 || right.nullId !== 0)
    refuse('a comparison of a pointer that may be null with a pointer');
  const isPacket = [left, right].every(
    ({ region }) => region.kind === 'packet' || region.kind === 'packet-end',
  );
  if (!isPacket && left.region.kind !== right.region.kind) {
    refuse('a comparison of pointers into different memory');
  }
  if (left.region.kind === 'packet' && right.region.kind === 'packet-end') {
    if (relation === '<=' || relation === '==') learnEnd(state, left, 0);
    if (relation === '<') learnEnd(state, left, 1);
  }
  if (left.region.kind === 'packet-end' && right.region.kind === 'packet') {
    if (relation === '>=' || relation === '==') learnEnd(state, right, 0);
    if (relation === '>') learnEnd(state, right, 1);
  }
}

/** The place is at least so many bytes before the end. A place before the packet shows nothing: it may wrap. */
function learnEnd(state: State, { offset, variable, id }: PointerValue, bytes: number): void {
  if (offset >= 0 && variable.full.smin >= 0n) state.learnPacketBytes(id, offset + bytes);
}
