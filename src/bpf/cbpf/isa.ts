/**
 * Classic BPF: the instruction of bpf(4) and its opcode parts, under their names in <net/bpf.h>. Two 32-bit
 * registers A and X, sixteen 32-bit scratch cells M[0..15], packet loads in network byte order, jumps forward only.
 * No Linux ancillary loads (SKF_AD_*): a packet offset is an offset, however large.
 */

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

export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_RET = 0x06;
export const BPF_MISC = 0x07;

export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;

export const BPF_IMM = 0x00;
export const BPF_ABS = 0x20;
export const BPF_IND = 0x40;
export const BPF_MEM = 0x60;
export const BPF_LEN = 0x80;
export const BPF_MSH = 0xa0;

export const BPF_ADD = 0x00;
export const BPF_SUB = 0x10;
export const BPF_MUL = 0x20;
export const BPF_DIV = 0x30;
export const BPF_OR = 0x40;
export const BPF_AND = 0x50;
export const BPF_LSH = 0x60;
export const BPF_RSH = 0x70;
export const BPF_NEG = 0x80;
export const BPF_MOD = 0x90;
export const BPF_XOR = 0xa0;

export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;

export const BPF_K = 0x00;
export const BPF_X = 0x08;
export const BPF_A = 0x10;

export const BPF_TAX = 0x00;
export const BPF_TXA = 0x80;

/** `code` with the parts that its class does not use left out, as an instruction without a jump. */
export function insn(code: number, k = 0): CbpfInsn {
  return { code, jt: 0, jf: 0, k: k >>> 0 };
}

/** The parts of a load's or operation's opcode. */
export const classOf = (code: number): number => code & 0x07;
export const sizeOf = (code: number): number => code & 0x18;
export const modeOf = (code: number): number => code & 0xe0;
export const operationOf = (code: number): number => code & 0xf0;

/** Bytes that a load of this BPF_SIZE reads. */
export function loadBytes(size: number): 1 | 2 | 4 {
  return size === BPF_B ? 1 : size === BPF_H ? 2 : 4;
}
