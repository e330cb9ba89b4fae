/**
 * Values as bytes in memory: keys, values of maps, fields of events, texts. A scalar takes 8 bytes, others what
 * valueBytes says; a value that is smaller than its place is followed by zeros.
 */
import { type ValueType, valueBytes } from '../plan.ts';
import type { Expression } from '../typed.ts';
import type { Scope } from './form.ts';
import { bytesOf, constantOf, isImmediate } from './integer.ts';
import { VALUE_OFFSET } from './map-values.ts';
import { withRegister, withValue } from './operands.ts';
import type { Place } from './place.ts';
import { refuse } from './probe-code.ts';
import { isScalar } from './scalars.ts';

const FAMILY_IPV4 = 2;
const FAMILY_IPV6 = 10;

/** Writes the value to `to`, as a value of `type`. */
export function lowerBytes(scope: Scope, e: Expression, to: Place, type: ValueType = e.type): void {
  const { code } = scope;
  const bytes = valueBytes(type);
  if (type.kind === 'tuple' && e.op === 'tuple') {
    let offset = to.offset;
    e.members.forEach((member, i) => {
      const memberType = type.members[i]!;
      lowerBytes(scope, member, { base: to.base, offset }, memberType);
      offset += valueBytes(memberType);
    });
    return;
  }
  const own = isScalar(e.type) ? 8 : valueBytes(e.type);
  if (own > bytes) code.fail(`a value of ${own} bytes where ${bytes} fit`, e.span);
  if (isScalar(e.type)) storeScalar(scope, e, to);
  else lowerLarge(scope, e, to, own);
  clear(scope, to, own, bytes);
}

function storeScalar(scope: Scope, e: Expression, to: Place): void {
  const { asm } = scope;
  const value = e.op === 'integer' ? BigInt.asIntN(64, constantOf(e)) : undefined;
  if (value !== undefined && isImmediate(value)) asm.storeConstant(8, to.base, to.offset, Number(value));
  else withValue(scope, e, (register) => asm.store(8, to.base, to.offset, register));
}

/** Zeros from one offset behind `to` to another, multiples of 8. */
export function clear({ asm }: Scope, to: Place, from: number, end: number): void {
  for (let at = from; at < end; at += 8) asm.storeConstant(8, to.base, to.offset + at, 0);
}

export function copy({ asm }: Scope, from: Place, to: Place, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) {
    asm.load(8, 0, from.base, from.offset + at);
    asm.store(8, to.base, to.offset + at, 0);
  }
}

function lowerLarge(scope: Scope, e: Expression, to: Place, bytes: number): void {
  const { asm, code, form } = scope;
  switch (e.op) {
    case 'text':
      storeConstantBytes(scope, new TextEncoder().encode(e.value), to, bytes);
      return;
    case 'integer':
      storeConstantBytes(scope, Uint8Array.from(bytesOf(e.value, bytes)), to, bytes);
      return;
    case 'variable': {
      const home = scope.variables[e.variable]!;
      if (home.kind === 'scratch') copy(scope, code.scratch(home.offset), to, bytes);
      return;
    }
    case 'map': {
      const [absent, end] = [asm.label(), asm.label()];
      const value = form.mapValue(scope, e.map, e.keys, 'find', absent);
      copy(scope, { base: value.base, offset: value.offset + VALUE_OFFSET }, to, bytes);
      if (value.taken !== undefined) code.free(value.taken);
      asm.jump(end);
      asm.bind(absent);
      clear(scope, to, 0, bytes);
      asm.bind(end);
      return;
    }
    case 'choose': {
      const [no, end] = [asm.label(), asm.label()];
      scope.lower.branch(scope, e.condition, no, false);
      const forget = form.assume(e.condition);
      lowerBytes(scope, e.yes, to, e.type);
      forget();
      asm.jump(end);
      asm.bind(no);
      lowerBytes(scope, e.no, to, e.type);
      asm.bind(end);
      return;
    }
    case 'member': {
      const { type } = e.tuple;
      if (type.kind !== 'tuple') refuse(code, 'a member of what is no tuple', e.span);
      const offset = type.members.slice(0, e.index).reduce((sum, member) => sum + valueBytes(member), 0);
      code.withScratch(valueBytes(type), (at) => {
        lowerBytes(scope, e.tuple, code.scratch(at), type);
        copy(scope, code.scratch(at + offset), to, bytes);
      });
      return;
    }
    case 'ip-address':
      lowerIpAddress(scope, e, to);
      return;
    default:
      code.at(e.span);
      form.bytes(scope, e, to);
  }
}

/** Bytes with zeros behind, as a little-endian number. */
export function wordOf(bytes: Uint8Array, at: number, count: number): bigint {
  let word = 0n;
  for (let i = count - 1; i >= 0; i--) word = (word << 8n) | BigInt(bytes[at + i] ?? 0);
  return word;
}

function storeConstantBytes({ asm }: Scope, encoded: Uint8Array, to: Place, bytes: number): void {
  for (let at = 0; at < bytes; at += 8) {
    const word = BigInt.asIntN(64, wordOf(encoded, at, 8));
    if (isImmediate(word)) {
      asm.storeConstant(8, to.base, to.offset + at, Number(word));
    } else {
      asm.constant(0, word);
      asm.store(8, to.base, to.offset + at, 0);
    }
  }
}

/** {u64 family, 16 bytes}: without a family the kind of the address tells it. */
function lowerIpAddress(scope: Scope, e: Expression & { op: 'ip-address' }, to: Place): void {
  const { asm } = scope;
  const address = { base: to.base, offset: to.offset + 8 };
  const isLong = !isScalar(e.address.type);
  if (e.family === undefined) {
    asm.storeConstant(8, to.base, to.offset, isLong ? FAMILY_IPV6 : FAMILY_IPV4);
  } else {
    withValue(scope, e.family, (register) => asm.store(8, to.base, to.offset, register));
  }
  if (isLong) {
    lowerBytes(scope, e.address, address);
  } else {
    withRegister(scope, [], (register) => {
      scope.lower.value(scope, e.address, register);
      asm.store(8, address.base, address.offset, register);
    });
    asm.storeConstant(8, address.base, address.offset + 8, 0);
  }
}
