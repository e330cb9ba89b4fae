/**
 * The profile `kernel`: what the Linux verifier takes of a program of some types, as far as hone's programs need it;
 * the helpers that each may call are in kernel-helpers.ts. It is stricter than the kernel for root: stack is read after
 * it was written, and pointers stay in registers and stack.
 *
 * Layouts: struct __sk_buff and struct xdp_md of <linux/bpf.h>, struct pt_regs of x86-64 <asm/ptrace.h>.
 */

import { constantFault } from './dpdk.ts';
import type { ContextField, Profile } from './profile.ts';

export type KernelProgramType =
  | 'socket_filter'
  | 'kprobe'
  | 'tracepoint'
  | 'perf_event'
  | 'raw_tracepoint'
  | 'xdp';

const MAX_INSNS = 1_000_000;

const word = (offset: number, gives: ContextField['gives'] = 'scalar'): ContextField => ({
  offset,
  lengthBytes: 4,
  loadBytes: gives === 'scalar' ? [1, 2, 4] : [4],
  gives,
  isWritable: false,
});

const contexts: Readonly<Record<KernelProgramType, readonly ContextField[]>> = {
  // len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto, priority, ingress_ifindex,
  // ifindex, tc_index; cb[5], which a program may write; hash.
  socket_filter: [
    ...[0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44].map((offset) => word(offset)),
    { offset: 48, lengthBytes: 20, loadBytes: [1, 2, 4, 8], gives: 'scalar', isWritable: true },
    word(68),
  ],
  // Every register, whole or in part.
  kprobe: [{ offset: 0, lengthBytes: 168, loadBytes: [1, 2, 4, 8], gives: 'scalar', isWritable: false }],
  // The record behind the common fields; how long it is, the kernel knows.
  tracepoint: [{ offset: 8, lengthBytes: 8184, loadBytes: [1, 2, 4, 8], gives: 'scalar', isWritable: false }],
  // Registers, then sample_period and addr.
  perf_event: [{ offset: 0, lengthBytes: 184, loadBytes: [8], gives: 'scalar', isWritable: false }],
  raw_tracepoint: [{ offset: 0, lengthBytes: 96, loadBytes: [8], gives: 'scalar', isWritable: false }],
  // data, data_end, ingress_ifindex, rx_queue_index.
  xdp: [word(0, 'packet'), word(4, 'packet-end'), word(12), word(16)],
};

export function kernelProfile(type: KernelProgramType): Profile {
  return {
    name: `kernel ${type}`,
    maxInsns: MAX_INSNS,
    maxSteps: MAX_INSNS,
    hasLoops: true,
    hasLocalCalls: true,
    hasPacketLoads: type === 'socket_filter',
    maxPacketOffset: undefined,
    maxStackBytes: 512,
    isPacketWritable: type === 'xdp',
    refuses: constantFault,
    arguments: [{ kind: 'context', fields: contexts[type] }],
  };
}
