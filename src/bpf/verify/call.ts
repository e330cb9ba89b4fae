/**
 * Calls of helpers: what is in r1 to r5 against the signature, and what is left behind. A helper reads and writes only
 * what its signature says, and keeps no pointer that it was given.
 */
import type { HelperArgument } from '../vm/engine.ts';
import { checkHelperReads, checkHelperWrites, type Refuse } from './memory.ts';
import type { HelperShape, MapShape, Profile } from './profile.ts';
import { isConstantScalar, unknownScalar } from './scalar.ts';
import type { State } from './state.ts';
import { numberOf, type PointerValue, pointerTo, regionName, type Value } from './value.ts';

/** The most bytes that one argument may have. */
const MAX_MEMORY_BYTES = 1n << 29n;

/** Leaves the result in r0 and nothing in r1 to r5. */
export function callHelper(
  state: State,
  helper: HelperShape,
  profile: Profile,
  nextId: () => number,
  refuse: Refuse,
): void {
  const call = new HelperCall(state, helper, profile, refuse);
  helper.arguments.forEach((kind, index) => {
    call.check(kind, index + 1);
  });
  const result = call.result(nextId);
  const { registers } = state.frame;
  for (let register = 1; register <= 5; register++) registers[register] = undefined;
  registers[0] = result;
}

class HelperCall {
  private readonly state: State;
  private readonly helper: HelperShape;
  private readonly profile: Profile;
  private readonly refuse: Refuse;
  private map: MapShape | undefined;
  private recordBytes = 0;

  constructor(state: State, helper: HelperShape, profile: Profile, refuse: Refuse) {
    this.state = state;
    this.helper = helper;
    this.profile = profile;
    this.refuse = refuse;
  }

  check(kind: HelperArgument, register: number): void {
    const value = this.state.frame.registers[register];
    if (value === undefined) {
      this.refuse(
        `${this.helper.name}: r${register} is read before it is written: expected ${expected[kind]}`,
      );
    }
    switch (kind) {
      case 'scalar':
        if (value.kind === 'pointer') this.mismatch(kind, register, value);
        return;
      case 'size':
        this.checkSize(value, register);
        return;
      case 'record-size':
        this.recordBytes = this.constantSize(value, register);
        return;
      case 'map':
        if (value.kind !== 'pointer' || value.region.kind !== 'map') this.mismatch(kind, register, value);
        this.map = value.region.map;
        return;
      case 'context':
        if (!this.isContext(value)) this.mismatch(kind, register, value);
        return;
      case 'record':
        this.giveBack(value, register);
        return;
      case 'map-key':
        checkHelperReads(this.state, this.pointer(value, kind, register), this.map!.keyBytes, this.refuse);
        return;
      case 'map-value':
        checkHelperReads(this.state, this.pointer(value, kind, register), this.map!.valueBytes, this.refuse);
        return;
      default:
        // The size that follows says how much of it.
        this.pointer(value, kind, register);
    }
  }

  result(nextId: () => number): Value | undefined {
    switch (this.helper.result) {
      case 'nothing':
        return undefined;
      case 'scalar':
        return numberOf(unknownScalar);
      case 'map-value-or-null':
        return pointerTo({ kind: 'map-value', map: this.map! }, nextId());
      case 'record-or-null': {
        const record = nextId();
        this.state.records.push(record);
        return pointerTo({ kind: 'record', lengthBytes: this.recordBytes, record }, nextId());
      }
    }
  }

  /** What the program was given in r1, be it a context of fields or plain memory. */
  private isContext(value: Value): boolean {
    if (value.kind !== 'pointer' || value.offset !== 0 || value.id !== 0) return false;
    const [first] = this.profile.arguments;
    if (value.region.kind === 'memory')
      return first?.kind === 'memory' && first.memory === value.region.memory;
    return value.region.kind === 'context';
  }

  private mismatch(kind: HelperArgument, register: number, value: Value): never {
    const got = value.kind === 'number' ? 'a number' : `a pointer to the ${regionName(value.region)}`;
    const orNull = value.kind === 'pointer' && value.nullId !== 0 ? ' that may be null' : '';
    this.refuse(`${this.helper.name}: r${register} is ${got}${orNull}: expected ${expected[kind]}`);
  }

  private pointer(value: Value, kind: HelperArgument, register: number): PointerValue {
    const isMemory = value.kind === 'pointer' && value.nullId === 0 && value.region.kind !== 'map';
    if (!isMemory) this.mismatch(kind, register, value);
    return value;
  }

  private checkSize(value: Value, register: number): void {
    if (value.kind === 'pointer') this.mismatch('size', register, value);
    const { umin, umax } = value.scalar.full;
    if (umax > MAX_MEMORY_BYTES) {
      this.refuse(`${this.helper.name}: the size in r${register} may be negative or has no bound`);
    }
    const memory = this.state.frame.registers[register - 1] as PointerValue;
    const lengthBytes = Number(umax);
    if (this.helper.arguments[register - 2] === 'memory') {
      checkHelperReads(this.state, memory, lengthBytes, this.refuse);
    } else {
      checkHelperWrites(this.state, memory, lengthBytes, umin === umax, this.profile, this.refuse);
    }
  }

  private constantSize(value: Value, register: number): number {
    if (value.kind === 'pointer') this.mismatch('record-size', register, value);
    if (!isConstantScalar(value.scalar) || value.scalar.full.umin > MAX_MEMORY_BYTES) {
      this.refuse(
        `${this.helper.name}: the size in r${register} is not a constant up to ${MAX_MEMORY_BYTES}`,
      );
    }
    return Number(value.scalar.full.umin);
  }

  private giveBack(value: Value, register: number): void {
    if (value.kind !== 'pointer' || value.region.kind !== 'record' || value.nullId !== 0) {
      this.mismatch('record', register, value);
    }
    const { record } = value.region;
    if (value.offset !== 0 || value.id !== 0)
      this.refuse(`${this.helper.name}: r${register} is not the record's start`);
    this.state.records.splice(this.state.records.indexOf(record), 1);
    this.state.change((each) =>
      each.kind === 'pointer' && each.region.kind === 'record' && each.region.record === record
        ? undefined
        : each,
    );
  }
}

const expected: Readonly<Record<HelperArgument, string>> = {
  scalar: 'a number',
  context: 'the context',
  map: 'a map',
  'map-key': 'memory with a key',
  'map-value': 'memory with a value',
  memory: 'memory',
  'memory-out': 'memory',
  size: 'a size',
  record: 'a record',
  'record-size': 'a constant size',
};
