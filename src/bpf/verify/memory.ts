/**
 * Loads, stores and atomic operations, and the memory that helpers are given: whether every address that a pointer may
 * stand for is inside its region, and what is found or left there. Problems are messages; the walk adds where.
 */
import { MAX_BPF_STACK } from '../isa/insn.ts';
import type { Profile } from './profile.ts';
import { isConstantScalar, loadedScalar } from './scalar.ts';
import type { State } from './state.ts';
import {
  formatScalar,
  numberOf,
  type PointerValue,
  pointerTo,
  regionBytes,
  regionName,
  type Value,
} from './value.ts';

/** Throws the reason why the program is not taken. */
export type Refuse = (why: string) => never;

interface Access {
  readonly pointer: PointerValue;
  /** What the instruction adds to the pointer. */
  readonly offset: number;
  readonly lengthBytes: number;
}

type Purpose = 'load' | 'store' | 'atomic' | 'read' | 'write';

/** What a load leaves in its register. */
export function loadMemory(state: State, access: Access, isSigned: boolean, refuse: Refuse): Value {
  const { pointer, lengthBytes } = access;
  const number = numberOf(loadedScalar(lengthBytes, isSigned));
  checkAccess(state, access, 'load', refuse);
  if (pointer.region.kind === 'context') return loadField(access, isSigned, refuse) ?? number;
  if (pointer.region.kind !== 'stack') return number;
  const { stack } = state.frames[pointer.region.frame]!;
  const [least, most] = reachOf(access);
  if (least !== most) {
    checkStackRead(state, access, least, most - least + lengthBytes, refuse);
    return number;
  }
  checkAligned(access, refuse);
  const found = stack.load(least, lengthBytes);
  if (found === 'unwritten') refuse(`the stack at ${least} is read before it is written`);
  if (found === 'pointer') refuse(`${lengthBytes} bytes of the stack at ${least} are a part of a pointer`);
  return found === 'bytes' ? number : found;
}

export function storeMemory(
  state: State,
  access: Access,
  value: Value,
  profile: Profile,
  refuse: Refuse,
): void {
  const { pointer, lengthBytes } = access;
  checkAccess(state, access, 'store', refuse);
  checkWritable(access, profile, refuse);
  if (pointer.region.kind !== 'stack') {
    if (value.kind === 'pointer') refuse(`a pointer is stored into the ${regionName(pointer.region)}`);
    return;
  }
  const { stack } = state.frames[pointer.region.frame]!;
  const [least, most] = reachOf(access);
  if (value.kind === 'pointer' && (lengthBytes !== 8 || least !== most)) {
    refuse(
      'a pointer is stored in part or at a place that is not known: expected 8 bytes at a constant offset',
    );
  }
  if (least !== most) {
    stack.overwrite(least, most - least + lengthBytes, false);
    return;
  }
  checkAligned(access, refuse);
  stack.store(least, lengthBytes, value);
}

/** The old value, as a fetching operation gives it. */
export function updateMemory(state: State, access: Access, profile: Profile, refuse: Refuse): Value {
  const { pointer, lengthBytes } = access;
  checkAccess(state, access, 'atomic', refuse);
  checkWritable(access, profile, refuse);
  const { region } = pointer;
  if (region.kind === 'packet' || region.kind === 'context') {
    refuse(`an atomic operation on the ${regionName(region)}`);
  }
  checkAligned(access, refuse);
  if (region.kind === 'stack') {
    const [least, most] = reachOf(access);
    checkStackRead(state, access, least, most - least + lengthBytes, refuse);
    state.frames[region.frame]!.stack.overwrite(least, most - least + lengthBytes, false);
  }
  return numberOf(loadedScalar(lengthBytes));
}

/** `lengthBytes` is the most that the helper reads. */
export function checkHelperReads(
  state: State,
  pointer: PointerValue,
  lengthBytes: number,
  refuse: Refuse,
): void {
  const access = { pointer, offset: 0, lengthBytes };
  checkAccess(state, access, 'read', refuse);
  if (pointer.region.kind === 'context') refuse('the context is given to a helper as memory');
  if (pointer.region.kind !== 'stack') return;
  const [least, most] = reachOf(access);
  checkStackRead(state, access, least, most - least + lengthBytes, refuse);
}

/** `lengthBytes` is the most that the helper writes; it writes all of it when `isExact`. */
export function checkHelperWrites(
  state: State,
  pointer: PointerValue,
  lengthBytes: number,
  isExact: boolean,
  profile: Profile,
  refuse: Refuse,
): void {
  const access = { pointer, offset: 0, lengthBytes };
  checkAccess(state, access, 'write', refuse);
  if (pointer.region.kind === 'context') refuse('the context is given to a helper as memory');
  checkWritable(access, profile, refuse);
  if (pointer.region.kind !== 'stack') return;
  const [least, most] = reachOf(access);
  const { stack } = state.frames[pointer.region.frame]!;
  stack.overwrite(least, most - least + lengthBytes, isExact && least === most);
}

