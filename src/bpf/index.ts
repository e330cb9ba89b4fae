export { assemble } from './asm/assemble.ts';
export { formatEbpf } from './asm/format.ts';
export * from './classic.ts';
export {
  type KeyedMapLayout,
  strideBytes,
  traceContext,
  traceHelper,
  valueOffsetInEntry,
} from './context/context-layout.ts';
export { ContextMap } from './context/context-map.ts';
export { EventWalk } from './context/event-walk.ts';
export type { WalkedEvent } from './context/event-walk-code.ts';
export {
  BPF_PSEUDO_MAP_IDX,
  kernelMapType,
  LOST_EVENTS_MAP,
  NO_ROOM_MAP,
  STACKS_MAP,
  START_TIME_MAP,
} from './context/kernel-maps.ts';
export { type BatchProgram, batchBytes, batchRow, ROW_BYTES, TraceBatch } from './context/trace-batch.ts';
export { traceHelpers } from './context/trace-helpers.ts';
export { TraceMachine, type TraceMachineOptions } from './context/trace-machine.ts';
export { BpfObject } from './elf/bpf-object.ts';
export { compileForFlat } from './flat/translate.ts';
export { decodeEbpf, encodeEbpf } from './isa/codec.ts';
export type { EbpfInsn, EbpfProgram } from './isa/insn.ts';
export * as opcodes from './isa/insn.ts';
export { checkMbufProgram } from './mbuf/check.ts';
export { type MbufContext, type MbufRunner, prepareMbufProgram } from './mbuf/run.ts';
export { compileForMbuf, type MbufOptions } from './mbuf/translate.ts';
export { toAgentForm } from './programs/agent-form.ts';
export { PacketProgram } from './programs/packet-program.ts';
export { type RegisterUse, registerUse } from './programs/registers.ts';
export { dpdkProfile } from './verify/dpdk.ts';
export { type KernelProgramType, kernelProfile } from './verify/kernel.ts';
export { kernelHelpers } from './verify/kernel-helpers.ts';
export type {
  Address,
  Argument,
  ContextField,
  HelperShape,
  MapShape,
  MemoryShape,
  Profile,
  Setting,
} from './verify/profile.ts';
export { type Verified, verifyProgram } from './verify/verify.ts';
export { wasmProfile } from './verify/wasm.ts';
export type { Engine } from './vm/engine.ts';
export { interpreter } from './vm/interpreter.ts';
export { wasmJit } from './vm/wasm-jit/wasm-jit.ts';
