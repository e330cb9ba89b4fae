/**
 * Extended BPF as text, in the notation of the Linux kernel and llvm-objdump: `r0 = *(u16 *)skb[12]`,
 * `if r0 != 0x800 goto +4`, `w1 += 2` (w is the lower half of a register). An instruction that this notation lacks
 * is printed as `.insn` with its fields.
 */
import * as isa from '../isa/insn.ts';
import {
  BPF_ABS,
  BPF_ALU,
  BPF_B,
  BPF_H,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_NEG,
  BPF_ST,
  BPF_STX,
  BPF_W,
  BPF_X,
  classOf,
  modeOf,
  operationOf,
  sizeOf,
} from '../isa/insn.ts';

const assignments: Readonly<Record<number, string>> = {
  0: '+=',
  16: '-=',
  32: '*=',
  48: '/=',
  64: '|=',
  80: '&=',
  96: '<<=',
  112: '>>=',
  144: '%=',
  160: '^=',
  [isa.BPF_MOV]: '=',
  [isa.BPF_ARSH]: 's>>=',
};

const relations: Readonly<Record<number, string>> = {
  16: '==',
  32: '>',
  48: '>=',
  64: '&',
  [isa.BPF_JNE]: '!=',
  [isa.BPF_JSGT]: 's>',
  [isa.BPF_JSGE]: 's>=',
  [isa.BPF_JLT]: '<',
  [isa.BPF_JLE]: '<=',
  [isa.BPF_JSLT]: 's<',
  [isa.BPF_JSLE]: 's<=',
};

const sizes: Readonly<Record<number, string>> = {
  [BPF_B]: 'u8',
  [BPF_H]: 'u16',
  [BPF_W]: 'u32',
  [isa.BPF_DW]: 'u64',
};

/** One line an instruction, its number first, each ended by a newline. */
export function formatEbpf(program: isa.EbpfProgram): string {
  return program.map((insn, pc) => `${String(pc).padStart(4)}: ${formatInsn(insn)}\n`).join('');
}

function formatInsn(insn: isa.EbpfInsn): string {
  const { code, dst, src, off, imm } = insn;
  const fallback = `.insn 0x${code.toString(16)}, ${dst}, ${src}, ${off}, ${imm}`;
  switch (classOf(code)) {
    case BPF_ALU:
    case isa.BPF_ALU64:
      return formatAlu(insn) ?? fallback;
    case BPF_JMP:
      return formatJump(insn) ?? fallback;
    case BPF_LD:
      if (modeOf(code) === BPF_ABS) return `r0 = *(${sizes[sizeOf(code)]} *)skb[${imm}]`;
      if (modeOf(code) === BPF_IND) return `r0 = *(${sizes[sizeOf(code)]} *)skb[r${src}${signed(imm)}]`;
      return fallback;
    case BPF_LDX:
      return modeOf(code) === BPF_MEM ? `r${dst} = ${memory(code, src, off)}` : fallback;
    case BPF_ST:
      return modeOf(code) === BPF_MEM ? `${memory(code, dst, off)} = ${imm}` : fallback;
    case BPF_STX:
      return modeOf(code) === BPF_MEM ? `${memory(code, dst, off)} = r${src}` : fallback;
    default:
      return fallback;
  }
}

function formatAlu({ code, dst, src, imm }: isa.EbpfInsn): string | undefined {
  const letter = classOf(code) === isa.BPF_ALU64 ? 'r' : 'w';
  const operation = operationOf(code);
  if (operation === BPF_NEG) return `${letter}${dst} = -${letter}${dst}`;
  if (operation === isa.BPF_END) {
    if (letter === 'r') return undefined;
    return `r${dst} = ${(code & isa.BPF_TO_BE) !== 0 ? 'be' : 'le'}${imm} r${dst}`;
  }
  const assignment = assignments[operation];
  if (assignment === undefined) return undefined;
  return `${letter}${dst} ${assignment} ${(code & BPF_X) !== 0 ? `${letter}${src}` : constant(imm)}`;
}

function formatJump({ code, dst, src, off, imm }: isa.EbpfInsn): string | undefined {
  switch (operationOf(code)) {
    case isa.BPF_EXIT:
      return 'exit';
    case isa.BPF_CALL:
      return `call ${imm}`;
    case BPF_JA:
      return `goto ${signed(off)}`;
  }
  const relation = relations[operationOf(code)];
  if (relation === undefined) return undefined;
  return `if r${dst} ${relation} ${(code & BPF_X) !== 0 ? `r${src}` : constant(imm)} goto ${signed(off)}`;
}

const memory = (code: number, register: number, off: number): string =>
  `*(${sizes[sizeOf(code)]} *)(r${register}${signed(off)})`;

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

const constant = (imm: number): string => (imm < 0 ? String(imm) : `0x${imm.toString(16)}`);
