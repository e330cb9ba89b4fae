/**
 * A program of an object, ready to judge recorded packets: verified, compiled to WebAssembly, with its maps and
 * variables in the same linear memory, which keep their contents from packet to packet.
 *
 * Memory: the packet context, the stack, one packet, the maps. A packet longer than the room for it is cut.
 */
import { VerifierError } from '../../base/index.ts';
import { createMemory, PAGE_BYTES } from '../../wasm/index.ts';
import type { BpfObject, LinkedProgram } from '../elf/bpf-object.ts';
import type { ObjectMap } from '../elf/map-definitions.ts';
import { createHelpers } from '../maps/helpers.ts';
import { MapMemory } from '../maps/map-memory.ts';
import { BPF_F_RDONLY_PROG } from '../maps/map-spec.ts';
import { type BpfMap, layOutMaps, placeMaps } from '../maps/place-maps.ts';
import { RingBufferMap } from '../maps/ring-buffer-map.ts';
import type { Address, MapShape, MemoryShape } from '../verify/profile.ts';
import { verifyProgram } from '../verify/verify.ts';
import { wasmProfile } from '../verify/wasm.ts';
import { FRAME_BYTES, MAX_FRAMES, type PreparedProgram, packetContext } from '../vm/engine.ts';
import { wasmJit } from '../vm/wasm-jit/wasm-jit.ts';
import { formatMap } from './format-map.ts';

const CONTEXT = 64;
const STACK = CONTEXT + packetContext.sizeBytes;
const STACK_BYTES = FRAME_BYTES * MAX_FRAMES;
const PACKET = 8192;
const MAX_PACKET_BYTES = 1 << 18;
const MAPS = PACKET + MAX_PACKET_BYTES;

/** For one packet; verified programs end, this says when it takes too long. */
const BUDGET_INSNS = 10_000_000;

/** Of the hashes: the same files give the same maps. */
const SEED = 0;

/** What a program is told of a packet besides its bytes. */
export interface PacketFacts {
  readonly originalLength: number;
  /** Since 1970; undefined when it is not known, which a program sees as 0. */
  readonly timestampNs: bigint | undefined;
  readonly port: number;
  readonly hash: number;
}

export class PacketProgram {
  readonly #maps: readonly BpfMap[];
  readonly #objectMaps: readonly ObjectMap[];
  readonly #memory: MapMemory;
  readonly #prepared: PreparedProgram;
  #timestampNs = 0n;

  /**
   * @param name which of several programs
   * @throws VerifierError, UnsupportedError, UsageError, FormatError
   */
  constructor(object: BpfObject, name?: string) {
    const program = object.link(name);
    const specs = object.maps.map(({ spec }) => spec);
    const { endOffset } = layOutMaps(specs, MAPS, 1);
    const memory = createMemory(Math.ceil(endOffset / PAGE_BYTES));
    this.#memory = new MapMemory(memory.buffer);
    this.#objectMaps = object.maps;
    this.#maps = placeMaps(specs, this.#memory, { offset: MAPS, seed: SEED });
    const helpers = createHelpers({
      memory: this.#memory,
      maps: this.#maps,
      nowNs: () => this.#timestampNs,
      random32: () => Math.floor(Math.random() * 2 ** 32),
    });
    const values = object.maps.map(({ variables }, n) => {
      return variables === undefined ? undefined : firstValue(this.#maps[n]!);
    });
    values.forEach((at, n) => {
      const { initial } = object.maps[n]!;
      if (at !== undefined && initial !== undefined) this.#memory.bytes.set(initial, at);
    });
    verify(program, object.maps, helpers);
    this.#prepared = wasmJit.prepare(program.insns, {
      memory,
      stack: { offset: STACK, lengthBytes: STACK_BYTES },
      areas: [],
      helpers,
      budgetInsns: BUDGET_INSNS,
      resolve: (kind, imm, nextImm) => {
        if (kind === 'map_by_idx') return this.#maps[imm]?.at;
        const value = kind === 'map_val_by_idx' ? values[imm] : undefined;
        return value === undefined ? undefined : value + nextImm;
      },
    });
  }

  /** Whether the program keeps the packet. The bytes are copied. @throws TrapError */
  matches(packet: Uint8Array, facts: PacketFacts): boolean {
    const { view, bytes } = this.#memory;
    const kept = packet.length > MAX_PACKET_BYTES ? packet.subarray(0, MAX_PACKET_BYTES) : packet;
    bytes.set(kept, PACKET);
    this.#timestampNs = facts.timestampNs ?? 0n;
    view.setUint32(CONTEXT + packetContext.bufAddr, PACKET, true);
    view.setUint16(CONTEXT + packetContext.nbSegs, 1, true);
    view.setUint16(CONTEXT + packetContext.port, facts.port, true);
    view.setUint32(CONTEXT + packetContext.pktLen, facts.originalLength, true);
    view.setUint16(CONTEXT + packetContext.dataLen, Math.min(kept.length, 0xffff), true);
    view.setUint32(CONTEXT + packetContext.rss, facts.hash, true);
    view.setUint32(CONTEXT + packetContext.capturedLength, kept.length, true);
    return this.#prepared.run(CONTEXT, 0) !== 0;
  }

  /** What the maps and variables hold now, as text; empties ring buffers. */
  formatMaps(): string {
    return this.#maps.map((map, n) => formatMap(map, this.#memory, this.#objectMaps[n]!)).join('');
  }
}

function firstValue(map: BpfMap): number {
  let found = 0;
  if (!(map instanceof RingBufferMap)) {
    map.forEach((_, value) => {
      found = value;
    });
  }
  return found;
}

function verify(
  { name, insns }: LinkedProgram,
  maps: readonly ObjectMap[],
  helpers: ReturnType<typeof createHelpers>,
): void {
  const shapes = maps.map(({ spec }): MapShape => spec);
  const memories = maps.map(({ spec, variables }): MemoryShape | undefined => {
    if (variables === undefined) return undefined;
    const isWritable = (spec.flags & BPF_F_RDONLY_PROG) === 0;
    return { name: spec.name, lengthBytes: spec.valueBytes, isWritable };
  });
  const resolve = (kind: string, imm: number, nextImm: number): Address | undefined => {
    const map = shapes[imm];
    if (kind === 'map_by_idx' && map !== undefined) return { kind: 'map', map };
    const memory = kind === 'map_val_by_idx' ? memories[imm] : undefined;
    return memory && { kind: 'memory', memory, offset: nextImm };
  };
  try {
    verifyProgram(insns, wasmProfile(), { helpers, resolve });
  } catch (error) {
    if (!(error instanceof VerifierError)) throw error;
    throw new VerifierError(error.pc, `program ${name}: ${error.message}`, error.state);
  }
}
