/**
 * The agent's rules want the context in r6 from the first instruction on and nowhere else. Compilers read it from where
 * it is, mostly r1, and use r6 for other things where no packet is loaded. So every use of a copy becomes one of r6,
 * copying disappears, and other values of r6 move to a register that the program does not use.
 */
import { UnsupportedError } from '../../base/index.ts';
import { BPF_ALU64, BPF_MOV, BPF_X, type EbpfInsn } from '../isa/insn.ts';
import type { Block } from './flow-graph.ts';
import { CLOBBERED, isPacketLoad, registerUse } from './registers.ts';

const CONTEXT = 6;
const CONTEXT_BIT = 1 << CONTEXT;

/** Survive packet loads. */
const LASTING = [7, 8, 9];
const PASSING = [5, 4, 3, 2, 1, 0];

/** Changes the instructions of the blocks, which are in the order of control. @throws UnsupportedError */
export function pinContext(blocks: readonly Block[]): void {
  const holders = findHolders(blocks);
  const used = usedForValues(blocks, holders);
  const hasPacketLoads = blocks.some(({ insns }) => insns.some(({ code }) => isPacketLoad(code)));
  let spare = CONTEXT;
  if ((used & CONTEXT_BIT) !== 0) {
    const free = [...LASTING, ...(hasPacketLoads ? [] : PASSING)].find((n) => ((used >> n) & 1) === 0);
    if (free === undefined) {
      throw new UnsupportedError(
        'it uses all registers: expected r6 free for the packet',
        'a smaller program',
      );
    }
    spare = free;
  }
  for (const block of blocks) {
    let held = holders.get(block)!;
    const rename = (register: number): number => {
      if (((held >> register) & 1) !== 0) return CONTEXT;
      return register === CONTEXT ? spare : register;
    };
    const renamed: EbpfInsn[] = [];
    for (const insn of block.insns) {
      const { reads, readsDst } = registerUse(insn);
      const copies = isCopy(insn, held);
      const after = step(insn, held);
      if (!copies) {
        const src = (reads >> insn.src) & 1 ? rename(insn.src) : insn.src;
        // A register that is written and not read is a value from here on.
        if (!readsDst) held = after;
        const dst = isPacketLoad(insn.code) ? insn.dst : rename(insn.dst);
        renamed.push({ ...insn, dst, src });
      }
      held = after;
    }
    block.insns = renamed;
    if (block.branch !== undefined) {
      const { code, dst, src } = block.branch;
      const operand = (code & BPF_X) !== 0 ? rename(src) : src;
      block.branch = { ...block.branch, dst: rename(dst), src: operand };
    }
  }
}

/** The registers that hold the context at the start of each block, on every way there. */
function findHolders(blocks: readonly Block[]): Map<Block, number> {
  const holders = new Map<Block, number>();
  const reach = (block: Block | undefined, held: number) => {
    if (block !== undefined) holders.set(block, (holders.get(block) ?? held) & held);
  };
  reach(blocks[0], 1 << 1);
  for (const block of blocks) {
    let held = holders.get(block)!;
    for (const insn of block.insns) held = step(insn, held);
    reach(block.taken, held);
    reach(block.next, held);
  }
  return holders;
}

/** The registers that hold something else somewhere. */
function usedForValues(blocks: readonly Block[], holders: ReadonlyMap<Block, number>): number {
  let used = 0;
  for (const block of blocks) {
    let held = holders.get(block)!;
    for (const insn of block.insns) {
      const { reads, writes } = registerUse(insn);
      used |= reads & ~held;
      if (!isCopy(insn, held)) used |= isPacketLoad(insn.code) ? 1 : writes;
      held = step(insn, held);
    }
    if (block.branch !== undefined) used |= registerUse(block.branch).reads & ~held;
  }
  return used;
}

function isCopy({ code, src }: EbpfInsn, held: number): boolean {
  return code === (BPF_ALU64 | BPF_MOV | BPF_X) && ((held >> src) & 1) !== 0;
}

function step(insn: EbpfInsn, held: number): number {
  if (isPacketLoad(insn.code)) return held & ~(1 | CLOBBERED);
  const { writes } = registerUse(insn);
  return isCopy(insn, held) ? held | writes : held & ~writes;
}
