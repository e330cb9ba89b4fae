/** Programs of the form `agent` in a WebAssembly module of somebody's own, to be called on the machine's context from its code. */
import { type FunctionBuilder, instantiate, type ModuleBuilder } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { type Environment, FRAME_BYTES } from '../vm/engine.ts';
import { addProgram, importTypes, ModuleHelpers, type ProgramImports } from '../vm/wasm-jit/program-code.ts';
import { hostFunctions } from '../vm/wasm-jit/wasm-jit.ts';
import { CONTEXT } from './trace-machine.ts';

const ARGUMENT_REGISTERS = 10;

export class ProgramCalls {
  readonly #module: ModuleBuilder;
  readonly #environment: Environment;
  readonly #helpers = new ModuleHelpers();
  readonly #functions: readonly number[];

  /** @param module to which nothing was added yet */
  constructor(module: ModuleBuilder, environment: Environment, programs: readonly EbpfProgram[]) {
    this.#module = module;
    this.#environment = environment;
    module.importMemory('env', 'memory', false);
    const imports = Object.fromEntries(
      Object.entries(importTypes).map(([name, type]) => [name, module.importFunction('env', name, type)]),
    ) as unknown as ProgramImports;
    const globals = { budget: module.global('i64'), isEnded: module.global('i32') };
    this.#functions = programs.map((program) =>
      addProgram(module, program, environment, imports, globals, this.#helpers),
    );
  }

  /** One hit; leaves what the program gives on the stack, an i64. */
  emit(code: FunctionBuilder, program: number): void {
    const { stack } = this.#environment;
    code.i64(0).i64(CONTEXT);
    for (let register = 2; register < ARGUMENT_REGISTERS; register++) code.i64(0);
    code.i64(stack.offset + FRAME_BYTES).call(this.#functions[program]!);
  }

  /** When everything was added to the module. */
  instantiate<Exports extends object>(): Exports {
    const { memory } = this.#environment;
    const functions = hostFunctions(this.#helpers.outside, this.#environment);
    return instantiate<Exports>(this.#module.encode(), { env: { memory, ...functions } });
  }
}
