/**
 * The largest value that a register can hold after an operation: what the checker knows, and what the translator must
 * not know better. Up to 32 bits it is a number, above it is Infinity. The agent's program_check.c has the same rules.
 */
import {
  BPF_ADD,
  BPF_AND,
  BPF_DIV,
  BPF_LSH,
  BPF_MOD,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_XOR,
} from '../cbpf/isa.ts';
import { BPF_MOV } from '../isa/insn.ts';

export const MAX32 = 0xffff_ffff;

/** The last byte of a packet that a load may ask for. librte_bpf adds offset and length in 32 bits. */
export const MAX_OFFSET = 0x7fff_ffff;

/** The largest value that a load of so many bytes gives. */
export function maxOfBytes(lengthBytes: number): number {
  return lengthBytes === 8 ? Number.POSITIVE_INFINITY : 2 ** (8 * lengthBytes) - 1;
}

/**
 * The largest result of `left operation right`. `wide` is the 64-bit class; `constant` says that `right` is exactly
 * the operand, not a bound of it.
 */
export function maxOfResult(
  operation: number,
  left: number,
  right: number,
  wide: boolean,
  constant: boolean,
): number {
  const top = wide ? Number.POSITIVE_INFINITY : MAX32;
  const a = Math.min(left, top);
  const b = Math.min(right, top);
  switch (operation) {
    case BPF_MOV:
      return b;
    case BPF_AND:
      return Math.min(a, b);
    case BPF_OR:
    case BPF_XOR:
      return smear(Math.max(a, b));
    case BPF_DIV:
      return constant && a <= MAX32 && b <= MAX32 ? Math.floor(a / b) : a;
    case BPF_MOD:
      return constant ? Math.min(a, b - 1) : a;
    case BPF_RSH:
      if (!constant) return a;
      if (a <= MAX32) return Math.floor(a / 2 ** b);
      return b < 32 ? a : Math.floor(MAX32 / 2 ** (b - 32));
    case BPF_ADD:
      return a + b <= MAX32 ? a + b : top;
    case BPF_MUL:
      return a * b <= MAX32 ? a * b : top;
    case BPF_LSH:
      return constant && b < 32 && a * 2 ** b <= MAX32 ? a * 2 ** b : top;
    default:
      return top;
  }
}

/** The number with all bits set up to the highest one of `max`. */
function smear(max: number): number {
  if (max > MAX32) return max;
  return max === 0 ? 0 : MAX32 >>> Math.clz32(max);
}
