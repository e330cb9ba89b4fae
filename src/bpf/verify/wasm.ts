/**
 * The profile `wasm`: what the engines of vm/ take, which is every instruction of RFC 9669 but calls by BTF. Programs
 * look at packets through the packet context and the packet loads, or get flat memory with its length.
 */
import { FRAME_BYTES, MAX_FRAMES } from '../vm/engine.ts';
import { mbufContext } from './dpdk.ts';
import type { Argument, Profile } from './profile.ts';

const naturalLoads = [1, 2, 4, 8] as const;

/** r1 as filters and capture programs get it: the packet context of vm/engine.ts. */
const packetArgument: Argument = {
  kind: 'context',
  fields: mbufContext((lengthBytes) => naturalLoads.filter((bytes) => bytes <= lengthBytes)),
};

export function wasmProfile(programArguments: readonly Argument[] = [packetArgument]): Profile {
  return {
    name: 'wasm',
    maxInsns: 1 << 16,
    maxSteps: 1_000_000,
    hasLoops: true,
    hasLocalCalls: true,
    hasPacketLoads: programArguments[0]?.kind === 'context',
    maxPacketOffset: undefined,
    maxStackBytes: MAX_FRAMES * FRAME_BYTES,
    isPacketWritable: false,
    refuses: () => undefined,
    arguments: programArguments,
  };
}
