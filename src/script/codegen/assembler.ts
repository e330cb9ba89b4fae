/**
 * Puts the instructions of one program one after another, with labels for jumps, and tidies up at the end: jumps to
 * jumps, jumps to what comes next, tests around a jump, and what no way leads to. librte_bpf takes no program with an
 * unreachable instruction.
 */
import { type EbpfInsn, type EbpfProgram, opcodes as o } from '../../bpf/index.ts';

export interface Label {
  readonly kind: 'label';
}

interface Jump {
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

type Item = Label | Jump | Plain;

const ALWAYS: number = o.BPF_JMP | o.BPF_JA;
const EXIT: number = o.BPF_JMP | o.BPF_EXIT;

const opposites: ReadonlyMap<number, number> = new Map(
  [
    [o.BPF_JEQ, o.BPF_JNE],
    [o.BPF_JGT, o.BPF_JLE],
    [o.BPF_JGE, o.BPF_JLT],
    [o.BPF_JSGT, o.BPF_JSLE],
    [o.BPF_JSGE, o.BPF_JSLT],
  ].flatMap(([a, b]): [number, number][] => [
    [a!, b!],
    [b!, a!],
  ]),
);

/** The comparison that holds when this one does not; undefined for a bit test. */
export function oppositeOf(comparison: number): number | undefined {
  return opposites.get(comparison);
}

export class Assembler {
  #items: Item[] = [];

  label(): Label {
    return { kind: 'label' };
  }

  bind(label: Label): void {
    this.#items.push(label);
  }

  op(code: number, dst: number, src: number, off: number, imm: number): void {
    this.#items.push({ kind: 'insn', insn: { code, dst, src, off, imm }, upper: undefined });
  }

  move(dst: number, src: number): void {
    if (dst !== src) this.op(o.BPF_ALU64 | o.BPF_MOV | o.BPF_X, dst, src, 0, 0);
  }

  /** Any 64-bit number, in the shortest form. */
  constant(dst: number, value: bigint): void {
    const signed = BigInt.asIntN(64, value);
    if (isImmediate(signed)) {
      this.op(o.BPF_ALU64 | o.BPF_MOV, dst, 0, 0, Number(signed));
    } else if (signed === BigInt.asUintN(32, signed)) {
      this.op(o.BPF_ALU | o.BPF_MOV, dst, 0, 0, Number(BigInt.asIntN(32, signed)));
    } else {
      this.wide(dst, 0, Number(BigInt.asIntN(32, signed)), Number(BigInt.asIntN(32, signed >> 32n)));
    }
  }

  /** A 64-bit constant of any kind: `src` 0 is a number, others name maps and the like. */
  wide(dst: number, src: number, lower: number, upper: number): void {
    const insn = { code: o.BPF_LD | o.BPF_IMM | o.BPF_DW, dst, src, off: 0, imm: lower };
    this.#items.push({ kind: 'insn', insn, upper });
  }

  /** `dst operation= constant`, 64 bits; the constant is sign-extended. */
  alu(operation: number, dst: number, constant: number): void {
    this.op(o.BPF_ALU64 | operation, dst, 0, 0, constant);
  }

  aluRegister(operation: number, dst: number, src: number): void {
    this.op(o.BPF_ALU64 | operation | o.BPF_X, dst, src, 0, 0);
  }

  /** Clears the upper half. */
  lowHalf(dst: number): void {
    this.op(o.BPF_ALU | o.BPF_MOV | o.BPF_X, dst, dst, 0, 0);
  }

  /** The lower `bits` (16, 32, 64) from or to network byte order; clears what is above. */
  swap(dst: number, bits: number): void {
    this.op(o.BPF_ALU | o.BPF_END | o.BPF_TO_BE, dst, 0, 0, bits);
  }

  load(bytes: number, dst: number, base: number, off: number): void {
    this.op(o.BPF_LDX | o.BPF_MEM | sizeOf(bytes), dst, base, off, 0);
  }

  store(bytes: number, base: number, off: number, src: number): void {
    this.op(o.BPF_STX | o.BPF_MEM | sizeOf(bytes), base, src, off, 0);
  }

  /** Stores a constant, sign-extended from 32 bits. */
  storeConstant(bytes: number, base: number, off: number, constant: number): void {
    this.op(o.BPF_ST | o.BPF_MEM | sizeOf(bytes), base, 0, off, constant);
  }

