/**
 * The engine that is fast: a program becomes a WebAssembly module, which the JavaScript engine makes machine code. What it
 * may touch is the linear memory, whole; what lies where in it is the verifier's business. Instructions are counted
 * block by block, and looked at where control goes back or into a function.
 */
import { UnsupportedError } from '../../../base/index.ts';
import { instantiate, isMemory, isTrap, ModuleBuilder } from '../../../wasm/index.ts';
import type { EbpfProgram } from '../../isa/insn.ts';
import {
  type Engine,
  type Environment,
  FRAME_BYTES,
  type Helper,
  type PreparedProgram,
  TrapError,
} from '../engine.ts';
import {
  addProgram,
  importTypes,
  isShared,
  ModuleHelpers,
  type ProgramImports,
  trapReasons,
} from './program-code.ts';

export const wasmJit: Engine = {
  name: 'wasm-jit',
  prepare: (program, environment) => new JittedProgram(program, environment),
};

interface Exports {
  /** r1, r2 and the two halves of the budget; gives the lower half of r0. */
  run(r1: number, r2: number, budgetLow: number, budgetHigh: number): number;
  readonly result: { readonly value: bigint };
}

class JittedProgram implements PreparedProgram {
  readonly #environment: Environment;
  readonly #exports: Exports;

  constructor(program: EbpfProgram, environment: Environment) {
    this.#environment = environment;
    this.#exports = compile(program, environment);
  }

  get result(): bigint {
    return BigInt.asUintN(64, this.#exports.result.value);
  }

  run(r1: number, r2: number): number {
    const budget = this.#environment.budgetInsns;
    try {
      return this.#exports.run(r1, r2, budget | 0, Math.floor(budget / 2 ** 32)) >>> 0;
    } catch (error) {
      if (!isTrap(error)) throw error;
      throw new TrapError(
        'memory',
        undefined,
        `eBPF program stopped: access outside of its memory (${error.message})`,
      );
    }
  }
}

function compile(program: EbpfProgram, environment: Environment): Exports {
  const { memory, stack } = environment;
  if (!isMemory(memory)) throw new UnsupportedError('memory of a compiled program', 'a WebAssembly.Memory');
  if (stack.lengthBytes < FRAME_BYTES) {
    throw new UnsupportedError(`stack of ${stack.lengthBytes} bytes`, `${FRAME_BYTES} bytes`);
  }
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', isShared(environment));
  const imports = Object.fromEntries(
    Object.entries(importTypes).map(([name, type]) => [name, module.importFunction('env', name, type)]),
  ) as unknown as ProgramImports;
  const globals = { budget: module.global('i64'), isEnded: module.global('i32') };
  const result = module.global('i64');
  const helpers = new ModuleHelpers();
  const index = addProgram(module, program, environment, imports, globals, helpers);
  const run = module.function({ params: ['i32', 'i32', 'i32', 'i32'], results: ['i32'] });
  const { code } = run;
  code.get(2).op('i64.extend_i32_u').get(3).op('i64.extend_i32_u').i64(32).op('i64.shl').op('i64.or');
  code.setGlobal(globals.budget).i32(0).setGlobal(globals.isEnded);
  code.i64(0).get(0).op('i64.extend_i32_u').get(1).op('i64.extend_i32_u');
  for (let register = 3; register < 10; register++) code.i64(0);
  code
    .i64(stack.offset + stack.lengthBytes)
    .call(index)
    .setGlobal(result);
  code.getGlobal(result).op('i32.wrap_i64');
  module.exportFunction('run', run.index);
  module.exportGlobal('result', result);
  return instantiate<Exports>(module.encode(), {
    env: { memory, ...hostFunctions(helpers.outside, environment) },
  });
}

/** The imported functions. Helpers see the registers in one array, as in the interpreter. */
export function hostFunctions(
  helpers: readonly Helper[],
  environment: Environment,
): Record<keyof ProgramImports, unknown> {
  const words = new Int32Array(12);
  const call = (helper: Helper, registers: readonly number[]): number => {
    words[0] = 0;
    words[1] = 0;
    for (let i = 0; i < 10; i++) words[i + 2] = registers[i]!;
    helper.call(words);
    return words[0];
  };
  return {
    trap(reason: number, pc: number): never {
      const why = trapReasons[reason]!;
      const message =
        why === 'budget' ? `no end after ${environment.budgetInsns} instructions` : 'calls nest too deep';
      throw new TrapError(why, pc, `eBPF program stopped: ${message}`);
    },
    callHelper: (index: number, ...registers: readonly number[]): number => call(helpers[index]!, registers),
    callRegister(pc: number, low: number, high: number, ...registers: readonly number[]): number {
      const helper = high === 0 ? environment.helpers.get(low) : undefined;
      if (helper !== undefined) return call(helper, registers);
      const number = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
      throw new TrapError('helper', pc, `eBPF program stopped: no helper has the number ${number}`);
    },
    upperHalf: () => words[1]!,
  };
}