/** The least and the largest offset of the first byte. */
function reachOf({ pointer, offset }: Access): readonly [number, number] {
  const start = pointer.offset + offset;
  return [start + Number(pointer.variable.full.smin), start + Number(pointer.variable.full.smax)];
}

function checkAccess(state: State, access: Access, purpose: Purpose, refuse: Refuse): void {
  const { pointer, lengthBytes } = access;
  const { region } = pointer;
  if (pointer.nullId !== 0) {
    refuse(`a ${purpose} through a pointer that may be null: expected a comparison with 0 before it`);
  }
  const [least, most] = reachOf(access);
  switch (region.kind) {
    case 'context':
      if (!isConstantScalar(pointer.variable)) refuse('a place in the context that is not constant');
      return;
    case 'stack':
      if (least < -MAX_BPF_STACK || most + lengthBytes > 0) {
        refuse(`${bytesAt(access, least, most)}: expected a place in the ${MAX_BPF_STACK} bytes of stack`);
      }
      return;
    case 'packet': {
      const known = state.packetBytesOf(pointer.id);
      const behind = pointer.offset + access.offset;
      if (least < 0 || behind + lengthBytes > known) {
        const what = `${bytesAt(access, least, most)} of the packet`;
        const where = pointer.id === 0 ? 'there' : `behind ${formatScalar(pointer.variable)}`;
        refuse(`${what}: the packet is only known to have ${known} ${where}`);
      }
      return;
    }
    case 'packet-end':
    case 'map':
      refuse(`a ${purpose} through a pointer to the ${regionName(region)}, which is no memory`);
      break;
    default: {
      const size = regionBytes(region)!;
      if (least < 0 || most + lengthBytes > size) {
        refuse(`${bytesAt(access, least, most)} of the ${regionName(region)}: it has ${size}`);
      }
    }
  }
}

function bytesAt({ lengthBytes }: Access, least: number, most: number): string {
  return `${lengthBytes} bytes at ${least === most ? least : `${least}..${most}`}`;
}

function checkWritable(
  { pointer: { region }, offset, pointer, lengthBytes }: Access,
  profile: Profile,
  refuse: Refuse,
): void {
  switch (region.kind) {
    case 'context': {
      const at = pointer.offset + offset;
      const field = region.fields.find((each) => isInField(each, at, lengthBytes));
      if (field?.isWritable !== true)
        refuse(`${lengthBytes} bytes at ${at} of the context cannot be written`);
      return;
    }
    case 'packet':
      if (!profile.isPacketWritable) refuse('the packet cannot be written');
      return;
    case 'memory':
      if (!region.memory.isWritable) refuse(`the ${region.memory.name} cannot be written`);
  }
}

interface Bounds {
  readonly offset: number;
  readonly lengthBytes: number;
  readonly loadBytes: readonly number[];
}

function isInField(field: Bounds, at: number, lengthBytes: number): boolean {
  const inside = at - field.offset;
  return (
    inside >= 0 &&
    inside + lengthBytes <= field.lengthBytes &&
    field.loadBytes.includes(lengthBytes) &&
    inside % lengthBytes === 0
  );
}

/** The pointer that a field of the context holds; undefined for a number. */
function loadField(
  { pointer, offset, lengthBytes }: Access,
  isSigned: boolean,
  refuse: Refuse,
): Value | undefined {
  if (pointer.region.kind !== 'context') return undefined;
  const at = pointer.offset + offset;
  const field = pointer.region.fields.find((each) => isInField(each, at, lengthBytes));
  if (field === undefined) refuse(`${lengthBytes} bytes at ${at} of the context cannot be read`);
  if (field.gives === 'scalar') return undefined;
  if (isSigned) refuse('a pointer of the context is loaded as a number');
  return pointerTo({ kind: field.gives });
}

/** Stack and atomic operations need aligned addresses; regions start at multiples of 8. */
function checkAligned({ pointer, offset, lengthBytes }: Access, refuse: Refuse): void {
  const start = BigInt(pointer.offset + offset) + pointer.variable.full.tnum.value;
  const isAligned = ((start | pointer.variable.full.tnum.mask) & BigInt(lengthBytes - 1)) === 0n;
  if (!isAligned) refuse(`${lengthBytes} bytes at ${pointer.offset + offset}: expected an aligned place`);
}

function checkStackRead(
  state: State,
  { pointer: { region } }: Access,
  offset: number,
  lengthBytes: number,
  refuse: Refuse,
): void {
  if (region.kind !== 'stack') return;
  const fault = state.frames[region.frame]!.stack.inspect(offset, lengthBytes);
  if (fault === undefined) return;
  const why = fault.found === 'unwritten' ? 'is read before it is written' : 'holds a pointer';
  refuse(`the stack at ${fault.at} ${why}`);
}
