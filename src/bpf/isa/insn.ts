/**
 * Extended BPF: the instruction of RFC 9669 in its basic 8-byte encoding and the parts of its opcode, under the names
 * of <linux/bpf.h>. Eleven 64-bit registers, r10 points behind 512 bytes of stack. What the parts mean together is in
 * table.ts. Classic BPF shares many of the parts (cbpf/isa.ts).
 */

/**
 * One slot of a program, 8 bytes, little-endian:
 * ```
 *   byte 0    1          2..3     4..7
 *   code      src dst    off      imm        (dst in the low four bits)
 * ```
 * `off` and `imm` are signed. `off` of a jump counts slots from the next one. A 64-bit constant (BPF_LD | BPF_IMM |
 * BPF_DW) takes two slots; the second has code 0 and the upper half in `imm`.
 */
export interface EbpfInsn {
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly off: number;
  readonly imm: number;
}

export type EbpfProgram = readonly EbpfInsn[];

/** Bytes of stack below r10. */
export const MAX_BPF_STACK = 512;

// Classes.
export const BPF_LD = 0x00;
export const BPF_LDX = 0x01;
export const BPF_ST = 0x02;
export const BPF_STX = 0x03;
export const BPF_ALU = 0x04;
export const BPF_JMP = 0x05;
export const BPF_JMP32 = 0x06;
export const BPF_ALU64 = 0x07;

// Sizes of loads and stores.
export const BPF_W = 0x00;
export const BPF_H = 0x08;
export const BPF_B = 0x10;
export const BPF_DW = 0x18;

// Modes of loads and stores.
export const BPF_IMM = 0x00;
export const BPF_ABS = 0x20;
export const BPF_IND = 0x40;
export const BPF_MEM = 0x60;
export const BPF_MEMSX = 0x80;
export const BPF_ATOMIC = 0xc0;

// The operand: a constant or a register.
export const BPF_K = 0x00;
export const BPF_X = 0x08;

// Arithmetic.
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
export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
export const BPF_END = 0xd0;
/** The byte order that BPF_END converts to, in the place of BPF_X. */
export const BPF_TO_BE = 0x08;

// Jumps.
export const BPF_JA = 0x00;
export const BPF_JEQ = 0x10;
export const BPF_JGT = 0x20;
export const BPF_JGE = 0x30;
export const BPF_JSET = 0x40;
export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;

// Atomic operations, in the immediate value: an arithmetic operation, or one of these.
export const BPF_FETCH = 0x01;
export const BPF_XCHG = 0xe1;
export const BPF_CMPXCHG = 0xf1;

/** The parts of an opcode. */
export const classOf = (code: number): number => code & 0x07;
export const sizeOf = (code: number): number => code & 0x18;
export const modeOf = (code: number): number => code & 0xe0;
export const operationOf = (code: number): number => code & 0xf0;
