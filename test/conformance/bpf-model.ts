/**
 * What the arithmetic, comparisons and atomic operations of the table give, said a second time with BigInt and the words of
 * RFC 9669, sections 4.1, 4.2, 4.3 and 5.3: the engines are held to it.
 */
import type { InsnRow } from '../../src/bpf/isa/table.ts';

type Binary = (a: bigint, b: bigint, bits: number) => bigint;

const signed = (value: bigint, bits: number): bigint => BigInt.asIntN(bits, value);

const binary: Readonly<Record<string, Binary>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? 0n : a / b),
  sdiv: (a, b, bits) => (b === 0n ? 0n : signed(a, bits) / signed(b, bits)),
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  lsh: (a, b, bits) => a << (b & BigInt(bits - 1)),
  rsh: (a, b, bits) => a >> (b & BigInt(bits - 1)),
  neg: (a) => -a,
  mod: (a, b) => (b === 0n ? a : a % b),
  smod: (a, b, bits) => (b === 0n ? a : signed(a, bits) % signed(b, bits)),
  xor: (a, b) => a ^ b,
  mov: (_, b) => b,
  arsh: (a, b, bits) => signed(a, bits) >> (b & BigInt(bits - 1)),
};

/** dst after the operation, all numbers unsigned 64-bit; a constant comes sign-extended. */
export function modelAlu({ operation, bits }: InsnRow, dst: bigint, src: bigint): bigint {
  return BigInt.asUintN(bits, binary[operation]!(BigInt.asUintN(bits, dst), BigInt.asUintN(bits, src), bits));
}

export function modelMovsx({ bits, sizeBits }: InsnRow, src: bigint): bigint {
  return BigInt.asUintN(bits, BigInt.asIntN(sizeBits, src));
}

/** On a little-endian machine. */
export function modelByteOrder({ operation, sizeBits }: InsnRow, dst: bigint): bigint {
  const part = BigInt.asUintN(sizeBits, dst);
  if (operation === 'le') return part;
  const digits = part.toString(16).padStart(sizeBits / 4, '0');
  return BigInt(`0x${digits.match(/../g)!.reverse().join('')}`);
}

const relations: Readonly<Record<string, (a: bigint, b: bigint, bits: number) => boolean>> = {
  jeq: (a, b) => a === b,
  jne: (a, b) => a !== b,
  jgt: (a, b) => a > b,
  jge: (a, b) => a >= b,
  jlt: (a, b) => a < b,
  jle: (a, b) => a <= b,
  jset: (a, b) => (a & b) !== 0n,
  jsgt: (a, b, bits) => signed(a, bits) > signed(b, bits),
  jsge: (a, b, bits) => signed(a, bits) >= signed(b, bits),
  jslt: (a, b, bits) => signed(a, bits) < signed(b, bits),
  jsle: (a, b, bits) => signed(a, bits) <= signed(b, bits),
};

export function modelJump({ operation, bits }: InsnRow, dst: bigint, src: bigint): boolean {
  return relations[operation]!(BigInt.asUintN(bits, dst), BigInt.asUintN(bits, src), bits);
}

/** The new value in memory, and src and r0 after it. */
export function modelAtomic(
  { operation, bits, fetches }: InsnRow,
  memory: bigint,
  src: bigint,
  r0: bigint,
): { readonly memory: bigint; readonly src: bigint; readonly r0: bigint } {
  const old = BigInt.asUintN(bits, memory);
  const value = BigInt.asUintN(bits, src);
  const upper = memory - old;
  if (operation === 'cmpxchg') {
    const isEqual = old === BigInt.asUintN(bits, r0);
    return { memory: isEqual ? upper + value : memory, src, r0: old };
  }
  const changed = operation === 'xchg' ? value : binary[operation]!(old, value, bits);
  return { memory: upper + BigInt.asUintN(bits, changed), src: fetches ? old : src, r0 };
}
