/**
 * One body of a translated program: classic instructions to extended ones for frames with a given number of tags put
 * in. A is r0, as packet loads put their result there; X is r7, which they keep; r1 is used within one
 * instruction; r8 keeps A over a load for X. Scratch cells are 8 bytes of stack each. Both A and X always hold 32
 * bits with the upper half clear.
 */

import { type Label, type Part, ProgramBuilder } from '../asm/builder.ts';
import * as cbpf from '../cbpf/isa.ts';
import { isUseless, LIVE_A, LIVE_X, type Liveness, liveCell, liveness } from '../cbpf/liveness.ts';
import * as ebpf from '../isa/insn.ts';
import { MAX_OFFSET, MAX32 } from './bounds.ts';
import { mbufFields } from './fields.ts';
import { alwaysDividesByZero, analyzeFlow, type Flow } from './flow.ts';
import { layOut } from './lay-out.ts';
import type { Known, Range } from './ranges.ts';
import { sizeBits, TAG_OFFSET, TaggedFrame } from './tags.ts';

const A = 0;
/** An index or a large constant, within one instruction. */
const INDEX = 1;
const CONTEXT = 6;
const X = 7;
const SAVED_A = 8;
const STACK = 10;

/** The largest index that every size of load can have. */
const MAX_INDEX: number = MAX_OFFSET - 4;

const opposites: Readonly<Record<number, number>> = {
  [cbpf.BPF_JEQ]: ebpf.BPF_JNE,
  [cbpf.BPF_JGT]: ebpf.BPF_JLE,
  [cbpf.BPF_JGE]: ebpf.BPF_JLT,
};

/** A body: code that expects the mbuf in r6 and leaves by open jumps only. */
export interface TranslatedBody {
  readonly part: Part;
  /** What each label of an open jump stands for: this verdict, or the one in A. */
  readonly verdicts: ReadonlyMap<Label, Verdict>;
}

/** A constant, or whatever A holds. */
export type Verdict = number | 'a';

/** The body for frames with so many tags put in. */
export function translateBody(program: cbpf.CbpfProgram, tags: number): TranslatedBody {
  return new Body(program, new TaggedFrame(tags)).translate();
}

class Body {
  private readonly program: cbpf.CbpfProgram;
  private readonly frame: TaggedFrame;
  private readonly flow: Flow;
  private readonly live: Liveness;
  private readonly to = new ProgramBuilder();
  private readonly labels = new Map<number, Label>();
  private readonly verdicts = new Map<Verdict, Label>();
  /** The instruction whose code comes next. */
  private following: number | undefined;

  constructor(program: cbpf.CbpfProgram, frame: TaggedFrame) {
    this.program = program;
    this.frame = frame;
    this.flow = analyzeFlow(program, frame);
    this.live = liveness(program, this.flow.successors);
  }

  translate(): TranslatedBody {
    this.clearWhatIsRead();
    const order = layOut(this.program, this.flow);
    order.forEach((pc, index) => {
      const insn = this.program[pc]!;
      this.following = order[index + 1];
      this.to.bind(this.labelOf(pc));
      if (!this.isUseless(insn, pc)) this.translateInsn(insn, pc, this.flow.known[pc]!);
      const [next] = this.flow.successors[pc]!;
      if (cbpf.classOf(insn.code) !== cbpf.BPF_JMP && next !== undefined) this.goOnAt(next);
    });
    if (isReturn(this.program[0]!)) this.to.jump(this.labelOf(0));
    const verdicts = new Map(
      [...this.verdicts].map(([verdict, label]): [Label, Verdict] => [label, verdict]),
    );
    return { part: this.to.finish(), verdicts };
  }

  /** A, X and the cells are 0 at the start of a classic program. */
  private clearWhatIsRead(): void {
    const live = this.live.before[0]!;
    const cells = [...Array(cbpf.BPF_MEMWORDS).keys()].filter((cell) => (live & liveCell(cell)) !== 0);
    if ((live & LIVE_X) !== 0) this.to.wConstant(ebpf.BPF_MOV, X, 0);
    if ((live & LIVE_A) !== 0 || cells.length > 0) this.to.wConstant(ebpf.BPF_MOV, A, 0);
    for (const cell of cells) this.to.store(STACK, cellOffset(cell), A);
  }

  /** A load whose bytes all come from tags cannot reject; other loads stay even when nobody reads the result. */
  private isUseless(insn: cbpf.CbpfInsn, pc: number): boolean {
    const { code, k } = insn;
    const isLoad = cbpf.classOf(code) === cbpf.BPF_LD && cbpf.modeOf(code) === cbpf.BPF_ABS;
    if (isLoad && this.frame.isInTags(k, cbpf.loadBytes(cbpf.sizeOf(code)))) {
      return (this.live.after[pc]! & LIVE_A) === 0;
    }
    return isUseless(insn, this.live.after[pc]!);
  }

