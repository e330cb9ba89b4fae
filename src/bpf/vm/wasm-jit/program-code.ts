/**
 * A program as functions of a WebAssembly module: one for each of its own functions. A function gets the registers r0 to
 * r9 and its frame's end (r10) as they are at the call and gives r0 back, so r6 to r9 keep their values without being saved.
 */
import type { FunctionBuilder, FunctionType, Local, ModuleBuilder } from '../../../wasm/index.ts';
import type { EbpfInsn, EbpfProgram } from '../../isa/insn.ts';
import type { InsnRow } from '../../isa/table.ts';
import { jumpTarget, validateProgram } from '../../isa/validate.ts';
import { type Environment, FRAME_BYTES, type Helper, MAX_FRAMES } from '../engine.ts';
import { helperOf, wideConstant } from '../lookup.ts';
import { ArithmeticCode } from './arithmetic-code.ts';
import { analyzeFunctions, type BasicBlock, type FunctionFlow, type Rows } from './control-flow.ts';
import { MemoryCode } from './memory-code.ts';
import { type BlockCode, emitStructured } from './structure.ts';

const REGISTERS = 10;
const FRAME = 10;

const i64s = (count: number): readonly 'i64'[] => Array.from({ length: count }, () => 'i64');
const i32s = (count: number): readonly 'i32'[] => Array.from({ length: count }, () => 'i32');

/** r0 to r9, r10 -> r0. */
const functionType: FunctionType = { params: i64s(REGISTERS + 1), results: ['i64'] };

/** What programs reach outside of their module. An i64 never crosses: r1 to r5 go out as pairs of words. */
export interface ProgramImports {
  /** (reason, pc): throws; the reason is an index of `trapReasons`. */
  readonly trap: number;
  /** (index in `helpers`, r1 to r5) -> the lower half of r0. */
  readonly callHelper: number;
  /** (pc, the register's two words, r1 to r5) -> the lower half of r0. */
  readonly callRegister: number;
  /** () -> the upper half of the r0 that a helper gave. */
  readonly upperHalf: number;
}

export const importTypes: Readonly<Record<keyof ProgramImports, FunctionType>> = {
  trap: { params: ['i32', 'i32'], results: [] },
  callHelper: { params: i32s(11), results: ['i32'] },
  callRegister: { params: i32s(13), results: ['i32'] },
  upperHalf: { params: [], results: ['i32'] },
};

export const trapReasons = ['budget', 'frames'] as const;

/** Variables of a run. */
export interface ProgramGlobals {
  /** What is left of the budget, i64. */
  readonly budget: number;
  /** Whether a packet load ended the program from inside a function, i32. */
  readonly isEnded: number;
}

/** What all programs of a module call. */
export class ModuleHelpers {
  /** Those outside of it: `callHelper` is given places in this. */
  readonly outside: Helper[] = [];
  /** Indices of functions in it. */
  readonly inside: Map<Helper, number> = new Map();
}

/**
 * Adds a program to a module; several share its imports and globals.
 * @param helpers gets those that the program calls by number
 * @returns the index of the function that the program starts with
 * @throws FormatError, UnsupportedError as Engine.prepare does
 */
export function addProgram(
  module: ModuleBuilder,
  program: EbpfProgram,
  environment: Environment,
  imports: ProgramImports,
  globals: ProgramGlobals,
  helpers: ModuleHelpers,
): number {
  const rows = validateProgram(program);
  const flows = analyzeFunctions(program, rows);
  const functions = new Map(
    [...flows.keys()].map((start) => [start, module.function(functionType)] as const),
  );
  const shared: Shared = {
    program,
    rows,
    environment,
    imports,
    globals,
    helpers,
    module,
    indexOf: (start) => functions.get(start)!.index,
    isCounted:
      flows.size > 1 ||
      flows.get(0)!.blocks.some(({ index, successors }) => successors.some((next) => next <= index)),
    hasPacketLoads: rows.some((row) => row?.kind === 'packet'),
  };
  // Unreachable instructions are not translated, but what they name must exist all the same.
  program.forEach((insn, pc) => {
    const row = rows[pc];
    if (row?.kind === 'lddw') wideConstant(row, insn, program[pc + 1]!.imm, environment);
    if (row?.operation === 'helper' || row?.operation === 'btf') helperOf(row, insn, environment);
  });
  for (const [start, flow] of flows) new FunctionCode(shared, flow, functions.get(start)!.code).emit();
  return shared.indexOf(0);
}

interface Shared {
  readonly program: EbpfProgram;
  readonly rows: Rows;
  readonly environment: Environment;
  readonly imports: ProgramImports;
  readonly globals: ProgramGlobals;
  readonly helpers: ModuleHelpers;
  readonly module: ModuleBuilder;
  readonly indexOf: (start: number) => number;
  /** Whether anything can run more than once. */
  readonly isCounted: boolean;
  readonly hasPacketLoads: boolean;
}

/** Whether several threads may use the memory. */
export function isShared({ memory }: Environment): boolean {
  return !(memory.buffer instanceof ArrayBuffer);
}

class FunctionCode implements BlockCode {
  private readonly shared: Shared;
  private readonly flow: FunctionFlow;
  private readonly code: FunctionBuilder;
  private readonly registers: readonly Local[] = Array.from({ length: REGISTERS + 1 }, (_, index) => index);
  private readonly arithmetic: ArithmeticCode;
  private readonly memory: MemoryCode;
  /** Instructions since the budget was looked at. */
  private readonly used: Local;

