/**
 * A classic BPF program as a WebAssembly function over a packet in linear memory. Jumps go forward only, so every place
 * that is jumped to is the end of a block, and A, X and the scratch cells are local variables. A packet load is checked
 * against the captured length once on a way: what a load before it has shown is not asked again.
 */
import type { BlockLabel, FunctionBuilder, Local, ModuleBuilder } from '../../wasm/index.ts';
import * as cbpf from '../cbpf/isa.ts';
import { successors } from '../cbpf/liveness.ts';
import { emitSwap, swapped } from './byte-order.ts';
import { loadsAsStored } from './loads-as-stored.ts';

/** Parameters of the function: the packet's address, its captured and its original length. */
const PACKET = 0;
const CAPTURED = 1;
const ORIGINAL = 2;

/** No packet in memory is that long. */
const MAX_OFFSET = 0x7fff_fff0;

const operations: Readonly<
  Record<number, 'i32.add' | 'i32.sub' | 'i32.mul' | 'i32.and' | 'i32.or' | 'i32.xor'>
> = {
  [cbpf.BPF_ADD]: 'i32.add',
  [cbpf.BPF_SUB]: 'i32.sub',
  [cbpf.BPF_MUL]: 'i32.mul',
  [cbpf.BPF_AND]: 'i32.and',
  [cbpf.BPF_OR]: 'i32.or',
  [cbpf.BPF_XOR]: 'i32.xor',
};

/**
 * Adds the function `(packet, captured length, original length) -> verdict` to the module and gives its index. It reads
 * nothing outside of the captured bytes. Expects a program that passed `validateCbpf`.
 */
export function addClassicFilter(module: ModuleBuilder, program: cbpf.CbpfProgram): number {
  const { index, code } = module.function({ params: ['i32', 'i32', 'i32'], results: ['i32'] });
  new Translation(program, code).translate();
  return index;
}

class Translation {
  private readonly program: cbpf.CbpfProgram;
  private readonly code: FunctionBuilder;
  private readonly asStored: Uint8Array;
  private readonly a: Local;
  private readonly x: Local;
  private readonly cells = new Map<number, Local>();
  private readonly labels = new Map<number, BlockLabel>();
  private readonly reject: BlockLabel;

  constructor(program: cbpf.CbpfProgram, code: FunctionBuilder) {
    this.program = program;
    this.code = code;
    this.asStored = loadsAsStored(program);
    this.a = code.local('i32');
    this.x = code.local('i32');
    this.reject = code.block();
  }

  translate(): void {
    const { program, code } = this;
    const knownLengths = shownLengths(program);
    const targets = program.flatMap((insn, pc) =>
      knownLengths[pc] !== undefined && cbpf.classOf(insn.code) === cbpf.BPF_JMP ? successors(insn, pc) : [],
    );
    for (const target of [...new Set(targets)].sort((one, other) => other - one)) {
      this.labels.set(target, code.block());
    }
    program.forEach((insn, pc) => {
      if (this.labels.has(pc)) code.end();
      const known = knownLengths[pc];
      if (known !== undefined) this.translateInsn(insn, pc, known);
    });
    code.end().i32(0);
  }

  private translateInsn(insn: cbpf.CbpfInsn, pc: number, known: number): void {
    const { code } = this;
    switch (cbpf.classOf(insn.code)) {
      case cbpf.BPF_LD:
        this.load(insn, known, this.asStored[pc]! > 0);
        code.set(this.a);
        break;
      case cbpf.BPF_LDX:
        if (cbpf.modeOf(insn.code) === cbpf.BPF_MSH) {
          this.loadAbsolute(insn.k, 1, known, true);
          code.i32(0xf).op('i32.and').i32(2).op('i32.shl');
        } else {
          this.load(insn, known, false);
        }
        code.set(this.x);
        break;
      case cbpf.BPF_ST:
        code.get(this.a).set(this.cell(insn.k));
        break;
      case cbpf.BPF_STX:
        code.get(this.x).set(this.cell(insn.k));
        break;
      case cbpf.BPF_ALU:
        this.operate(insn);
        break;
      case cbpf.BPF_JMP:
        this.jump(insn, pc);
        break;
      case cbpf.BPF_RET:
        if ((insn.code & 0x18) === cbpf.BPF_A) code.get(this.a);
        else code.i32(insn.k);
        code.op('return');
        break;
      default:
        if ((insn.code & 0xf8) === cbpf.BPF_TAX) code.get(this.a).set(this.x);
        else code.get(this.x).set(this.a);
    }
  }

  /** Leaves the loaded value on the stack. */
  private load({ code: opcode, k }: cbpf.CbpfInsn, known: number, asStored: boolean): void {
    switch (cbpf.modeOf(opcode)) {
      case cbpf.BPF_IMM:
        this.code.i32(k);
        break;
      case cbpf.BPF_LEN:
        this.code.get(ORIGINAL);
        break;
      case cbpf.BPF_MEM:
        this.code.get(this.cell(k));
        break;
      case cbpf.BPF_IND:
        this.loadIndirect(k, cbpf.loadBytes(cbpf.sizeOf(opcode)), asStored);
        break;
      default:
        this.loadAbsolute(k, cbpf.loadBytes(cbpf.sizeOf(opcode)), known, asStored);
    }
  }