  /** The place of an instruction's code; of a `ret`, the place where its verdict is given. */
  private labelOf(pc: number): Label {
    const insn = this.program[pc]!;
    if (isReturn(insn)) return this.verdictLabel((insn.code & 0x18) === cbpf.BPF_A ? 'a' : insn.k);
    let label = this.labels.get(pc);
    if (label === undefined) {
      label = this.to.label();
      this.labels.set(pc, label);
    }
    return label;
  }

  private verdictLabel(verdict: Verdict): Label {
    let label = this.verdicts.get(verdict);
    if (label === undefined) {
      label = this.to.label();
      this.verdicts.set(verdict, label);
    }
    return label;
  }

  private rejectLabel(): Label {
    return this.verdictLabel(0);
  }

  private translateInsn(insn: cbpf.CbpfInsn, pc: number, known: Known): void {
    const { code, k } = insn;
    const { to } = this;
    switch (cbpf.classOf(code)) {
      case cbpf.BPF_LD:
        this.load(insn, A, known.x);
        break;
      case cbpf.BPF_LDX:
        if (cbpf.modeOf(code) === cbpf.BPF_MSH)
          this.loadHeaderLength(k, (this.live.after[pc]! & LIVE_A) !== 0);
        else this.load(insn, X, known.x);
        break;
      case cbpf.BPF_ST:
        to.store(STACK, cellOffset(k), A);
        break;
      case cbpf.BPF_STX:
        to.store(STACK, cellOffset(k), X);
        break;
      case cbpf.BPF_ALU:
        if (alwaysDividesByZero(insn, known.x)) to.jump(this.rejectLabel());
        else this.operate(insn, known.x);
        break;
      case cbpf.BPF_JMP:
        this.jump(insn, pc);
        break;
      default:
        if ((code & 0xf8) === cbpf.BPF_TAX) to.wRegister(ebpf.BPF_MOV, X, A);
        else to.wRegister(ebpf.BPF_MOV, A, X);
    }
  }

  private load({ code, k }: cbpf.CbpfInsn, register: number, x: Range): void {
    const { to } = this;
    switch (cbpf.modeOf(code)) {
      case cbpf.BPF_IMM:
        to.wConstant(ebpf.BPF_MOV, register, k);
        break;
      case cbpf.BPF_LEN:
        to.load(cbpf.BPF_W, register, CONTEXT, mbufFields.pktLen.offset);
        if (this.frame.tagsBytes > 0) to.wConstant(cbpf.BPF_ADD, register, this.frame.tagsBytes);
        break;
      case cbpf.BPF_MEM:
        to.load(ebpf.BPF_DW, register, STACK, cellOffset(k));
        // The checker does not follow values through memory: this bounds them by 32 bits again.
        to.wRegister(ebpf.BPF_MOV, register, register);
        break;
      case cbpf.BPF_IND:
        this.loadIndirect(x, k, cbpf.loadBytes(cbpf.sizeOf(code)));
        break;
      default:
        this.loadAbsolute(k, cbpf.loadBytes(cbpf.sizeOf(code)));
    }
  }

  /** X = 4 * (P[k] & 0xf). */
  private loadHeaderLength(k: number, keepA: boolean): void {
    const { to } = this;
    if (keepA) to.move(SAVED_A, A);
    this.loadAbsolute(k, 1);
    to.wConstant(cbpf.BPF_AND, A, 0xf);
    to.wConstant(cbpf.BPF_LSH, A, 2);
    to.wRegister(ebpf.BPF_MOV, X, A);
    if (keepA) to.move(A, SAVED_A);
  }

  private loadAbsolute(offset: number, lengthBytes: 1 | 2 | 4): void {
    if (offset <= MAX_INDEX) {
      this.frame.emitLoad(this.to, offset, lengthBytes);
      return;
    }
    // No packet is that long. What follows needs a value in the register all the same, and a way that leads to it.
    this.to.wConstant(ebpf.BPF_MOV, A, 0);
    this.to.jumpIf(cbpf.BPF_JEQ, A, 0, this.rejectLabel());
  }

  /** P[X + k]: at once where X + k surely lies behind or before the tags, else by looking at run time. */
  private loadIndirect(x: Range, k: number, lengthBytes: 1 | 2 | 4): void {
    const { to, frame } = this;
    const isBehind = frame.tagsBytes === 0 || (x.min + k >= frame.tagsEnd && x.max + k <= MAX32);
    const isBefore = x.max + k + lengthBytes <= TAG_OFFSET;
    const offset = isBehind ? k - frame.tagsBytes : k;
    if ((isBehind || isBefore) && offset >= 0 && x.bound + k <= MAX_INDEX) {
      to.packetAt(sizeBits(lengthBytes), X, offset);
      return;
    }
    const isAround = !isBehind && !isBefore;
    to.wRegister(ebpf.BPF_MOV, INDEX, X);
    if (offset !== 0) to.wConstant(cbpf.BPF_ADD, INDEX, offset);
    this.limitIndex();
    if (isAround) this.loadAroundTags(lengthBytes);
    else to.packetAt(sizeBits(lengthBytes), INDEX, 0);
  }

