export { formatEbpf } from './asm/format.ts';
export * from './classic.ts';
export { BpfObject } from './elf/bpf-object.ts';
export { compileForFlat } from './flat/translate.ts';
export { decodeEbpf, encodeEbpf } from './isa/codec.ts';
export type { EbpfInsn, EbpfProgram } from './isa/insn.ts';
export { checkMbufProgram } from './mbuf/check.ts';
export { type MbufContext, type MbufRunner, prepareMbufProgram } from './mbuf/run.ts';
export { isSlowToCheck, MOST_INSNS_WITH_STACK } from './mbuf/slow-to-check.ts';
export { compileForMbuf, type MbufOptions } from './mbuf/translate.ts';
export { toAgentForm } from './programs/agent-form.ts';
export { PacketProgram } from './programs/packet-program.ts';
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
