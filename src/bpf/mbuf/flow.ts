/**
 * What a classic program does with frames that have a given number of tags put in: which instructions are reached,
 * which way each jump can go, and what A, X and the cells hold. One pass, as jumps go forward. The protocol numbers of tags are
 * constants, so much of a program is often decided.
 */
import * as cbpf from '../cbpf/isa.ts';
import { successors } from '../cbpf/liveness.ts';
import { holds } from '../cbpf/run.ts';
import {
  anything,
  atStart,
  exactly,
  type Known,
  merge,
  operateOn,
  type Range,
  upTo,
  withCell,
} from './ranges.ts';
import type { TaggedFrame } from './tags.ts';

export interface Flow {
  /** What holds before each instruction; undefined where no way leads. */
  readonly known: readonly (Known | undefined)[];
  /** The instructions that may really come next, the one for "yes" first. */
  readonly successors: readonly (readonly number[])[];
}

export function analyzeFlow(program: cbpf.CbpfProgram, frame: TaggedFrame): Flow {
  const known: (Known | undefined)[] = [atStart];
  const next = program.map((insn, pc) => {
    const before = known[pc];
    if (before === undefined) return [];
    const after = transfer(insn, before, frame);
    const ways = possibleSuccessors(insn, pc, before);
    for (const way of ways) known[way] = merge(known[way], after);
    return ways;
  });
  return { known, successors: next };
}

function possibleSuccessors(insn: cbpf.CbpfInsn, pc: number, { a, x }: Known): readonly number[] {
  if (alwaysDividesByZero(insn, x)) return [];
  const ways = successors(insn, pc);
  if (ways.length < 2) return ways;
  if (ways[0] === ways[1]) return ways.slice(1);
  const operand = (insn.code & cbpf.BPF_X) !== 0 ? x : exactly(insn.k);
  const outcome = decide(cbpf.operationOf(insn.code), a, operand);
  if (outcome === undefined) return ways;
  return outcome ? ways.slice(0, 1) : ways.slice(1);
}

/** Such an instruction rejects every packet that comes to it. */
export function alwaysDividesByZero({ code }: cbpf.CbpfInsn, x: Range): boolean {
  if (cbpf.classOf(code) !== cbpf.BPF_ALU || (code & cbpf.BPF_X) === 0 || x.max > 0) return false;
  return cbpf.operationOf(code) === cbpf.BPF_DIV || cbpf.operationOf(code) === cbpf.BPF_MOD;
}

/** The outcome of a comparison that is the same for all values of the ranges. */
function decide(operation: number, a: Range, operand: Range): boolean | undefined {
  if (a.min === a.max && operand.min === operand.max) return holds(operation, a.min, operand.min);
  switch (operation) {
    case cbpf.BPF_JEQ:
      return a.max < operand.min || a.min > operand.max ? false : undefined;
    case cbpf.BPF_JGT:
      if (a.min > operand.max) return true;
      return a.max <= operand.min ? false : undefined;
    case cbpf.BPF_JGE:
      if (a.min >= operand.max) return true;
      return a.max < operand.min ? false : undefined;
    default:
      return undefined;
  }
}

function transfer(insn: cbpf.CbpfInsn, known: Known, frame: TaggedFrame): Known {
  const { code, k } = insn;
  switch (cbpf.classOf(code)) {
    case cbpf.BPF_LD:
      return { ...known, a: loaded(insn, known, frame) };
    case cbpf.BPF_LDX:
      return {
        ...known,
        x: cbpf.modeOf(code) === cbpf.BPF_MSH ? headerLength(k, frame) : loaded(insn, known, frame),
      };
    case cbpf.BPF_ST:
      return withCell(known, k, known.a);
    case cbpf.BPF_STX:
      return withCell(known, k, known.x);
    case cbpf.BPF_ALU: {
      const isConstant = (code & cbpf.BPF_X) === 0;
      return {
        ...known,
        a: operateOn(cbpf.operationOf(code), known.a, isConstant ? exactly(k) : known.x, isConstant),
      };
    }
    case cbpf.BPF_MISC:
      return (code & 0xf8) === cbpf.BPF_TAX ? { ...known, x: known.a } : { ...known, a: known.x };
    default:
      return known;
  }
}

function loaded({ code, k }: cbpf.CbpfInsn, { cells }: Known, frame: TaggedFrame): Range {
  const lengthBytes = cbpf.loadBytes(cbpf.sizeOf(code));
  switch (cbpf.modeOf(code)) {
    case cbpf.BPF_IMM:
      return exactly(k);
    case cbpf.BPF_MEM:
      return { ...cells[k]!, bound: anything.bound };
    case cbpf.BPF_ABS:
      return frame.rangeOf(k, lengthBytes);
    case cbpf.BPF_IND:
      return frame.tagsBytes > 0
        ? { ...upTo(2 ** (8 * lengthBytes) - 1), bound: anything.bound }
        : upTo(2 ** (8 * lengthBytes) - 1);
    default:
      return anything;
  }
}

function headerLength(offset: number, frame: TaggedFrame): Range {
  const low = operateOn(cbpf.BPF_AND, frame.rangeOf(offset, 1), exactly(0xf), true);
  return operateOn(cbpf.BPF_LSH, low, exactly(2), true);
}