  private loadAbsolute(offset: number, lengthBytes: 1 | 2 | 4, known: number, asStored: boolean): void {
    const { code } = this;
    if (offset > MAX_OFFSET) {
      code.br(this.reject).i32(0);
      return;
    }
    if (known < offset + lengthBytes) {
      code
        .get(CAPTURED)
        .i32(offset + lengthBytes)
        .op('i32.lt_u')
        .brIf(this.reject);
    }
    code.get(PACKET);
    this.read(offset, lengthBytes, asStored);
  }

  /** P[X + k]: the sum wraps at 32 bits, its end does not. */
  private loadIndirect(k: number, lengthBytes: 1 | 2 | 4, asStored: boolean): void {
    const { code, a, x } = this;
    code.get(x).i32(k).op('i32.add').tee(a);
    code.op('i64.extend_i32_u').i64(lengthBytes).op('i64.add');
    code.get(CAPTURED).op('i64.extend_i32_u').op('i64.gt_u').brIf(this.reject);
    code.get(PACKET).get(a).op('i32.add');
    this.read(0, lengthBytes, asStored);
  }

  /** From the address on the stack. */
  private read(offset: number, lengthBytes: 1 | 2 | 4, asStored: boolean): void {
    const { code } = this;
    if (lengthBytes === 1) code.memory('i32.load8_u', offset);
    else if (lengthBytes === 2) code.memory('i32.load16_u', offset);
    else code.memory('i32.load', offset);
    if (!asStored) emitSwap(code, lengthBytes, this.a);
  }

  private operate({ code: opcode, k }: cbpf.CbpfInsn): void {
    const { code, a, x } = this;
    const operation = cbpf.operationOf(opcode);
    const operand = (): FunctionBuilder => ((opcode & cbpf.BPF_X) !== 0 ? code.get(x) : code.i32(k));
    switch (operation) {
      case cbpf.BPF_NEG:
        code.i32(0).get(a).op('i32.sub');
        break;
      case cbpf.BPF_DIV:
      case cbpf.BPF_MOD:
        if ((opcode & cbpf.BPF_X) !== 0) code.get(x).op('i32.eqz').brIf(this.reject);
        code.get(a);
        operand().op(operation === cbpf.BPF_DIV ? 'i32.div_u' : 'i32.rem_u');
        break;
      case cbpf.BPF_LSH:
      case cbpf.BPF_RSH:
        // WebAssembly shifts by the lower five bits; a shift by 32 or more gives 0.
        code.get(a);
        operand()
          .op(operation === cbpf.BPF_LSH ? 'i32.shl' : 'i32.shr_u')
          .i32(0);
        operand().i32(32).op('i32.lt_u').op('select');
        break;
      default:
        code.get(a);
        operand().op(operations[operation]!);
    }
    code.set(a);
  }

  private jump(insn: cbpf.CbpfInsn, pc: number): void {
    const { code } = this;
    const [yes, no] = successors(insn, pc) as [number, number | undefined];
    if (no === undefined || yes === no) {
      if (yes !== pc + 1) code.br(this.labels.get(yes)!);
      return;
    }
    this.compare(insn, this.asStored[pc]! as 0 | 2 | 4);
    if (yes === pc + 1) {
      code.op('i32.eqz').brIf(this.labels.get(no)!);
      return;
    }
    code.brIf(this.labels.get(yes)!);
    if (no !== pc + 1) code.br(this.labels.get(no)!);
  }

  private compare({ code: opcode, k }: cbpf.CbpfInsn, asStored: 0 | 2 | 4): void {
    const { code } = this;
    code.get(this.a);
    if ((opcode & cbpf.BPF_X) !== 0) code.get(this.x);
    else code.i32(asStored === 0 ? k : swapped(k, asStored));
    switch (cbpf.operationOf(opcode)) {
      case cbpf.BPF_JEQ:
        code.op('i32.eq');
        break;
      case cbpf.BPF_JGT:
        code.op('i32.gt_u');
        break;
      case cbpf.BPF_JGE:
        code.op('i32.ge_u');
        break;
      default:
        code.op('i32.and');
    }
  }

  private cell(index: number): Local {
    let local = this.cells.get(index);
    if (local === undefined) {
      local = this.code.local('i32');
      this.cells.set(index, local);
    }
    return local;
  }
}

/** Before each instruction: the captured length that loads on every way to it have shown; undefined where none leads. */
function shownLengths(program: cbpf.CbpfProgram): readonly (number | undefined)[] {
  const shown: (number | undefined)[] = [0];
  program.forEach((insn, pc) => {
    const before = shown[pc];
    if (before === undefined) return;
    const after = Math.max(before, endOfLoad(insn));
    for (const next of successors(insn, pc)) shown[next] = Math.min(shown[next] ?? after, after);
  });
  return shown;
}

function endOfLoad({ code, k }: cbpf.CbpfInsn): number {
  const mode = cbpf.modeOf(code);
  if (cbpf.classOf(code) === cbpf.BPF_LDX) return mode === cbpf.BPF_MSH ? k + 1 : 0;
  if (cbpf.classOf(code) !== cbpf.BPF_LD || mode !== cbpf.BPF_ABS) return 0;
  return k + cbpf.loadBytes(cbpf.sizeOf(code));
}
