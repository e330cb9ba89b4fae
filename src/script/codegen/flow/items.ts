/** A program whose places are still open: instructions one after another, jumps to labels. */
import { type EbpfInsn, type EbpfProgram, opcodes as o } from '../../../bpf/index.ts';

export interface Label {
  readonly kind: 'label';
}

export interface Jump {
  readonly kind: 'jump';
  readonly code: number;
  readonly dst: number;
  readonly src: number;
  readonly imm: number;
  readonly to: Label;
}

interface Plain {
  readonly kind: 'insn';
  readonly insn: EbpfInsn;
  /** The upper half of a 64-bit constant, which takes a second slot. */
  readonly upper: number | undefined;
}

export type Item = Label | Jump | Plain;

const ALWAYS: number = o.BPF_JMP | o.BPF_JA;
const EXIT: number = o.BPF_JMP | o.BPF_EXIT;

export function plain(insn: EbpfInsn): Plain {
  return { kind: 'insn', insn, upper: undefined };
}

export function jumpTo(to: Label): Jump {
  return { kind: 'jump', code: ALWAYS, dst: 0, src: 0, imm: 0, to };
}

export function isAlways({ code }: Jump): boolean {
  return code === ALWAYS;
}

export function isExit(item: Item): boolean {
  return item.kind === 'insn' && item.insn.code === EXIT;
}

/** Whether what stands behind it is reached by jumps only. */
export function isEnd(item: Item): boolean {
  return (item.kind === 'jump' && isAlways(item)) || isExit(item);
}

/** Where each label stands. */
export function placesOf(items: readonly Item[]): ReadonlyMap<Label, number> {
  return new Map(items.flatMap((item, i) => (item.kind === 'label' ? [[item, i]] : [])));
}

/** The program with every place fixed. */
export function layOut(items: readonly Item[]): EbpfProgram {
  const places = new Map<Label, number>();
  let slots = 0;
  for (const item of items) {
    if (item.kind === 'label') places.set(item, slots);
    else slots += item.kind === 'insn' && item.upper !== undefined ? 2 : 1;
  }
  const program: EbpfInsn[] = [];
  for (const item of items) {
    if (item.kind === 'jump') {
      const { code, dst, src, imm, to } = item;
      program.push({ code, dst, src, off: places.get(to)! - program.length - 1, imm });
    } else if (item.kind === 'insn') {
      program.push(item.insn);
      if (item.upper !== undefined) program.push({ code: 0, dst: 0, src: 0, off: 0, imm: item.upper });
    }
  }
  return program;
}
