/**
 * Puts extended instructions one after another and fills in where jumps lead. One method a kind of instruction that
 * the compiler uses; `w` methods work on the lower 32 bits and clear the upper ones.
 */
import { UnsupportedError } from '../../base/index.ts';
import {
  BPF_ABS,
  BPF_ALU,
  BPF_ALU64,
  BPF_DW,
  BPF_EXIT,
  BPF_IND,
  BPF_JA,
  BPF_JMP,
  BPF_LD,
  BPF_LDX,
  BPF_MEM,
  BPF_MOV,
  BPF_STX,
  BPF_X,
  type EbpfInsn,
  type EbpfProgram,
} from '../isa/insn.ts';

/** A place in the program, bound once, before or after the jumps to it. */
export interface Label {
  at: number | undefined;
}

/** A jump by the number of its instruction. */
interface Jump {
  readonly at: number;
  readonly label: Label;
}

/** A piece of program. */
export interface Part {
  readonly insns: EbpfProgram;
  /** The jumps whose labels are not in the piece. */
  readonly openJumps: readonly Jump[];
}

export class ProgramBuilder {
  private readonly insns: EbpfInsn[] = [];
  private readonly jumps: Jump[] = [];

  label(): Label {
    return { at: undefined };
  }

  /** The next instruction is what jumps to the label lead to. */
  bind(label: Label): void {
    label.at = this.insns.length;
  }

  /** Puts a part in; its open jumps lead to the labels that `target` gives for them. */
  append(part: Part, target: (label: Label) => Label): void {
    for (const { at, label } of part.openJumps) {
      this.jumps.push({ at: this.insns.length + at, label: target(label) });
    }
    this.insns.push(...part.insns);
  }

  /** 64-bit copy. */
  move(dst: number, src: number): void {
    this.add(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
  }

  /** `operation` with a register, in 32 bits. */
  wRegister(operation: number, dst: number, src: number): void {
    this.add(BPF_ALU | operation | BPF_X, dst, src, 0, 0);
  }

  /** `operation` with an unsigned constant, in 32 bits. */
  wConstant(operation: number, dst: number, constant: number): void {
    this.add(BPF_ALU | operation, dst, 0, 0, constant | 0);
  }

  /** `operation` with a signed constant, in 64 bits. */
  constant(operation: number, dst: number, constant: number): void {
    this.add(BPF_ALU64 | operation, dst, 0, 0, constant);
  }

  /** A field in memory; `size` is a BPF_SIZE. */
  load(size: number, dst: number, base: number, off: number): void {
    this.add(BPF_LDX | BPF_MEM | size, dst, base, off, 0);
  }

  store(base: number, off: number, src: number): void {
    this.add(BPF_STX | BPF_MEM | BPF_DW, base, src, off, 0);
  }

  /** Bytes of the packet into r0; leaves the program with 0 when they are not there. Clobbers r1 to r5. */
  packet(size: number, offset: number): void {
    this.add(BPF_LD | BPF_ABS | size, 0, 0, 0, offset);
  }

  packetAt(size: number, index: number, offset: number): void {
    this.add(BPF_LD | BPF_IND | size, 0, index, 0, offset);
  }

  jump(label: Label): void {
    this.jumps.push({ at: this.insns.length, label });
    this.add(BPF_JMP | BPF_JA, 0, 0, 0, 0);
  }

  /** Jumps when the 64-bit comparison with a constant, which is sign-extended, holds. */
  jumpIf(operation: number, dst: number, constant: number, label: Label): void {
    this.jumps.push({ at: this.insns.length, label });
    this.add(BPF_JMP | operation, dst, 0, 0, constant | 0);
  }

  jumpIfRegister(operation: number, dst: number, src: number, label: Label): void {
    this.jumps.push({ at: this.insns.length, label });
    this.add(BPF_JMP | operation | BPF_X, dst, src, 0, 0);
  }

  exit(): void {
    this.add(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
  }

  /** Takes the last instruction away if it is a jump, and gives its label, to be bound next. */
  dropFinalJump(): Label | undefined {
    const last = this.insns.length - 1;
    if (this.insns[last]?.code !== (BPF_JMP | BPF_JA)) return undefined;
    const jump = this.jumps.findIndex(({ at }) => at === last);
    this.insns.pop();
    return this.jumps.splice(jump, 1)[0]?.label;
  }

  /** What was put together; jumps to labels that are not bound stay open, with an offset of 0. */
  finish(): Part {
    for (const { at, label } of this.jumps) {
      if (label.at === undefined) continue;
      const off = label.at - at - 1;
      if (off > 0x7fff) throw new UnsupportedError(`program with a jump over ${off} instructions`, '32767');
      this.insns[at] = { ...this.insns[at]!, off };
    }
    return { insns: this.insns, openJumps: this.jumps.filter(({ label }) => label.at === undefined) };
  }

  private add(code: number, dst: number, src: number, off: number, imm: number): void {
    this.insns.push({ code, dst, src, off, imm });
  }
}
