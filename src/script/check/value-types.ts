/** Types of values: which ones there are, how two of them become one, and what they are called in messages. */
import type { ArgumentType } from '../../tracepoints/index.ts';
import type { ValueType } from '../plan.ts';

export const signed: ValueType = { kind: 'integer', isSigned: true };
export const unsigned: ValueType = { kind: 'integer', isSigned: false };

/**
 * The type of what is not known yet: a map whose first write comes later in the text. Compared by identity. Whatever
 * takes an integer takes it, and no map or variable gets its type from it.
 */
export const unknown: ValueType = { kind: 'integer', isSigned: true };

/** Bytes of a text that is read from memory, its end included (BPFTRACE_STRLEN). */
export const STRING_BYTES = 64;
/** Frames of a stack, when the script does not say, and the most that the kernel gives. */
export const STACK_DEPTH = 127;

export function isUnknown(type: ValueType): boolean {
  return type === unknown || (type.kind === 'tuple' && type.members.some(isUnknown));
}

export function integerType(isSigned: boolean): ValueType {
  return isSigned ? signed : unsigned;
}

export function typeOfArgument(type: ArgumentType): ValueType {
  return type.kind === 'text' ? { kind: 'text', bytes: type.bytes } : integerType(type.isSigned);
}

/** The text's type, with the zero byte at its end. */
export function typeOfText(value: string): ValueType {
  return { kind: 'text', bytes: new TextEncoder().encode(value).length + 1 };
}

/** The type that holds values of both; undefined when there is none. Integers are signed when one of them is. */
export function unify(a: ValueType, b: ValueType): ValueType | undefined {
  if (a === unknown) return b;
  if (b === unknown) return a;
  switch (a.kind) {
    case 'integer':
      return b.kind === 'integer' ? integerType(a.isSigned || b.isSigned) : undefined;
    case 'text':
    case 'buffer':
      return b.kind === a.kind ? { kind: a.kind, bytes: Math.max(a.bytes, b.bytes) } : undefined;
    case 'stack':
      if (b.kind !== 'stack' || a.where !== b.where) return undefined;
      return { ...a, depth: Math.max(a.depth, b.depth) };
    case 'symbol':
      return b.kind === 'symbol' && a.where === b.where ? a : undefined;
    case 'time':
      return b.kind === 'time' && a.format === b.format ? a : undefined;
    case 'tuple': {
      if (b.kind !== 'tuple' || a.members.length !== b.members.length) return undefined;
      const members: ValueType[] = [];
      for (const [index, member] of a.members.entries()) {
        const both = unify(member, b.members[index]!);
        if (both === undefined) return undefined;
        members.push(both);
      }
      return { kind: 'tuple', members };
    }
    default:
      return a.kind === b.kind ? a : undefined;
  }
}

export function isSameType(a: ValueType, b: ValueType): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const names: Record<Exclude<ValueType['kind'], 'tuple' | 'stack' | 'symbol'>, string> = {
  integer: 'an integer',
  text: 'text',
  buffer: 'a buffer',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  ip: 'an IP address',
  mac: 'a MAC address',
  time: 'a time',
};

/** For messages: `an integer`, `a tuple (an integer, text)`. */
export function describeType(type: ValueType): string {
  switch (type.kind) {
    case 'tuple':
      return `a tuple (${type.members.map(describeType).join(', ')})`;
    case 'stack':
      return type.where === 'user' ? 'a user stack' : 'a kernel stack';
    case 'symbol':
      return type.where === 'user' ? 'a user symbol' : 'a kernel symbol';
    default:
      return names[type.kind];
  }
}
