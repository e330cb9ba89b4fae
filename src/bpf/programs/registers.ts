/** Which registers an instruction reads and writes, as bits. */
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_END,
  BPF_IND,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  BPF_LDX,
  BPF_MOV,
  BPF_NEG,
  BPF_ST,
  BPF_STX,
  BPF_X,
  classOf,
  type EbpfInsn,
  modeOf,
  operationOf,
} from '../isa/insn.ts';

/** What packet loads leave undefined: r1 to r5. */
export const CLOBBERED = 0x3e;

export interface RegisterUse {
  readonly reads: number;
  readonly writes: number;
  /** Whether the register in `dst` is one of those that are read. */
  readonly readsDst: boolean;
}

/** For all but calls and exits. The context that packet loads read in r6 is not counted. */
export function registerUse({ code, dst, src }: Pick<EbpfInsn, 'code' | 'dst' | 'src'>): RegisterUse {
  // The second half of a 64-bit constant.
  if (code === 0) return use(0, 0, false);
  const operand = (code & BPF_X) !== 0 ? 1 << src : 0;
  switch (classOf(code)) {
    case BPF_ALU:
    case BPF_ALU64: {
      const operation = operationOf(code);
      if (operation === BPF_MOV) return use(operand, 1 << dst, false);
      const isUnary = operation === BPF_NEG || operation === BPF_END;
      return use((1 << dst) | (isUnary ? 0 : operand), 1 << dst, true);
    }
    case BPF_LDX:
      return use(1 << src, 1 << dst, false);
    case BPF_ST:
      return use(1 << dst, 0, true);
    case BPF_STX:
      return use((1 << dst) | (1 << src), 0, true);
    case BPF_JMP:
    case BPF_JMP32:
      return use((1 << dst) | operand, 0, true);
    default:
      if (!isPacketLoad(code)) return use(0, 1 << dst, false);
      return use(modeOf(code) === BPF_IND ? 1 << src : 0, 1 | CLOBBERED, false);
  }
}

function use(reads: number, writes: number, readsDst: boolean): RegisterUse {
  return { reads, writes, readsDst };
}

export function isPacketLoad(code: number): boolean {
  return classOf(code) === BPF_LD && (modeOf(code) === BPF_ABS || modeOf(code) === BPF_IND);
}
