/**
 * The profile `dpdk`: what a program may do next to an application's packets. It ends (jumps go forward), reads only
 * the listed fields of the mbuf, the packet through LD_ABS and LD_IND, and its own stack, writes only registers and
 * stack, and reads nothing that it has not written. librte_bpf checks less. The agent has the same rules in
 * program_check.c; test/conformance compares the two.
 *
 * Some rules are there for defects of librte_bpf 22.11. It adds offset and length of a load in 32 bits, so an index
 * near 2^32 would read far outside the packet. Its x86 JIT encodes a bit test with a constant of one byte wrongly, so
 * that the code behind it is garbage; and its jumps back by 127 or 128 bytes, which only an exit behind another one
 * makes, go forward instead.
 */
import { VerifierError } from '../../base/index.ts';
import * as cbpf from '../cbpf/isa.ts';
import * as ebpf from '../isa/insn.ts';
import { MAX_OFFSET, maxOfBytes, maxOfResult } from './bounds.ts';
import { type MbufField, mbufFields } from './fields.ts';

/** The longest program that the agent takes. */
const MAX_INSNS = 4096;

const CONTEXT = 6;
const STACK = 10;

/** What holds before an instruction, whichever way led there. */
class State {
  /** A bit for each register that was written. */
  written = 0;
  /** The largest value of r0 to r9. */
  readonly max: Float64Array = new Float64Array(10);
  /** A bit for each byte of stack that was written. */
  readonly stack: Uint32Array = new Uint32Array(ebpf.MAX_BPF_STACK / 32);

  copy(): State {
    const copy = new State();
    copy.written = this.written;
    copy.max.set(this.max);
    copy.stack.set(this.stack);
    return copy;
  }

  merge(other: State): void {
    this.written &= other.written;
    for (let i = 0; i < this.max.length; i++) this.max[i] = Math.max(this.max[i]!, other.max[i]!);
    for (let i = 0; i < this.stack.length; i++) this.stack[i]! &= other.stack[i]!;
  }
}

/** Throws VerifierError at the first instruction that breaks a rule. */
export function checkMbufProgram(program: ebpf.EbpfProgram): void {
  if (program.length < 2 || program.length > MAX_INSNS) {
    throw new VerifierError(0, `program of ${program.length} instructions: expected 2 to ${MAX_INSNS}`);
  }
  new Checker(program).run();
}

class Checker {
  private readonly program: ebpf.EbpfProgram;
  private readonly states: (State | undefined)[] = [];
  private pc = 0;

  constructor(program: ebpf.EbpfProgram) {
    this.program = program;
  }

  run(): void {
    const { code, dst, src, off, imm } = this.program[0]!;
    const isFirst = code === (ebpf.BPF_ALU64 | ebpf.BPF_MOV | cbpf.BPF_X) && dst === CONTEXT && src === 1;
    if (!isFirst || off !== 0 || imm !== 0) this.refuse('expected r6 = r1 as the first instruction');
    const last = this.program.length - 1;
    if (this.program[last]!.code !== (cbpf.BPF_JMP | ebpf.BPF_EXIT)) {
      this.pc = last;
      this.refuse('expected exit as the last instruction');
    }
    this.states[1] = new State();
    for (this.pc = 1; this.pc <= last; this.pc++) {
      const state = this.states[this.pc];
      if (state === undefined) this.refuse('no way leads here');
      this.checkInsn(this.program[this.pc]!, state);
    }
  }

  private refuse(why: string): never {
    throw new VerifierError(this.pc, `instruction ${this.pc}: ${why}`);
  }

  private unknown(code: number): never {
    this.refuse(`unknown opcode 0x${code.toString(16).padStart(2, '0')}`);
  }

  private expectUnused(...fields: readonly number[]): void {
    if (fields.some((field) => field !== 0)) this.refuse('a field that is not used is not 0');
  }

  private checkInsn(insn: ebpf.EbpfInsn, state: State): void {
    const { code } = insn;
    switch (cbpf.classOf(code)) {
      case cbpf.BPF_JMP:
        this.checkJump(insn, state);
        return;
      case cbpf.BPF_ALU:
      case ebpf.BPF_ALU64:
        this.checkAlu(insn, state);
        break;
      case cbpf.BPF_LDX:
        if (cbpf.modeOf(code) !== cbpf.BPF_MEM) this.unknown(code);
        this.checkLoad(insn, state);
        break;
      case cbpf.BPF_ST:
      case cbpf.BPF_STX:
        if (cbpf.modeOf(code) !== cbpf.BPF_MEM) this.unknown(code);
        this.checkStore(insn, state);
        break;
      case cbpf.BPF_LD:
        this.checkPacket(insn, state);
        break;
      default:
        this.unknown(code);
    }
    this.reach(this.pc + 1, state);
  }

