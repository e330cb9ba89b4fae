/**
 * Classic BPF: the instruction of bpf(4) and its opcode parts, under their names in <net/bpf.h>. Two 32-bit
 * registers A and X, sixteen 32-bit scratch cells M[0..15], packet loads in network byte order, jumps forward only.
 * No Linux ancillary loads (SKF_AD_*): a packet offset is an offset, however large.
 */
import { BPF_B, BPF_H } from '../isa/insn.ts';

/** The parts that extended BPF has kept. */
export {
  BPF_ABS,
  BPF_ADD,
  BPF_ALU,
  BPF_AND,
  BPF_B,
  BPF_DIV,
  BPF_H,
  BPF_IMM,
  BPF_IND,
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP,
  BPF_JSET,
  BPF_K,
  BPF_LD,
  BPF_LDX,
  BPF_LSH,
  BPF_MEM,
  BPF_MOD,
  BPF_MUL,
  BPF_NEG,
  BPF_OR,
  BPF_RSH,
  BPF_ST,
  BPF_STX,
  BPF_SUB,
  BPF_W,
  BPF_X,
  BPF_XOR,
  classOf,
  modeOf,
  operationOf,
  sizeOf,
} from '../isa/insn.ts';

/**
 * opcode: 16 bits       class (3 bits)      mode/op (upper bits)
 * ```
 *   LD/LDX:   mmms scc0   mmm mode  ss size      ALU/JMP:  oooo xccc   oooo operation  x operand is X
 * ```
 * `jt` and `jf` are distances (0..255) from the next instruction, `k` is an unsigned 32-bit operand.
 */
export interface CbpfInsn {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

/** A whole program. The verdict is the number of bytes to keep: 0 rejects. */
export type CbpfProgram = readonly CbpfInsn[];

/** Cells of scratch memory. */
export const BPF_MEMWORDS = 16;

export const BPF_RET = 0x06;
export const BPF_MISC = 0x07;

export const BPF_LEN = 0x80;
export const BPF_MSH = 0xa0;

export const BPF_A = 0x10;

export const BPF_TAX = 0x00;
export const BPF_TXA = 0x80;

/** `code` with the parts that its class does not use left out, as an instruction without a jump. */
export function insn(code: number, k = 0): CbpfInsn {
  return { code, jt: 0, jf: 0, k: k >>> 0 };
}

/** Bytes that a load of this BPF_SIZE reads. */
export function loadBytes(size: number): 1 | 2 | 4 {
  return size === BPF_B ? 1 : size === BPF_H ? 2 : 4;
}
