/** What the operators of the language do with 64-bit integers: constant folding, and what programs must do likewise. */
import type { BinaryOperator, Expression } from '../typed.ts';

/** Both are needed for a comparison or a division to be one of signed numbers. */
export function isSigned({ type }: Expression): boolean {
  return type.kind === 'integer' && type.isSigned;
}

/** One value in two's complement, 0 to 2^64 - 1. */
export const bits64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Whether an instruction can hold it, sign-extended to 64 bits. */
export function isImmediate(value: bigint): boolean {
  return value >= -0x8000_0000n && value <= 0x7fff_ffffn;
}

/**
 * A constant as registers hold it. An address lies in a register as in the packet: its first byte is the lowest one.
 */
export function constantOf({ type, value }: Expression & { readonly op: 'integer' }): bigint {
  if (type.kind !== 'ipv4' && type.kind !== 'mac') return bits64(value);
  return bytesOf(value, type.kind === 'ipv4' ? 4 : 6).reduceRight(
    (word, byte) => (word << 8n) | BigInt(byte),
    0n,
  );
}

/** The bytes of a number, the most significant one first. */
export function bytesOf(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number((value >> BigInt(8 * (count - 1 - i))) & 0xffn));
}

/**
 * @param signs of the operands
 * @returns 0 to 2^64 - 1
 */
export function operate(
  operator: BinaryOperator,
  left: bigint,
  right: bigint,
  signs: { readonly left: boolean; readonly right: boolean },
): bigint {
  const both = signs.left && signs.right;
  const a = both ? BigInt.asIntN(64, left) : bits64(left);
  const b = both ? BigInt.asIntN(64, right) : bits64(right);
  switch (operator) {
    case '+':
      return bits64(a + b);
    case '-':
      return bits64(a - b);
    case '*':
      return bits64(a * b);
    case '/':
      return b === 0n ? 0n : bits64(a / b);
    case '%':
      return bits64(b === 0n ? a : a % b);
    case '&':
      return bits64(a & b);
    case '|':
      return bits64(a | b);
    case '^':
      return bits64(a ^ b);
    case '<<':
      return bits64(left << (right & 63n));
    case '>>':
      return bits64((signs.left ? BigInt.asIntN(64, left) : bits64(left)) >> (right & 63n));
    case '==':
      return a === b ? 1n : 0n;
    case '!=':
      return a === b ? 0n : 1n;
    case '<':
      return a < b ? 1n : 0n;
    case '<=':
      return a <= b ? 1n : 0n;
    case '>':
      return a > b ? 1n : 0n;
    case '>=':
      return a >= b ? 1n : 0n;
  }
}

/** The low bytes, zero or sign extended. */
export function castInteger(value: bigint, bytes: number, signed: boolean): bigint {
  return bits64(signed ? BigInt.asIntN(8 * bytes, value) : BigInt.asUintN(8 * bytes, value));
}

/** n of 2^n. */
export function exponentOf(value: bigint): number | undefined {
  return value > 0n && (value & (value - 1n)) === 0n ? value.toString(2).length - 1 : undefined;
}