  private reach(pc: number, state: State): void {
    const known = this.states[pc];
    if (known === undefined) this.states[pc] = state.copy();
    else known.merge(state);
  }

  private read(state: State, register: number): number {
    if (register > 9 || register === CONTEXT) this.refuse(`r${register} is a pointer: expected a value`);
    if (((state.written >> register) & 1) === 0) this.refuse(`r${register} is read before it is written`);
    return state.max[register]!;
  }

  private write(state: State, register: number, max: number): void {
    if (register > 9 || register === CONTEXT) this.refuse(`r${register} cannot be written`);
    state.written |= 1 << register;
    state.max[register] = max;
  }

  private checkLoad({ code, dst, src, off, imm }: ebpf.EbpfInsn, state: State): void {
    this.expectUnused(imm);
    const lengthBytes = sizeBytes(code);
    if (src === CONTEXT) {
      const fields: readonly MbufField[] = Object.values(mbufFields);
      if (!fields.some((field) => field.offset === off && field.lengthBytes === lengthBytes)) {
        this.refuse(`${lengthBytes} bytes at ${off} of the mbuf cannot be read`);
      }
    } else if (src === STACK) {
      const first = this.slot(off, lengthBytes);
      for (let at = first; at < first + lengthBytes; at++) {
        if (((state.stack[at >> 5]! >>> (at & 31)) & 1) === 0) {
          this.refuse(`the stack at ${off} is read before it is written`);
        }
      }
    } else {
      this.refuse(`r${src} is no pointer: expected r6 or r10`);
    }
    this.write(state, dst, maxOfBytes(lengthBytes));
  }

  private checkStore({ code, dst, src, off, imm }: ebpf.EbpfInsn, state: State): void {
    const ofRegister = cbpf.classOf(code) === cbpf.BPF_STX;
    this.expectUnused(ofRegister ? imm : src);
    if (dst !== STACK) this.refuse(`a store through r${dst}: expected r10, the stack`);
    const lengthBytes = sizeBytes(code);
    const first = this.slot(off, lengthBytes);
    if (ofRegister) this.read(state, src);
    for (let at = first; at < first + lengthBytes; at++) state.stack[at >> 5]! |= 1 << (at & 31);
  }

  /** Where in the stack, counted from its lowest byte. */
  private slot(off: number, lengthBytes: number): number {
    if (off < -ebpf.MAX_BPF_STACK || off + lengthBytes > 0 || off % lengthBytes !== 0) {
      this.refuse(
        `${lengthBytes} bytes at ${off}: expected an aligned place in the ${ebpf.MAX_BPF_STACK} bytes of stack`,
      );
    }
    return ebpf.MAX_BPF_STACK + off;
  }

  private checkPacket({ code, dst, src, off, imm }: ebpf.EbpfInsn, state: State): void {
    const mode = cbpf.modeOf(code);
    const lengthBytes = sizeBytes(code);
    if ((mode !== cbpf.BPF_ABS && mode !== cbpf.BPF_IND) || lengthBytes === 8) this.unknown(code);
    this.expectUnused(dst, off, mode === cbpf.BPF_ABS ? src : 0);
    const index = mode === cbpf.BPF_IND ? this.read(state, src) : 0;
    if (imm < 0 || index + imm + lengthBytes > MAX_OFFSET) {
      this.refuse(`a load from the packet may reach above ${MAX_OFFSET}`);
    }
    // The slow path of a load is a function call, which leaves nothing in r1 to r5.
    state.written &= ~0x3e;
    this.write(state, 0, maxOfBytes(lengthBytes));
  }