  constructor(shared: Shared, flow: FunctionFlow, code: FunctionBuilder) {
    this.shared = shared;
    this.flow = flow;
    this.code = code;
    this.used = code.local('i64');
    this.arithmetic = new ArithmeticCode(code, this.registers);
    this.memory = new MemoryCode(code, this.registers, this.arithmetic, isShared(shared.environment));
  }

  emit(): void {
    emitStructured(this.code, this.flow, this);
  }

  body({ start, end }: BasicBlock): void {
    const { program, rows, isCounted } = this.shared;
    if (isCounted) {
      const count = rows.slice(start, end + 1).filter((row) => row !== undefined).length;
      this.code.get(this.used).i64(count).op('i64.add').set(this.used);
    }
    for (let pc = start; pc <= end; pc++) {
      const row = rows[pc];
      if (row !== undefined) this.insn(row, program[pc]!, pc);
    }
  }

  condition({ end }: BasicBlock): void {
    this.arithmetic.condition(this.shared.rows[end]!, this.shared.program[end]!);
  }

  beforeJumpBack(block: BasicBlock): void {
    this.charge();
    const { code } = this;
    code.getGlobal(this.shared.globals.budget).i64(0).op('i64.lt_s').if();
    this.trap('budget', block.end);
    code.end();
  }

  private insn(row: InsnRow, insn: EbpfInsn, pc: number): void {
    const { code, shared } = this;
    switch (row.kind) {
      case 'alu':
        this.arithmetic.alu(row, insn);
        break;
      case 'movsx':
        this.arithmetic.movsx(row, insn);
        break;
      case 'end':
        this.arithmetic.byteOrder(row, insn);
        break;
      case 'lddw': {
        const [low, high] = wideConstant(row, insn, shared.program[pc + 1]!.imm, shared.environment);
        code.i64((BigInt(high) << 32n) | BigInt(low >>> 0)).set(insn.dst);
        break;
      }
      case 'load':
      case 'loadsx':
        this.memory.load(row, insn);
        break;
      case 'store':
        this.memory.store(row, insn);
        break;
      case 'atomic':
        this.memory.atomic(row, insn);
        break;
      case 'packet':
        this.memory.packet(row, insn, () => this.endProgram());
        break;
      case 'call':
        this.call(row, insn, pc);
        break;
      case 'exit':
        if (shared.isCounted) this.charge();
        code.get(0).op('return');
        break;
      default:
      // Jumps are the structure's part.
    }
  }

  private call(row: InsnRow, insn: EbpfInsn, pc: number): void {
    const { code, shared } = this;
    if (row.operation === 'local') {
      this.callLocal(jumpTarget(row, insn, pc)!, pc);
      return;
    }
    if (row.operation === 'register') {
      code.i32(pc);
      this.words(insn.dst);
    } else {
      const helper = helperOf(row, insn, shared.environment);
      if (helper.addFunction !== undefined) {
        this.callInside(helper, helper.addFunction);
        return;
      }
      code.i32(shared.helpers.outside.push(helper) - 1);
    }
    for (let register = 1; register <= 5; register++) this.words(register);
    code.call(row.operation === 'register' ? shared.imports.callRegister : shared.imports.callHelper);
    code.op('i64.extend_i32_u').call(shared.imports.upperHalf).op('i64.extend_i32_u');
    code.i64(32).op('i64.shl').op('i64.or').set(0);
  }

  private callInside(helper: Helper, addFunction: (module: ModuleBuilder) => number): void {
    const { code, shared } = this;
    const { inside } = shared.helpers;
    const index = inside.get(helper) ?? addFunction(shared.module);
    inside.set(helper, index);
    for (let register = 1; register <= 5; register++) code.get(register);
    code.call(index).set(0);
  }

  private callLocal(start: number, pc: number): void {
    const { code, shared } = this;
    const { offset, lengthBytes } = shared.environment.stack;
    const frames = Math.min(MAX_FRAMES, Math.floor(lengthBytes / FRAME_BYTES));
    const lowestFrame = offset + lengthBytes - (frames - 1) * FRAME_BYTES;
    this.charge();
    code.get(FRAME).i64(lowestFrame).op('i64.le_u').if();
    this.trap('frames', pc);
    code.end();
    for (let register = 0; register < REGISTERS; register++) code.get(register);
    code.get(FRAME).i64(FRAME_BYTES).op('i64.sub').call(shared.indexOf(start)).set(0);
    if (!shared.hasPacketLoads) return;
    code.getGlobal(shared.globals.isEnded).if();
    code.i64(0).op('return').end();
  }

  private endProgram(): void {
    const { code, shared } = this;
    code.i32(1).setGlobal(shared.globals.isEnded).i64(0).op('return');
  }

  private charge(): void {
    const { code, used } = this;
    const { budget } = this.shared.globals;
    code.getGlobal(budget).get(used).op('i64.sub').setGlobal(budget).i64(0).set(used);
  }

  private trap(reason: (typeof trapReasons)[number], pc: number): void {
    this.code.i32(trapReasons.indexOf(reason)).i32(pc).call(this.shared.imports.trap).op('unreachable');
  }

  private words(register: number): void {
    const { code } = this;
    code.get(register).op('i32.wrap_i64').get(register).i64(32).op('i64.shr_u').op('i32.wrap_i64');
  }
}
