/** The engines that the suite runs over. */
import type { Engine } from '../../src/bpf/vm/engine.ts';
import { interpreter } from '../../src/bpf/vm/interpreter.ts';
import { wasmJit } from '../../src/bpf/vm/wasm-jit/wasm-jit.ts';

export const engines: readonly Engine[] = [interpreter, wasmJit];