  call(helper: number): void {
    this.op(o.BPF_JMP | o.BPF_CALL, 0, 0, 0, helper);
  }

  exit(): void {
    this.op(EXIT, 0, 0, 0, 0);
  }

  jump(to: Label): void {
    this.#items.push({ kind: 'jump', code: ALWAYS, dst: 0, src: 0, imm: 0, to });
  }

  /** When the 64-bit comparison with a constant, which is sign-extended, holds. */
  jumpIf(comparison: number, dst: number, constant: number, to: Label): void {
    this.#items.push({ kind: 'jump', code: o.BPF_JMP | comparison, dst, src: 0, imm: constant, to });
  }

  jumpIfRegister(comparison: number, dst: number, src: number, to: Label): void {
    this.#items.push({ kind: 'jump', code: o.BPF_JMP | comparison | o.BPF_X, dst, src, imm: 0, to });
  }

  /** The tidied program. */
  finish(): EbpfProgram {
    for (let before = -1; before !== this.#items.length; ) {
      before = this.#items.length;
      this.#threadJumps();
      this.#dropUnreached();
      this.#invertTests();
      this.#dropJumpsToNext();
    }
    return this.#layOut();
  }

  /** A jump to a jump leads where that one does. */
  #threadJumps(): void {
    const items = this.#items;
    const leadsTo = new Map<Label, Label>();
    for (let i = items.length - 1; i >= 0; i--) {
      const item = items[i]!;
      if (item.kind !== 'label') continue;
      let next = i + 1;
      while (items[next]?.kind === 'label') next++;
      const behind = items[next];
      if (behind?.kind === 'jump' && behind.code === ALWAYS)
        leadsTo.set(item, leadsTo.get(behind.to) ?? behind.to);
    }
    this.#items = items.map((item) => {
      const to = item.kind === 'jump' ? leadsTo.get(item.to) : undefined;
      return to === undefined ? item : { ...(item as Jump), to };
    });
  }

  #dropUnreached(): void {
    const used = new Set(this.#items.flatMap((item) => (item.kind === 'jump' ? [item.to] : [])));
    let isReached = true;
    this.#items = this.#items.filter((item) => {
      if (item.kind === 'label') {
        isReached ||= used.has(item);
        return used.has(item);
      }
      const keep = isReached;
      if (keep && isEnd(item)) isReached = false;
      return keep;
    });
  }

  /** `if c goto 1; goto 2; 1:` is `if not c goto 2; 1:`. */
  #invertTests(): void {
    const items = this.#items;
    for (let i = 0; i + 2 < items.length; i++) {
      const [test, jump] = [items[i]!, items[i + 1]!];
      if (test.kind !== 'jump' || jump.kind !== 'jump' || jump.code !== ALWAYS) continue;
      const opposite = opposites.get(test.code & 0xf0);
      if (opposite === undefined || !this.#isNext(i + 2, test.to)) continue;
      items.splice(i, 2, { ...test, code: (test.code & 0x0f) | opposite, to: jump.to });
    }
  }

  #dropJumpsToNext(): void {
    this.#items = this.#items.filter((item, i) => item.kind !== 'jump' || !this.#isNext(i + 1, item.to));
  }

  #isNext(at: number, label: Label): boolean {
    for (let i = at; this.#items[i]?.kind === 'label'; i++) if (this.#items[i] === label) return true;
    return false;
  }

  #layOut(): EbpfProgram {
    const places = new Map<Label, number>();
    let slots = 0;
    for (const item of this.#items) {
      if (item.kind === 'label') places.set(item, slots);
      else slots += item.kind === 'insn' && item.upper !== undefined ? 2 : 1;
    }
    const program: EbpfInsn[] = [];
    for (const item of this.#items) {
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
}

function isEnd(item: Item): boolean {
  return (item.kind === 'jump' && item.code === ALWAYS) || (item.kind === 'insn' && item.insn.code === EXIT);
}

/** Whether an instruction can hold it, sign-extended to 64 bits. */
export function isImmediate(value: bigint): boolean {
  return value >= -0x8000_0000n && value <= 0x7fff_ffffn;
}

function sizeOf(bytes: number): number {
  switch (bytes) {
    case 1:
      return o.BPF_B;
    case 2:
      return o.BPF_H;
    case 4:
      return o.BPF_W;
    default:
      return o.BPF_DW;
  }
}