  /** Rejects an index that no packet reaches, which is also what keeps librte_bpf's additions from wrapping. */
  private limitIndex(): void {
    this.to.jumpIf(cbpf.BPF_JGT, INDEX, MAX_INDEX, this.rejectLabel());
  }

  /** P[index] of a frame with tags: each place that touches a tag has code of its own. */
  private loadAroundTags(lengthBytes: 1 | 2 | 4): void {
    const { to, frame } = this;
    const size = sizeBits(lengthBytes);
    const done = to.label();
    const behind = to.label();
    const first = TAG_OFFSET - lengthBytes + 1;
    const places = [...Array(frame.tagsEnd - first).keys()].map((i) => ({
      at: first + i,
      label: to.label(),
    }));
    to.jumpIf(cbpf.BPF_JGE, INDEX, frame.tagsEnd, behind);
    for (const { at, label } of places) to.jumpIf(cbpf.BPF_JEQ, INDEX, at, label);
    to.packetAt(size, INDEX, 0);
    to.jump(done);
    for (const { at, label } of places) {
      to.bind(label);
      frame.emitLoad(to, at, lengthBytes);
      to.jump(done);
    }
    to.bind(behind);
    to.wConstant(cbpf.BPF_SUB, INDEX, frame.tagsBytes);
    this.limitIndex();
    to.packetAt(size, INDEX, 0);
    to.bind(done);
  }

  private operate({ code, k }: cbpf.CbpfInsn, x: Range): void {
    const { to } = this;
    const operation = cbpf.operationOf(code);
    const isShift = operation === cbpf.BPF_LSH || operation === cbpf.BPF_RSH;
    if (operation === cbpf.BPF_NEG) {
      to.wConstant(operation, A, 0);
    } else if ((code & cbpf.BPF_X) === 0) {
      if (isShift && k > 31) to.wConstant(ebpf.BPF_MOV, A, 0);
      else to.wConstant(operation, A, k);
    } else if (isShift && x.max > 31) {
      this.shiftByX(operation);
    } else {
      const divides = operation === cbpf.BPF_DIV || operation === cbpf.BPF_MOD;
      if (divides && x.min === 0) to.jumpIf(cbpf.BPF_JEQ, X, 0, this.rejectLabel());
      to.wRegister(operation, A, X);
    }
  }

  /** A shift by 32 or more gives 0 in classic BPF; extended BPF would use its lower five bits. */
  private shiftByX(operation: number): void {
    const { to } = this;
    const shift = to.label();
    to.jumpIf(ebpf.BPF_JLE, X, 31, shift);
    to.wConstant(ebpf.BPF_MOV, A, 0);
    to.bind(shift);
    to.wRegister(operation, A, X);
  }

  private jump({ code, k }: cbpf.CbpfInsn, pc: number): void {
    const { to } = this;
    const [yes, no] = this.flow.successors[pc]!;
    const next = this.following;
    if (no === undefined) {
      this.goOnAt(yes!);
      return;
    }
    const operation = cbpf.operationOf(code);
    const opposite = opposites[operation];
    if (yes === next && opposite !== undefined) {
      this.compare(code, opposite, k, this.labelOf(no));
    } else {
      this.compare(code, operation, k, this.labelOf(yes!));
      if (no !== next) to.jump(this.labelOf(no));
    }
  }

  private compare(code: number, operation: number, k: number, target: Label): void {
    const { to } = this;
    if ((code & cbpf.BPF_X) !== 0) {
      to.jumpIfRegister(operation, A, X, target);
    } else if (operation === cbpf.BPF_JSET ? isOneByte(k) : k > 0x7fff_ffff) {
      to.wConstant(ebpf.BPF_MOV, INDEX, k);
      to.jumpIfRegister(operation, A, INDEX, target);
    } else {
      to.jumpIf(operation, A, k, target);
    }
  }

  private goOnAt(target: number): void {
    if (target !== this.following) this.to.jump(this.labelOf(target));
  }
}

/** Whether a constant is one of those with which librte_bpf's JIT gets a bit test wrong (see check.ts). */
const isOneByte = (k: number): boolean => (k | 0) >= -128 && (k | 0) <= 127;

const isReturn = ({ code }: cbpf.CbpfInsn): boolean => cbpf.classOf(code) === cbpf.BPF_RET;

const cellOffset = (cell: number): number => -8 * (cell + 1);
