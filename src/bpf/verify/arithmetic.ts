/**
 * What an arithmetic instruction makes of the values in its registers: numbers by scalar.ts; pointers only move, by
 * 64-bit additions and subtractions, and the difference of two into one region is a number.
 */
import type { InsnRow } from '../isa/table.ts';
import type { Refuse } from './memory.ts';
import {
  constantScalar,
  isConstantScalar,
  loadedScalar,
  operateLow,
  operateScalar,
  type Scalar,
  signExtendLow,
  signExtendScalar,
  swapScalar,
  unknownScalar,
  zeroExtendScalar,
} from './scalar.ts';
import { LENGTH_ID, MAX_DISTANCE, numberOf, type PointerValue, pointerTo, type Value } from './value.ts';
import type { Operation } from './word-arith.ts';

/** The value of dst after an instruction of the kinds alu, movsx and end. `nextId` gives a new identity. */
export function operateValues(
  row: InsnRow,
  dst: Value | undefined,
  src: Value,
  nextId: () => number,
  refuse: Refuse,
): Value {
  if (row.kind === 'movsx') return numberOf(extend(row, numberIn(src, refuse)));
  if (row.operation === 'mov') return row.bits === 64 ? src : moveLow(src, refuse);
  const left = dst!;
  if (row.kind === 'end') return numberOf(swap(row, numberIn(left, refuse)));
  if (row.operation === 'neg') {
    const zero = constantScalar(0n);
    const number = numberIn(left, refuse);
    return numberOf(row.bits === 64 ? operateScalar('sub', zero, number) : operateLow('sub', zero, number));
  }
  if (left.kind === 'pointer' || src.kind === 'pointer') {
    if (row.bits === 32) refuse(`${row.name} of a pointer: expected a 64-bit addition or subtraction`);
    return movePointer(row.operation, left, src, nextId, refuse);
  }
  const operate = row.bits === 64 ? operateScalar : operateLow;
  return numberOf(operate(row.operation as Operation, left.scalar, src.scalar));
}

function numberIn(value: Value, refuse: Refuse): Scalar {
  if (value.kind === 'pointer') refuse('a pointer is computed with as a number');
  return value.scalar;
}

function extend({ bits, sizeBits }: InsnRow, number: Scalar): Scalar {
  return bits === 64 ? signExtendScalar(number, sizeBits) : signExtendLow(number, sizeBits);
}

function swap({ operation, sizeBits }: InsnRow, number: Scalar): Scalar {
  if (operation !== 'le') return swapScalar(number, sizeBits);
  return sizeBits === 64 ? number : zeroExtendScalar(number, sizeBits);
}

/** A copy of the lower half; of a number that has no upper half, it is the same number. */
function moveLow(value: Value, refuse: Refuse): Value {
  const number = numberIn(value, refuse);
  const isSame = value.kind === 'number' && number.full.umax <= 0xffffffffn;
  return isSame ? value : numberOf(zeroExtendScalar(number, 32));
}

function movePointer(
  operation: string,
  left: Value,
  right: Value,
  nextId: () => number,
  refuse: Refuse,
): Value {
  if (operation === 'sub' && left.kind === 'pointer' && right.kind === 'pointer')
    return difference(left, right, refuse);
  const [pointer, moved] = left.kind === 'pointer' ? [left, right] : [right, left];
  const isAllowed = operation === 'add' || (operation === 'sub' && pointer === left);
  if (!isAllowed || pointer.kind !== 'pointer' || moved.kind === 'pointer') {
    refuse('arithmetic on a pointer: expected an addition or a subtraction of a number');
  }
  if (pointer.nullId !== 0)
    refuse('arithmetic on a pointer that may be null: expected a comparison with 0 before it');
  const { region, offset, variable } = pointer;
  if (region.kind === 'map' || region.kind === 'packet-end')
    refuse('arithmetic on a pointer that is no memory');
  const isStart = region.kind === 'packet' && offset === 0 && pointer.id === 0;
  if (moved.id === LENGTH_ID && operation === 'add' && isStart) return pointerTo({ kind: 'packet-end' });
  const by = operation === 'add' ? moved.scalar : operateScalar('sub', constantScalar(0n), moved.scalar);
  const { smin, smax } = by.full;
  const limit = BigInt(MAX_DISTANCE);
  const total = operateScalar('add', variable, by);
  if (smin < -limit || smax > limit || total.full.smin < -limit || total.full.smax > limit) {
    refuse(
      `a pointer is moved by a number without a bound: expected at most ${MAX_DISTANCE} in either direction`,
    );
  }
  if (isConstantScalar(by)) {
    const to = offset + Number(smin);
    if (Math.abs(to) > MAX_DISTANCE) refuse(`a pointer is moved by more than ${MAX_DISTANCE}`);
    return { ...pointer, offset: to };
  }
  return { ...pointer, variable: total, id: nextId() };
}

function difference(left: PointerValue, right: PointerValue, refuse: Refuse): Value {
  const place = ({ region }: PointerValue): unknown => {
    switch (region.kind) {
      case 'packet':
      case 'packet-end':
        return 'packet';
      case 'stack':
        return region.frame;
      case 'memory':
        return region.memory;
      default:
        return undefined;
    }
  };
  const isKnown = left.nullId === 0 && right.nullId === 0 && place(left) !== undefined;
  if (!isKnown || place(left) !== place(right))
    refuse('the difference of two pointers into different memory');
  return numberOf(unknownScalar);
}

/** What a load of a constant from the instruction is: sign-extended to 64 bits. */
export const immediate = (imm: number): Value => numberOf(constantScalar(BigInt.asUintN(64, BigInt(imm))));

/** What a packet load leaves in r0. */
export const packetNumber = (sizeBits: number): Value => numberOf(loadedScalar(sizeBits / 8));
