/**
 * A program as blocks: instructions that run one after another, and where control goes after them. Only for programs
 * that end: a jump backwards may stand in them (compilers place blocks in any order), a loop may not.
 */
import { FormatError, UnsupportedError } from '../../base/index.ts';
import {
  BPF_CALL,
  BPF_DW,
  BPF_EXIT,
  BPF_IMM,
  BPF_JA,
  BPF_JMP,
  BPF_JMP32,
  BPF_LD,
  classOf,
  type EbpfInsn,
  type EbpfProgram,
  operationOf,
} from '../isa/insn.ts';

export interface Block {
  readonly startInsn: number;
  /** Without the jump or the exit at its end. */
  insns: EbpfInsn[];
  /** The conditional jump at its end. */
  branch: EbpfInsn | undefined;
  /** Where the conditional jump leads. */
  taken: Block | undefined;
  /** Where it goes on; undefined at an exit. */
  next: Block | undefined;
}

/**
 * The blocks that can be reached, each before those that it leads to; where possible a block is followed by the one
 * that it goes on with.
 * @throws UnsupportedError for a loop, FormatError for a jump to where no instruction is
 */
export function orderBlocks(program: EbpfProgram): Block[] {
  const blocks = splitBlocks(program);
  const entry = blocks.get(0);
  const finished: Block[] = [];
  const state = new Map<Block, 'open' | 'finished'>();
  const waiting: Block[] = entry === undefined ? [] : [entry];
  for (let block = waiting.at(-1); block !== undefined; block = waiting.at(-1)) {
    if (state.get(block) === undefined) {
      state.set(block, 'open');
      // What was put there last is looked at first, and so comes later in the order.
      for (const after of [block.next, block.taken]) {
        if (after === undefined) continue;
        if (state.get(after) === 'open') throw loopAt(after, program);
        if (state.get(after) === undefined) waiting.push(after);
      }
      continue;
    }
    waiting.pop();
    if (state.get(block) === 'finished') continue;
    state.set(block, 'finished');
    finished.push(block);
  }
  return finished.reverse();
}

function loopAt({ startInsn }: Block, program: EbpfProgram): UnsupportedError {
  return new UnsupportedError(
    `it has a loop at instruction ${startInsn} of ${program.length}: expected one that is unrolled (#pragma unroll)`,
    'unrolled loops',
  );
}

function splitBlocks(program: EbpfProgram): Map<number, Block> {
  const starts = new Set([0]);
  program.forEach((insn, pc) => {
    if (!endsBlock(insn)) return;
    starts.add(pc + 1);
    if (!isExit(insn)) starts.add(targetOf(insn, pc));
  });
  const blocks = new Map<number, Block>();
  for (const startInsn of starts) {
    if (startInsn >= 0 && startInsn < program.length) {
      blocks.set(startInsn, { startInsn, insns: [], branch: undefined, taken: undefined, next: undefined });
    }
  }
  for (const block of blocks.values()) fillBlock(block, program, blocks);
  return blocks;
}

function fillBlock(block: Block, program: EbpfProgram, blocks: ReadonlyMap<number, Block>): void {
  const blockAt = (pc: number, from: number): Block => {
    const found = blocks.get(pc);
    if (found !== undefined) return found;
    throw new FormatError(`instruction ${from}: control goes to ${pc} of ${program.length}`, 8 * from);
  };
  for (let pc = block.startInsn; ; pc++) {
    const insn = program[pc];
    if (insn === undefined || (pc > block.startInsn && blocks.has(pc))) {
      block.next = blockAt(pc, pc - 1);
      return;
    }
    if (isExit(insn)) return;
    if (endsBlock(insn)) {
      const target = blockAt(targetOf(insn, pc), pc);
      const isAlways = operationOf(insn.code) === BPF_JA;
      block.next = isAlways ? target : blockAt(pc + 1, pc);
      block.taken = isAlways ? undefined : target;
      block.branch = isAlways ? undefined : insn;
      return;
    }
    block.insns.push(insn);
    if (isWide(insn)) {
      const second = program[pc + 1];
      if (second === undefined || blocks.has(pc + 1)) blockAt(-1, pc);
      else block.insns.push(second);
      pc++;
    }
  }
}

export function isWide({ code }: EbpfInsn): boolean {
  return code === (BPF_LD | BPF_IMM | BPF_DW);
}

function isExit({ code }: EbpfInsn): boolean {
  return code === (BPF_JMP | BPF_EXIT);
}

function endsBlock({ code }: EbpfInsn): boolean {
  const isJump = classOf(code) === BPF_JMP || classOf(code) === BPF_JMP32;
  return isJump && operationOf(code) !== BPF_CALL;
}

function targetOf({ code, off, imm }: EbpfInsn, pc: number): number {
  return pc + 1 + (code === (BPF_JMP32 | BPF_JA) ? imm : off);
}
