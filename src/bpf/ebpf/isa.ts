/**
 * Extended BPF: the instruction of RFC 9669 in its basic 8-byte encoding, with the packet loads that it inherited
 * (section 5.6), under the names of <linux/bpf.h>. Eleven 64-bit registers, r10 points behind 512 bytes of stack.
 */

/**
 * One instruction, 8 bytes, little-endian:
 * ```
 *   byte 0    1          2..3     4..7
 *   code      src dst    off      imm        (dst in the low four bits)
 * ```
 * `off` and `imm` are signed. `off` of a jump counts instructions from the next one.
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

export const BPF_ALU64 = 0x07;

export const BPF_DW = 0x18;

export const BPF_MOV = 0xb0;
export const BPF_ARSH = 0xc0;
export const BPF_END = 0xd0;
/** The byte order that BPF_END converts to, in the place of BPF_X. */
export const BPF_TO_BE = 0x08;

export const BPF_JNE = 0x50;
export const BPF_JSGT = 0x60;
export const BPF_JSGE = 0x70;
export const BPF_CALL = 0x80;
export const BPF_EXIT = 0x90;
export const BPF_JLT = 0xa0;
export const BPF_JLE = 0xb0;
export const BPF_JSLT = 0xc0;
export const BPF_JSLE = 0xd0;
