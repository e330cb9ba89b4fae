/** Reads and updates of map values; how a value is found is the form's part. */
import { opcodes as o } from '../../bpf/index.ts';
import type { MapKind } from '../plan.ts';
import type { Expression, Statement } from '../typed.ts';
import { hasEffect } from './fold.ts';
import type { MapValue, Scope } from './form.ts';
import { divideRegisters } from './lower-division.ts';
import { lowerHist, lowerLhist } from './lower-histogram.ts';
import { FIRST_OFFSET, UPDATES_OFFSET, VALUE_OFFSET } from './map-values.ts';
import { mayCall, mentions, withRegister, withValue } from './operands.ts';
import { refuse } from './probe-code.ts';
import { isScalar } from './scalars.ts';

/** `use` gets the value of the map; what finds none goes on behind it. */
function withMapValue(
  scope: Scope,
  map: number,
  keys: readonly Expression[],
  use: (value: MapValue) => void,
): void {
  const { asm, code, form } = scope;
  const absent = asm.label();
  const value = form.mapValue(scope, map, keys, 'update', absent);
  use(value);
  if (value.taken !== undefined) code.free(value.taken);
  asm.bind(absent);
}

/** The value of a map as an integer: 0 when the key is not there. */
export function lowerMapRead(scope: Scope, e: Expression & { op: 'map' }, into: number): void {
  const { asm, code, form } = scope;
  const { kind } = form.maps[e.map]!;
  const [absent, end] = [asm.label(), asm.label()];
  code.at(e.span);
  const value = form.mapValue(scope, e.map, e.keys, 'find', absent, into);
  const load = (offset: number): void => asm.load(8, into, value.base, value.offset + offset);
  switch (kind.kind) {
    case 'hist':
    case 'lhist':
      code.fail(`a histogram has no value`, e.span);
      break;
    case 'avg':
    case 'stats':
      withRegister(scope, [into, value.base], (updates) => {
        asm.load(8, updates, value.base, value.offset + UPDATES_OFFSET);
        // Last: the address may be in the same register.
        load(FIRST_OFFSET);
        divideRegisters(scope, into, updates, kind.isSigned);
      });
      break;
    case 'value':
      load(VALUE_OFFSET);
      break;
    default:
      load(FIRST_OFFSET);
  }
  if (value.taken !== undefined) code.free(value.taken);
  asm.jump(end);
  asm.bind(absent);
  asm.constant(into, 0n);
  asm.bind(end);
}

/** `@x[keys] = value` and `$x = value`. */
export function lowerAssignment(scope: Scope, { target, value }: Statement & { op: 'assign' }): void {
  const { asm, code, form } = scope;
  if (target.kind === 'variable') {
    assignVariable(scope, target.variable, value);
    return;
  }
  const { kind } = form.maps[target.map]!;
  if (kind.kind !== 'value') refuse(code, 'an aggregation cannot be assigned to');
  const store = (write: (place: MapValue) => void): void =>
    withMapValue(scope, target.map, target.keys, (place) => {
      write({ ...place, offset: place.offset + VALUE_OFFSET });
      writeTime(scope, place);
    });
  if (!isScalar(kind.type)) {
    store((place) => scope.lower.bytes(scope, value, place, kind.type));
  } else if (mayCall(value) || hasEffect(value)) {
    withValue(scope, value, (register) => store(({ base, offset }) => asm.store(8, base, offset, register)));
  } else {
    store((place) => scope.lower.bytes(scope, value, place, kind.type));
  }
}

function writeTime(scope: Scope, { base, offset }: MapValue): void {
  const { asm, form } = scope;
  withRegister(scope, [base], (time) => {
    form.time(scope, time);
    asm.store(8, base, offset + FIRST_OFFSET, time);
  });
}

function assignVariable(scope: Scope, variable: number, value: Expression): void {
  const { code } = scope;
  const home = scope.variables[variable]!;
  if (home.kind === 'scratch') {
    scope.lower.bytes(scope, value, code.scratch(home.offset));
  } else if (home.kind === 'register' && isMentionedFirstOnly(value, variable)) {
    scope.lower.value(scope, value, home.register);
  } else {
    withValue(scope, value, (register) => code.writeHome(home, register));
  }
}

/** Whether the value can be made in the variable's own register: it is read at the very start or not at all. */
function isMentionedFirstOnly(e: Expression, variable: number): boolean {
  if (e.op === 'variable') return true;
  if (e.op === 'binary' && e.operator !== '/' && e.operator !== '%' && e.right.op === 'integer') {
    return isMentionedFirstOnly(e.left, variable);
  }
  return !mentions(e, variable) && !hasEffect(e);
}

