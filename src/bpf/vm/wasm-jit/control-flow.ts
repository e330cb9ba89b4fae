/**
 * A program cut into functions and basic blocks, and what the structured code of WebAssembly must know of each
 * function: the order of its blocks, who dominates whom, and whether every loop is entered at its head.
 */
import type { EbpfProgram } from '../../isa/insn.ts';
import type { InsnRow } from '../../isa/table.ts';
import { jumpTarget } from '../../isa/validate.ts';

/** Rows of the instruction table for each slot, as `validateProgram` gives them. */
export type Rows = readonly (InsnRow | undefined)[];

/** Instructions that run one after another. Only the last may jump. */
export interface BasicBlock {
  /** Its place in reverse postorder; the entry is 0. */
  readonly index: number;
  /** The first slot and the last instruction's. */
  readonly start: number;
  readonly end: number;
  /** Blocks that may come next: where the jump leads, then what follows; none at an exit. */
  readonly successors: readonly number[];
}

export interface FunctionFlow {
  readonly start: number;
  /** In reverse postorder: a block comes before all that it leads to, but for jumps back. */
  readonly blocks: readonly BasicBlock[];
  /** For each block the nearest one that every way to it goes through; the entry's is itself. */
  readonly dominators: readonly number[];
  /** Whether every jump back leads to a block that dominates it. */
  readonly isReducible: boolean;
  /** First slots of the functions that it calls. */
  readonly callees: ReadonlySet<number>;
}

/** The functions of a program, by their first slot; that of the program itself is 0. */
export function analyzeFunctions(program: EbpfProgram, rows: Rows): ReadonlyMap<number, FunctionFlow> {
  const functions = new Map<number, FunctionFlow>();
  const open = [0];
  for (let start = open.pop(); start !== undefined; start = open.pop()) {
    if (functions.has(start)) continue;
    const flow = analyzeFunction(program, rows, start);
    functions.set(start, flow);
    open.push(...flow.callees);
  }
  return functions;
}

function analyzeFunction(program: EbpfProgram, rows: Rows, start: number): FunctionFlow {
  const { starts, callees } = reach(program, rows, start);
  const raw = new Map([...starts].map((first) => [first, cutBlock(program, rows, first, starts)]));
  const order = reversePostorder(start, raw);
  const indexOf = new Map(order.map((first, index) => [first, index]));
  const blocks = order.map((first, index) => {
    const { end, next } = raw.get(first)!;
    return { index, start: first, end, successors: next.map((target) => indexOf.get(target)!) };
  });
  const dominators = findDominators(blocks);
  const isReducible = blocks.every(({ index, successors }) =>
    successors.every((next) => next > index || dominates(dominators, next, index)),
  );
  return { start, blocks, dominators, isReducible, callees };
}

/** The places where blocks start, and the functions that are called, over all instructions that can be reached. */
function reach(
  program: EbpfProgram,
  rows: Rows,
  start: number,
): { readonly starts: Set<number>; readonly callees: Set<number> } {
  const starts = new Set([start]);
  const callees = new Set<number>();
  const seen = new Set<number>();
  const open = [start];
  for (let pc = open.pop(); pc !== undefined; pc = open.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    const row = rows[pc]!;
    if (row.kind === 'call' && row.operation === 'local') callees.add(jumpTarget(row, program[pc]!, pc)!);
    const next = successorsOf(program, rows, pc);
    if (row.kind === 'jump' || row.kind === 'ja') for (const target of next) starts.add(target);
    open.push(...next);
  }
  return { starts, callees };
}

/** Where control may go from an instruction. */
function successorsOf(program: EbpfProgram, rows: Rows, pc: number): readonly number[] {
  const row = rows[pc]!;
  const following = row.kind === 'lddw' ? pc + 2 : pc + 1;
  switch (row.kind) {
    case 'exit':
      return [];
    case 'ja':
      return [jumpTarget(row, program[pc]!, pc)!];
    case 'jump': {
      const target = jumpTarget(row, program[pc]!, pc)!;
      return target === following ? [following] : [target, following];
    }
    default:
      return [following];
  }
}

function cutBlock(
  program: EbpfProgram,
  rows: Rows,
  first: number,
  starts: ReadonlySet<number>,
): { readonly end: number; readonly next: readonly number[] } {
  for (let pc = first; ; ) {
    const next = successorsOf(program, rows, pc);
    const [only] = next;
    if (next.length !== 1 || only! <= pc || starts.has(only!)) return { end: pc, next };
    pc = only!;
  }
}

function reversePostorder(
  entry: number,
  blocks: ReadonlyMap<number, { readonly next: readonly number[] }>,
): readonly number[] {
  const order: number[] = [];
  const seen = new Set([entry]);
  const open: { readonly first: number; at: number }[] = [{ first: entry, at: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const next = blocks.get(top.first)!.next[top.at++];
    if (next === undefined) {
      order.push(top.first);
      open.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      open.push({ first: next, at: 0 });
    }
  }
  return order.reverse();
}

/** Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm". */
function findDominators(blocks: readonly BasicBlock[]): readonly number[] {
  const predecessors: number[][] = blocks.map(() => []);
  for (const { index, successors } of blocks) for (const next of successors) predecessors[next]!.push(index);
  const dominators: number[] = [0];
  for (let changed = true; changed; ) {
    changed = false;
    for (let index = 1; index < blocks.length; index++) {
      const known = predecessors[index]!.filter((each) => dominators[each] !== undefined);
      const found = known.reduce((one, other) => nearestCommon(dominators, one, other));
      if (dominators[index] !== found) {
        dominators[index] = found;
        changed = true;
      }
    }
  }
  return dominators;
}

function nearestCommon(dominators: readonly number[], one: number, other: number): number {
  let left = one;
  let right = other;
  while (left !== right) {
    while (left > right) left = dominators[left]!;
    while (right > left) right = dominators[right]!;
  }
  return left;
}

function dominates(dominators: readonly number[], upper: number, lower: number): boolean {
  let at = lower;
  while (at > upper) at = dominators[at]!;
  return at === upper;
}
