/**
 * Instructions that the agent's engine (librte_bpf of DPDK 22.11) lacks, by those that it has: comparisons of 32 bits,
 * bit tests with small constants, 64-bit constants. What needs one more register takes one whose value nobody reads.
 * The largest values of registers are followed as the agent's check does, so that most comparisons of 32 bits can simply
 * be made in 64.
 */
import { UnsupportedError } from '../../base/index.ts';
import {
  BPF_ALU,
  BPF_ALU64,
  BPF_AND,
  BPF_ARSH,
  BPF_END,
  BPF_JEQ,
  BPF_JGE,
  BPF_JGT,
  BPF_JLE,
  BPF_JLT,
  BPF_JMP,
  BPF_JMP32,
  BPF_JNE,
  BPF_JSET,
  BPF_LDX,
  BPF_LSH,
  BPF_MOV,
  BPF_OR,
  BPF_RSH,
  BPF_X,
  classOf,
  type EbpfInsn,
  operationOf,
  sizeOf,
} from '../isa/insn.ts';
import { maxOfBytes, maxOfResult } from '../mbuf/bounds.ts';
import { type Block, isWide } from './flow-graph.ts';
import { isPacketLoad, registerUse } from './registers.ts';

const MAX31 = 0x7fff_ffff;
const MAX32 = 0xffff_ffff;

/** The same for numbers that have only zeros in front, in 32 bits and in 64. */
const UNSIGNED: readonly number[] = [BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSET];

/** Not r6, which holds the context. */
const SCRATCH = [0, 1, 2, 3, 4, 5, 7, 8, 9];

/** Largest values of r0 to r10. */
type Bounds = Float64Array;

/** Changes the instructions of the blocks, which are in the order of control. @throws UnsupportedError */
export function lowerForAgent(blocks: readonly Block[]): void {
  const live = findLive(blocks);
  const bounds = new Map<Block, Bounds>();
  for (const block of blocks) {
    const known = bounds.get(block) ?? new Float64Array(11);
    block.insns = lowerInsns(block.insns, known);
    if (block.branch !== undefined) {
      const busy = (live.get(block.taken!) ?? 0) | (live.get(block.next!) ?? 0);
      lowerBranch(block, known, busy);
    }
    for (const after of [block.taken, block.next]) {
      if (after === undefined) continue;
      const others = bounds.get(after);
      if (others === undefined) bounds.set(after, known.slice());
      else for (let n = 0; n < others.length; n++) others[n] = Math.max(others[n]!, known[n]!);
    }
  }
}

function lowerInsns(insns: readonly EbpfInsn[], bounds: Bounds): EbpfInsn[] {
  const lowered: EbpfInsn[] = [];
  for (let n = 0; n < insns.length; n++) {
    const insn = insns[n]!;
    const second = insns[n + 1];
    let replaced: readonly EbpfInsn[] = [insn];
    if (second !== undefined && isWide(insn)) {
      replaced = insn.src === 0 ? constant64(insn.dst, insn.imm, second.imm) : [insn, second];
      n++;
    } else if (second !== undefined && clearsUpperHalf(insn, second)) {
      replaced = [operate(BPF_ALU | BPF_MOV | BPF_X, insn.dst, insn.dst, 0)];
      n++;
    }
    for (const one of replaced) follow(one, bounds);
    lowered.push(...replaced);
  }
  return lowered;
}

/** Two shifts, as compilers without 32-bit arithmetic write it. */
function clearsUpperHalf(first: EbpfInsn, second: EbpfInsn): boolean {
  const isShift = (insn: EbpfInsn, operation: number) =>
    insn.code === (BPF_ALU64 | operation) && insn.imm === 32 && insn.dst === first.dst;
  return isShift(first, BPF_LSH) && isShift(second, BPF_RSH);
}

function constant64(dst: number, low: number, high: number): EbpfInsn[] {
  if (high === 0) return [operate(BPF_ALU | BPF_MOV, dst, 0, low)];
  if (high === low >> 31) return [operate(BPF_ALU64 | BPF_MOV, dst, 0, low)];
  // Constants are sign-extended, so that the lower half comes in two pieces.
  return [
    operate(BPF_ALU64 | BPF_MOV, dst, 0, high),
    operate(BPF_ALU64 | BPF_LSH, dst, 0, 16),
    operate(BPF_ALU64 | BPF_OR, dst, 0, low >>> 16),
    operate(BPF_ALU64 | BPF_LSH, dst, 0, 16),
    operate(BPF_ALU64 | BPF_OR, dst, 0, low & 0xffff),
  ];
}