/** `$x++`, `--@y[k]`; `into` gets the value, unless nobody wants it. */
export function lowerIncrement(
  scope: Scope,
  { target, by, gives }: Omit<Expression & { op: 'increment' }, 'type' | 'span'>,
  into: number | undefined,
): void {
  const { asm, code } = scope;
  if (target.kind === 'variable') {
    const home = scope.variables[target.variable]!;
    if (home.kind === 'scratch') refuse(code, 'a text or tuple cannot be counted up');
    if (home.kind === 'register') {
      if (into !== undefined && gives === 'before') asm.move(into, home.register);
      asm.alu(o.BPF_ADD, home.register, by);
      if (into !== undefined && gives === 'after') asm.move(into, home.register);
      return;
    }
    code.readHome(home, 0);
    if (into !== undefined && gives === 'before') asm.move(into, 0);
    asm.alu(o.BPF_ADD, 0, by);
    code.writeHome(home, 0);
    if (into !== undefined && gives === 'after') asm.move(into, 0);
    return;
  }
  const end = asm.label();
  withMapValue(scope, target.map, target.keys, (place) => {
    const { base, offset } = place;
    withRegister(scope, into === undefined ? [base] : [base, into], (register) => {
      asm.load(8, register, base, offset + VALUE_OFFSET);
      if (into !== undefined && gives === 'before') asm.move(into, register);
      asm.alu(o.BPF_ADD, register, by);
      asm.store(8, base, offset + VALUE_OFFSET, register);
      if (into !== undefined && gives === 'after') asm.move(into, register);
    });
    writeTime(scope, place);
    asm.jump(end);
  });
  if (into !== undefined) asm.constant(into, 0n);
  asm.bind(end);
}

/** `@x[keys] = sum(value)` and so on. */
export function lowerAggregate(scope: Scope, { map, keys, value }: Statement & { op: 'aggregate' }): void {
  const { kind } = scope.form.maps[map]!;
  if (value === undefined) {
    withMapValue(scope, map, keys, ({ base, offset }) => scope.asm.addInMemory(base, offset, 1));
    return;
  }
  // What may call goes first, so that the place of the value need not be kept over it.
  const isFirst = mayCall(value) || hasEffect(value);
  const update = (place: MapValue, register: number): void =>
    updateValue(scope, kind, value, place, register);
  if (isFirst) {
    withOwnValue(scope, kind, value, [], (register) =>
      withMapValue(scope, map, keys, (place) => update(place, register)),
    );
  } else {
    withMapValue(scope, map, keys, (place) =>
      withOwnValue(scope, kind, value, [place.base], (register) => update(place, register)),
    );
  }
}

/** Histograms compute with the value in its register, so it must be nobody else's. */
function withOwnValue(
  scope: Scope,
  kind: MapKind,
  value: Expression,
  except: readonly number[],
  use: (register: number) => void,
): void {
  if (kind.kind !== 'hist' && kind.kind !== 'lhist') {
    withValue(scope, value, use, except);
    return;
  }
  withRegister(scope, except, (register) => {
    scope.lower.value(scope, value, register);
    use(register);
  });
}

function updateValue(
  scope: Scope,
  kind: MapKind,
  value: Expression,
  place: MapValue,
  register: number,
): void {
  const { asm } = scope;
  const { base, offset } = place;
  switch (kind.kind) {
    case 'hist':
      lowerHist(scope, kind, value, place, register);
      return;
    case 'lhist':
      lowerLhist(scope, kind, value, place, register);
      return;
    case 'min':
    case 'max':
      lowerExtreme(scope, kind, place, register);
      return;
    default:
      asm.load(8, 0, base, offset + FIRST_OFFSET);
      asm.aluRegister(o.BPF_ADD, 0, register);
      asm.store(8, base, offset + FIRST_OFFSET, 0);
      scope.asm.addInMemory(base, offset + UPDATES_OFFSET, 1);
  }
}

/** The first value counts whatever it is; later ones when they are beyond. */
function lowerExtreme(
  scope: Scope,
  kind: MapKind & { kind: 'min' | 'max' | 'count' | 'sum' | 'avg' | 'stats' },
  { base, offset }: MapValue,
  register: number,
): void {
  const { asm } = scope;
  const beyond = {
    min: kind.isSigned ? o.BPF_JSGE : o.BPF_JGE,
    max: kind.isSigned ? o.BPF_JSLE : o.BPF_JLE,
  }[kind.kind === 'min' ? 'min' : 'max'];
  const [take, skip] = [asm.label(), asm.label()];
  asm.load(8, 0, base, offset + UPDATES_OFFSET);
  asm.jumpIf(o.BPF_JEQ, 0, 0, take);
  asm.load(8, 0, base, offset + FIRST_OFFSET);
  asm.jumpIfRegister(beyond, register, 0, skip);
  asm.bind(take);
  asm.store(8, base, offset + FIRST_OFFSET, register);
  asm.bind(skip);
  scope.asm.addInMemory(base, offset + UPDATES_OFFSET, 1);
}
