/**
 * Loads of an object's constants for an engine that has no memory for them: an address becomes a number, its place in the image
 * of all constants, and a load becomes what it finds: a constant where the place is known, else a binary search by
 * comparisons of the place. A place outside of the image, which no right program loads from, finds one of the constants.
 */
import { BPF_PSEUDO_MAP_IDX_VALUE } from '../elf/bpf-object.ts';
import type { ObjectMap } from '../elf/map-definitions.ts';
import {
  BPF_ADD,
  BPF_ALU,
  BPF_ALU64,
  BPF_DW,
  BPF_END,
  BPF_IMM,
  BPF_JGE,
  BPF_JMP,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MOV,
  BPF_SUB,
  BPF_TO_BE,
  BPF_X,
  classOf,
  type EbpfInsn,
  modeOf,
  operationOf,
  sizeOf,
} from '../isa/insn.ts';
import { ConstantImage, isConstants, type Run } from './constant-image.ts';
import { type Block, isWide } from './flow-graph.ts';
import { registerUse } from './registers.ts';

/** What a register holds of the image: a place, one that is not known, or something else. */
type Place = number | 'somewhere' | undefined;

const REGISTERS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** Changes the blocks, which are in the order of control, and gives them with those of the searches. @throws UnsupportedError */
export function lowerConstants(blocks: readonly Block[], maps: readonly ObjectMap[]): readonly Block[] {
  if (!maps.some(isConstants)) return blocks;
  const image = new ConstantImage(maps);
  const known = new Map<Block, readonly Place[]>();
  return blocks.flatMap((block) => {
    const { taken, next } = block;
    const places = REGISTERS.map((register) => known.get(block)?.[register]);
    const lowered = lowerBlock(block, places, image);
    for (const after of [taken, next]) {
      if (after !== undefined) known.set(after, meet(known.get(after) ?? places, places));
    }
    return lowered;
  });
}

function meet(one: readonly Place[], other: readonly Place[]): readonly Place[] {
  return REGISTERS.map((register) => {
    const [a, b] = [one[register], other[register]];
    return a === b ? a : a === undefined || b === undefined ? undefined : 'somewhere';
  });
}

/** The block, cut behind each search; `places` are those before it, and then those behind it. */
function lowerBlock(block: Block, places: Place[], image: ConstantImage): Block[] {
  const { insns, branch, taken, next } = block;
  const lowered = [block];
  let current = block;
  current.insns = [];
  for (let n = 0; n < insns.length; n++) {
    const insn = insns[n]!;
    const second = isWide(insn) ? insns[++n] : undefined;
    const place = placeAfter(insn, second, places, image);
    const from = isLoad(insn) ? places[insn.src] : undefined;
    if (from !== undefined) {
      const runs = found(insn, from, image);
      if (runs.length === 1) {
        current.insns.push(...constant(insn.dst, runs[0]!.value));
      } else {
        const rest = { ...block, insns: forget(insn) };
        const search = searchIn(runs, insn, rest);
        Object.assign(current, { branch: undefined, taken: undefined, next: search[0] });
        lowered.push(...search, rest);
        current = rest;
      }
    } else if (second !== undefined && typeof place === 'number') {
      current.insns.push(...constant(insn.dst, BigInt(place)));
    } else {
      current.insns.push(insn, ...(second === undefined ? [] : [second]));
    }
    const { writes } = registerUse(insn);
    for (const register of REGISTERS) if (((writes >> register) & 1) !== 0) places[register] = undefined;
    if (place !== undefined) places[insn.dst] = place;
  }
  Object.assign(current, { branch, taken, next });
  return lowered;
}

/** What the instruction leaves in its register. */
function placeAfter(
  { code, dst, src, imm }: EbpfInsn,
  second: EbpfInsn | undefined,
  places: readonly Place[],
  image: ConstantImage,
): Place {
  if (second !== undefined) {
    return src === BPF_PSEUDO_MAP_IDX_VALUE ? image.placeOf(imm, second.imm) : undefined;
  }
  if (classOf(code) !== BPF_ALU64) return undefined;
  const operation = operationOf(code);
  const isConstant = (code & BPF_X) === 0;
  const operand = isConstant ? undefined : places[src];
  if (operation === BPF_MOV) return operand;
  if (operation !== BPF_ADD && operation !== BPF_SUB) return undefined;
  const place = places[dst];
  if (isConstant && typeof place === 'number') return operation === BPF_ADD ? place + imm : place - imm;
  // The sum of two places is none, their difference a number.
  const isPlace =
    operation === BPF_ADD ? (place === undefined) !== (operand === undefined) : operand === undefined;
  return isPlace && (place ?? operand) !== undefined ? 'somewhere' : undefined;
}

function isLoad({ code }: EbpfInsn): boolean {
  return classOf(code) === BPF_LDX && modeOf(code) === BPF_MEM;
}

function found({ code, off }: EbpfInsn, place: number | 'somewhere', image: ConstantImage): readonly Run[] {
  const lengthBytes = bytesOf(code);
  return place === 'somewhere' ? image.values(off, lengthBytes) : image.valueAt(place, off, lengthBytes);
}

/** Blocks that find the value of the run that the address is in, and go on with `rest`; the first is their start. */
function searchIn(runs: readonly Run[], load: EbpfInsn, rest: Block): Block[] {
  const { startInsn } = rest;
  if (runs.length === 1) {
    const insns = constant(load.dst, runs[0]!.value);
    return [{ startInsn, insns, branch: undefined, taken: undefined, next: rest }];
  }
  const middle = runs.length >> 1;
  const below = searchIn(runs.slice(0, middle), load, rest);
  const above = searchIn(runs.slice(middle), load, rest);
  const branch = { code: BPF_JMP | BPF_JGE, dst: load.src, src: 0, off: 0, imm: runs[middle]!.from };
  return [{ startInsn, insns: [], branch, taken: above[0], next: below[0] }, ...below, ...above];
}

/**
 * Leaves the registers as they are, but nothing that librte_bpf knows of them: its check goes on once, not once for each way
 * through the search.
 */
function forget({ code, dst, src }: EbpfInsn): EbpfInsn[] {
  const swapTwice = (register: number, bits: number): EbpfInsn[] => {
    const swap = { code: BPF_ALU | BPF_END | BPF_TO_BE, dst: register, src: 0, off: 0, imm: bits };
    return [swap, swap];
  };
  const bits = Math.max(16, 8 * bytesOf(code));
  return [...swapTwice(dst, bits), ...(src === dst ? [] : swapTwice(src, 64))];
}

function bytesOf(code: number): number {
  return [4, 2, 1, 8][sizeOf(code) >> 3]!;
}

function constant(dst: number, value: bigint): EbpfInsn[] {
  const half = (bits: bigint): number => Number(BigInt.asIntN(32, bits));
  return [
    { code: BPF_LD | BPF_IMM | BPF_DW, dst, src: 0, off: 0, imm: half(value) },
    { code: 0, dst: 0, src: 0, off: 0, imm: half(value >> 32n) },
  ];
}
