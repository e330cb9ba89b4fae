export type { BlockLabel, FunctionBuilder, Local } from './function-builder.ts';
export {
  createMemory,
  createSharedMemory,
  instantiate,
  isMemory,
  isTrap,
  PAGE_BYTES,
  type WasmMemory,
} from './host.ts';
export { type FunctionType, ModuleBuilder } from './module-builder.ts';
export type { AtomicOpcode, MemoryOpcode, PlainOpcode, ValueType } from './opcodes.ts';
