/** Which of A, X and the scratch cells a classic program still needs at each instruction. Jumps go forward. */
import * as isa from './isa.ts';

export const LIVE_A = 1;
export const LIVE_X = 2;
/** The bit of scratch cell `cell`. */
export const liveCell = (cell: number): number => 4 << cell;

/** For each instruction sets of bits: what may be read before it is written, from before it and from after it on. */
export interface Liveness {
  readonly before: Uint32Array;
  readonly after: Uint32Array;
}

/** `next` has for each instruction those that may come next: `successors`, or fewer when more is known. */
export function liveness(program: isa.CbpfProgram, next: readonly (readonly number[])[]): Liveness {
  const before = new Uint32Array(program.length);
  const after = new Uint32Array(program.length);
  for (let pc = program.length - 1; pc >= 0; pc--) {
    after[pc] = next[pc]!.reduce((bits, successor) => bits | before[successor]!, 0);
    const isDecided = isa.classOf(program[pc]!.code) === isa.BPF_JMP && next[pc]!.length < 2;
    const { reads, writes } = isDecided ? nothing : effects(program[pc]!);
    before[pc] = isUseless(program[pc]!, after[pc]!) ? after[pc]! : (after[pc]! & ~writes) | reads;
  }
  return { before, after };
}

/** Whether an instruction only writes what nobody reads, and cannot reject the packet. */
export function isUseless(insn: isa.CbpfInsn, liveAfter: number): boolean {
  const { code } = insn;
  const { writes } = effects(insn);
  if (writes === 0 || (writes & liveAfter) !== 0) return false;
  switch (isa.classOf(code)) {
    case isa.BPF_LD:
    case isa.BPF_LDX:
      return ![isa.BPF_ABS, isa.BPF_IND, isa.BPF_MSH].includes(isa.modeOf(code));
    case isa.BPF_ALU: {
      const divides = isa.operationOf(code) === isa.BPF_DIV || isa.operationOf(code) === isa.BPF_MOD;
      return !divides || (code & isa.BPF_X) === 0;
    }
    default:
      return true;
  }
}

/** The instructions that may come next. */
export function successors({ code, jt, jf, k }: isa.CbpfInsn, pc: number): readonly number[] {
  switch (isa.classOf(code)) {
    case isa.BPF_RET:
      return [];
    case isa.BPF_JMP:
      return isa.operationOf(code) === isa.BPF_JA ? [pc + 1 + k] : [pc + 1 + jt, pc + 1 + jf];
    default:
      return [pc + 1];
  }
}

interface Effects {
  readonly reads: number;
  readonly writes: number;
}

const nothing: Effects = { reads: 0, writes: 0 };

function effects({ code, k }: isa.CbpfInsn): Effects {
  const operand = (code & isa.BPF_X) !== 0 ? LIVE_X : 0;
  switch (isa.classOf(code)) {
    case isa.BPF_LD:
    case isa.BPF_LDX: {
      const mode = isa.modeOf(code);
      const reads = mode === isa.BPF_MEM ? liveCell(k) : mode === isa.BPF_IND ? LIVE_X : 0;
      return { reads, writes: isa.classOf(code) === isa.BPF_LD ? LIVE_A : LIVE_X };
    }
    case isa.BPF_ST:
      return { reads: LIVE_A, writes: liveCell(k) };
    case isa.BPF_STX:
      return { reads: LIVE_X, writes: liveCell(k) };
    case isa.BPF_ALU:
      return { reads: LIVE_A | operand, writes: LIVE_A };
    case isa.BPF_JMP:
      return { reads: isa.operationOf(code) === isa.BPF_JA ? 0 : LIVE_A | operand, writes: 0 };
    case isa.BPF_RET:
      return { reads: (code & 0x18) === isa.BPF_A ? LIVE_A : 0, writes: 0 };
    default:
      return (code & 0xf8) === isa.BPF_TAX
        ? { reads: LIVE_A, writes: LIVE_X }
        : { reads: LIVE_X, writes: LIVE_A };
  }
}
