/**
 * From the graph of decisions to a classic BPF program: one block a decision, each before those it leads to, so all
 * jumps go forward. A value that every way into a block leaves in a register is not computed again. Conditional jumps
 * reach 255 instructions; a `ja` goes further.
 */
import {
  BPF_JA,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JMP,
  BPF_JSET,
  BPF_RET,
  BPF_X,
  type CbpfInsn,
  type CbpfProgram,
} from '../bpf/classic.ts';
import { type InnerNode, idOf, inOrder, type Node, waysOf } from './graph.ts';
import type { TestKind } from './predicate.ts';
import { type Holding, Registers } from './registers.ts';

const jumps: Readonly<Record<TestKind, number>> = { eq: BPF_JEQ, gt: BPF_JGT, ge: BPF_JGE, set: BPF_JSET };

/** The furthest that a conditional jump can go. */
const MAX_JUMP = 255;

/**
 * A node's code without its jump, and which ways of the jump need a `ja`. Where an assignment goes on is both `yes` and
 * `no`.
 */
interface Block {
  readonly node: InnerNode;
  readonly insns: readonly CbpfInsn[];
  yes: Node;
  no: Node;
  farYes: boolean;
  farNo: boolean;
  /** The code of where it goes on comes next anyway: an assignment then needs no jump. */
  fallsThrough: boolean;
}

/** The program of a graph; accepted packets are kept up to `snaplen` bytes. */
export function emitProgram(root: Node, snaplen: number): CbpfProgram {
  const accept: CbpfInsn = { code: BPF_RET, jt: 0, jf: 0, k: snaplen };
  const reject: CbpfInsn = { code: BPF_RET, jt: 0, jf: 0, k: 0 };
  if (typeof root === 'string') return [root === 'accept' ? accept : reject];
  const blocks = mergeEqualCode(makeBlocks(root));
  const layout: readonly Node[] = [...blocks.map(({ node }) => node), ...leavesOf(blocks)];
  blocks.forEach((block, index) => {
    block.fallsThrough = block.node.kind === 'assignment' && layout[index + 1] === block.yes;
  });
  const starts = place(blocks);
  const program: CbpfInsn[] = [];
  for (const block of blocks) {
    program.push(...block.insns);
    emitJump(program, block, starts);
  }
  for (const leaf of leavesOf(blocks)) program.push(leaf === 'accept' ? accept : reject);
  return program;
}

/** Accept before reject, each only when something leads there. */
function leavesOf(blocks: readonly Block[]): readonly ('accept' | 'reject')[] {
  return (['accept', 'reject'] as const).filter((leaf) =>
    blocks.some(({ yes, no }) => yes === leaf || no === leaf),
  );
}

function makeBlocks(root: InnerNode): readonly Block[] {
  const entries = new Map<Node, Holding>();
  return inOrder(root).map((node) => {
    const registers = new Registers(entries.get(node) ?? { a: undefined, x: undefined });
    compute(registers, node);
    const { holding } = registers;
    const ways = waysOf(node);
    for (const next of ways) {
      const known = entries.get(next);
      entries.set(next, known === undefined ? holding : meet(known, holding));
    }
    return {
      node,
      insns: registers.insns,
      yes: ways[0]!,
      no: ways.at(-1)!,
      farYes: false,
      farNo: false,
      fallsThrough: false,
    };
  });
}

function compute(registers: Registers, node: InnerNode): void {
  if (node.kind === 'assignment') {
    if (node.cell.kind === 'cell') registers.assign(node.cell, node.value);
    return;
  }
  const { left, right, kind } = node.test;
  if (right.kind === 'constant') registers.toA(left);
  else registers.toBoth(left, right, kind === 'eq' || kind === 'set');
}

function meet(one: Holding, other: Holding): Holding {
  return { a: one.a === other.a ? one.a : undefined, x: one.x === other.x ? one.x : undefined };
}

/**
 * Blocks of the same code that lead to the same places become the last of them. They may test different values that
 * happen to be in A: the code does not care.
 */
function mergeEqualCode(blocks: readonly Block[]): readonly Block[] {
  const kept: Block[] = [];
  const byCode = new Map<string, Block>();
  const replacement = new Map<Node, Node>();
  for (const block of blocks.toReversed()) {
    block.yes = replacement.get(block.yes) ?? block.yes;
    block.no = replacement.get(block.no) ?? block.no;
    const key = [
      ...block.insns.map(({ code, k }) => `${code} ${k}`),
      jumpKey(block.node),
      idOf(block.yes),
      idOf(block.no),
    ].join();
    const equal = byCode.get(key);
    if (equal === undefined) {
      byCode.set(key, block);
      kept.push(block);
    } else {
      replacement.set(block.node, equal.node);
    }
  }
  return kept.reverse();
}

function jumpKey(node: InnerNode): string {
  if (node.kind === 'assignment') return 'next';
  const { kind, right } = node.test;
  return `${kind} ${right.kind === 'constant' ? right.constant : 'x'}`;
}

/** Where each block and leaf starts; finds the jumps that are too far until none is left. */
function place(blocks: readonly Block[]): ReadonlyMap<Node, number> {
  for (;;) {
    const starts = new Map<Node, number>();
    let pc = 0;
    for (const block of blocks) {
      starts.set(block.node, pc);
      pc += sizeOf(block);
    }
    for (const leaf of leavesOf(blocks)) starts.set(leaf, pc++);
    let changed = false;
    for (const block of blocks) {
      const next = starts.get(block.node)! + block.insns.length + 1;
      const isFar = (target: Node): boolean => starts.get(target)! - next > MAX_JUMP;
      const branches = block.node.kind === 'decision';
      const farYes = block.farYes || (branches && isFar(block.yes));
      const farNo = block.farNo || (branches && isFar(block.no));
      changed ||= farYes !== block.farYes || farNo !== block.farNo;
      Object.assign(block, { farYes, farNo });
    }
    if (!changed) return starts;
  }
}

function sizeOf({ insns, farYes, farNo, fallsThrough }: Block): number {
  return insns.length + Number(!fallsThrough) + Number(farYes) + Number(farNo);
}

function emitJump(
  program: CbpfInsn[],
  { node, yes, no, farYes, farNo, fallsThrough }: Block,
  starts: ReadonlyMap<Node, number>,
): void {
  const jumpTo = (target: number): void => {
    program.push({ code: BPF_JMP | BPF_JA, jt: 0, jf: 0, k: target - program.length - 1 });
  };
  if (node.kind === 'assignment') {
    if (!fallsThrough) jumpTo(starts.get(yes)!);
    return;
  }
  const { kind, right } = node.test;
  const next = program.length + 1;
  const yesAt = starts.get(yes)!;
  const noAt = starts.get(no)!;
  const byConstant = right.kind === 'constant';
  program.push({
    code: BPF_JMP | jumps[kind] | (byConstant ? 0 : BPF_X),
    jt: farYes ? 0 : yesAt - next,
    jf: farNo ? Number(farYes) : noAt - next,
    k: byConstant ? right.constant : 0,
  });
  if (farYes) jumpTo(yesAt);
  if (farNo) jumpTo(noAt);
}