function lowerBranch(block: Block, bounds: Bounds, busy: number): void {
  const branch = block.branch!;
  const { code, dst, src, imm } = branch;
  const operation = operationOf(code);
  const isConstant = (code & BPF_X) === 0;
  const free = SCRATCH.filter((register) => (((busy | registerUse(branch).reads) >> register) & 1) === 0);
  const take = (): number => {
    const register = free.shift();
    if (register !== undefined) return register;
    throw new UnsupportedError(
      'it uses all registers: expected one more free, try clang -mcpu=v2',
      'clang -mcpu=v2',
    );
  };
  let lowered = branch;
  if (classOf(code) === BPF_JMP32) {
    lowered = { ...branch, code: BPF_JMP | operation | (code & BPF_X) };
    if (!isSameIn64(branch, bounds)) {
      const extend = (register: number): number => {
        if (bounds[register]! <= MAX31) return register;
        const copy = take();
        block.insns.push(
          operate(BPF_ALU64 | BPF_MOV | BPF_X, copy, register, 0),
          operate(BPF_ALU64 | BPF_LSH, copy, 0, 32),
          operate(BPF_ALU64 | BPF_ARSH, copy, 0, 32),
        );
        return copy;
      };
      // All comparisons keep their meaning when both sides are sign-extended.
      lowered = { ...lowered, dst: extend(dst), src: isConstant ? src : extend(src) };
    }
  }
  if (operation === BPF_JSET && isConstant && imm >= -128 && imm <= 127) {
    const copy = take();
    block.insns.push(
      operate(BPF_ALU64 | BPF_MOV | BPF_X, copy, lowered.dst, 0),
      operate(BPF_ALU64 | BPF_AND, copy, 0, imm),
    );
    lowered = { ...lowered, code: BPF_JMP | BPF_JNE, dst: copy, imm: 0 };
  }
  block.branch = lowered;
}

/** Whether a comparison of 32 bits is the same in 64. */
function isSameIn64({ code, dst, src, imm }: EbpfInsn, bounds: Bounds): boolean {
  const most = UNSIGNED.includes(operationOf(code)) ? MAX32 : MAX31;
  if ((code & BPF_X) !== 0) return bounds[dst]! <= most && bounds[src]! <= most;
  return bounds[dst]! <= most && imm >= 0;
}

/** What the instruction does to the largest values. */
function follow(insn: EbpfInsn, bounds: Bounds): void {
  const { code, dst, src, imm } = insn;
  switch (classOf(code)) {
    case BPF_ALU:
    case BPF_ALU64: {
      const operation = operationOf(code);
      const isWideOperation = classOf(code) === BPF_ALU64;
      if (operation === BPF_END) {
        bounds[dst] = maxOfBytes(imm / 8);
        return;
      }
      const isConstant = (code & BPF_X) === 0;
      const ofConstant = isWideOperation && imm < 0 ? Number.POSITIVE_INFINITY : imm >>> 0;
      const right = isConstant ? ofConstant : bounds[src]!;
      bounds[dst] = maxOfResult(operation, bounds[dst]!, right, isWideOperation, isConstant);
      return;
    }
    case BPF_LDX:
      bounds[dst] = maxOfBytes(bytesOf(code));
      return;
    default:
      if (isPacketLoad(code)) bounds[0] = maxOfBytes(bytesOf(code));
      else if (isWide(insn)) bounds[dst] = Number.POSITIVE_INFINITY;
  }
}

function bytesOf(code: number): number {
  return [4, 2, 1, 8][sizeOf(code) >> 3]!;
}

/** The registers that are read before they are written, from the start of each block on. */
function findLive(blocks: readonly Block[]): Map<Block, number> {
  const live = new Map<Block, number>();
  for (const block of [...blocks].reverse()) {
    const isExit = block.next === undefined;
    let registers = isExit ? 1 : (live.get(block.next!) ?? 0);
    if (block.branch !== undefined) {
      registers |= (live.get(block.taken!) ?? 0) | registerUse(block.branch).reads;
    }
    for (const insn of [...block.insns].reverse()) {
      const { reads, writes } = registerUse(insn);
      registers = (registers & ~writes) | reads;
    }
    live.set(block, registers);
  }
  return live;
}

function operate(code: number, dst: number, src: number, imm: number): EbpfInsn {
  return { code, dst, src, off: 0, imm };
}