  private checkAlu({ code, dst, src, off, imm }: ebpf.EbpfInsn, state: State): void {
    const operation = cbpf.operationOf(code);
    const wide = cbpf.classOf(code) === ebpf.BPF_ALU64;
    if (operation === ebpf.BPF_END) {
      if (wide) this.unknown(code);
      this.expectUnused(src, off);
      if (imm !== 16 && imm !== 32 && imm !== 64)
        this.refuse(`a byte swap of ${imm} bits: expected 16, 32 or 64`);
      this.read(state, dst);
      this.write(state, dst, maxOfBytes(imm / 8));
      return;
    }
    const constant = (code & cbpf.BPF_X) === 0;
    if (operation > ebpf.BPF_END || (operation === cbpf.BPF_NEG && !constant)) this.unknown(code);
    this.expectUnused(off, constant ? src : imm, operation === cbpf.BPF_NEG ? imm : 0);
    if (constant) this.checkConstant(operation, imm, wide);
    else if ((operation === cbpf.BPF_DIV || operation === cbpf.BPF_MOD) && src === dst) {
      // librte_bpf's JIT divides without a look at the divisor: by 0, that is the end of the application.
      this.refuse(`r${dst} divided by itself`);
    }
    const left = operation === ebpf.BPF_MOV ? 0 : this.read(state, dst);
    const right = constant ? (wide && imm < 0 ? Number.POSITIVE_INFINITY : imm >>> 0) : this.read(state, src);
    // librte_bpf's verifier divides constants, signed: INT64_MIN / -1 there is the end of the application.
    const divides = operation === cbpf.BPF_DIV || operation === cbpf.BPF_MOD;
    if (wide && divides && right === Number.POSITIVE_INFINITY) this.refuse('a divisor that may be -1');
    this.write(state, dst, maxOfResult(operation, left, right, wide, constant));
  }

  private checkConstant(operation: number, imm: number, wide: boolean): void {
    switch (operation) {
      case cbpf.BPF_DIV:
      case cbpf.BPF_MOD:
        if (imm === 0) this.refuse('division by a constant 0');
        break;
      case cbpf.BPF_LSH:
      case cbpf.BPF_RSH:
      case ebpf.BPF_ARSH: {
        const most = wide ? 63 : 31;
        if (imm < 0 || imm > most) this.refuse(`a shift by ${imm} bits: expected 0 to ${most}`);
      }
    }
  }

  private checkJump(insn: ebpf.EbpfInsn, state: State): void {
    const { code, dst, src, off, imm } = insn;
    const operation = cbpf.operationOf(code);
    const constant = (code & cbpf.BPF_X) === 0;
    if (code === (cbpf.BPF_JMP | ebpf.BPF_EXIT)) {
      if (this.pc !== this.program.length - 1) this.refuse('an exit before the end of the program');
      this.expectUnused(dst, src, off, imm);
      this.read(state, 0);
      return;
    }
    const always = code === (cbpf.BPF_JMP | cbpf.BPF_JA);
    const unknown =
      operation > ebpf.BPF_JSLE ||
      operation === ebpf.BPF_CALL ||
      operation === ebpf.BPF_EXIT ||
      (operation === cbpf.BPF_JA && !always);
    if (unknown) this.unknown(code);
    this.expectUnused(constant ? src : imm, ...(always ? [dst, imm] : []));
    if (operation === cbpf.BPF_JSET && constant && imm >= -128 && imm <= 127) {
      this.refuse(`a bit test with ${imm}: expected a constant outside -128 to 127, or a register`);
    }
    if (off < 0 || this.pc + 1 + off >= this.program.length) {
      this.refuse(`a jump by ${off}: expected forward and inside the program`);
    }
    if (!always) {
      this.read(state, dst);
      if (!constant) this.read(state, src);
      const next = state.copy();
      narrow(insn, state, next);
      this.reach(this.pc + 1, next);
    }
    this.reach(this.pc + 1 + off, state);
  }
}

/** What an unsigned comparison with a constant says about the register, on the way where it says that. */
function narrow({ code, dst, imm }: ebpf.EbpfInsn, taken: State, next: State): void {
  if ((code & cbpf.BPF_X) !== 0 || imm < 0) return;
  const atMost = (state: State, most: number): void => {
    if (most >= 0) state.max[dst] = Math.min(state.max[dst]!, most);
  };
  switch (cbpf.operationOf(code)) {
    case cbpf.BPF_JEQ:
    case ebpf.BPF_JLE:
      atMost(taken, imm);
      break;
    case ebpf.BPF_JLT:
      atMost(taken, imm - 1);
      break;
    case ebpf.BPF_JNE:
    case cbpf.BPF_JGT:
      atMost(next, imm);
      break;
    case cbpf.BPF_JGE:
      atMost(next, imm - 1);
  }
}

/** Bytes that the size bits of an opcode stand for. */
function sizeBytes(code: number): 1 | 2 | 4 | 8 {
  const size = cbpf.sizeOf(code);
  return size === ebpf.BPF_DW ? 8 : cbpf.loadBytes(size);
}
