/** Puts the instructions of one program one after another, with labels for jumps, and shortens it at the end. */
import { type EbpfProgram, opcodes as o } from '../../bpf/index.ts';
import { type Item, jumpTo, type Label, layOut, plain } from './flow/items.ts';
import { shorten } from './flow/shorten.ts';
import { isImmediate } from './integer.ts';

export type { Label } from './flow/items.ts';

export class Assembler {
  readonly #items: Item[] = [];

  /** How long the program is so far, before it is shortened. */
  get length(): number {
    return this.#items.length;
  }

  label(): Label {
    return { kind: 'label' };
  }

  bind(label: Label): void {
    this.#items.push(label);
  }

  op(code: number, dst: number, src: number, off: number, imm: number): void {
    this.#items.push(plain({ code, dst, src, off, imm }));
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

  /** A number of 8 bytes in memory, `by` more. Uses r0. */
  addInMemory(base: number, off: number, by: number): void {
    this.load(8, 0, base, off);
    this.alu(o.BPF_ADD, 0, by);
    this.store(8, base, off, 0);
  }

  call(helper: number): void {
    this.op(o.BPF_JMP | o.BPF_CALL, 0, 0, 0, helper);
  }

  exit(): void {
    this.op(o.BPF_JMP | o.BPF_EXIT, 0, 0, 0, 0);
  }

  jump(to: Label): void {
    this.#items.push(jumpTo(to));
  }

  /** When the 64-bit comparison with a constant, which is sign-extended, holds. */
  jumpIf(comparison: number, dst: number, constant: number, to: Label): void {
    this.#items.push({ kind: 'jump', code: o.BPF_JMP | comparison, dst, src: 0, imm: constant, to });
  }

  jumpIfRegister(comparison: number, dst: number, src: number, to: Label): void {
    this.#items.push({ kind: 'jump', code: o.BPF_JMP | comparison | o.BPF_X, dst, src, imm: 0, to });
  }

  /** The shortened program. */
  finish(): EbpfProgram {
    return layOut(shorten(this.#items));
  }
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
