export type { BlockLabel, FunctionBuilder, Local } from './function-builder.ts';
export { createMemory, instantiate, PAGE_BYTES, type WasmMemory } from './host.ts';
export { type FunctionType, ModuleBuilder } from './module-builder.ts';
export type { MemoryOpcode, PlainOpcode, ValueType } from './opcodes.ts';
