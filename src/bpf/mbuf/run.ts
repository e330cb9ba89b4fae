/**
 * Programs of the profile `dpdk` for packets that lie in JavaScript's memory: compiled to WebAssembly, with the packet
 * and its context put where a program can see them. They need no budget: the profile has no jumps backwards.
 *
 * A division by 0 gives what RFC 9669 says; librte_bpf's engines end the program and reject. Compiled filters look at the
 * divisor first.
 */
import { createMemory, PAGE_BYTES, type WasmMemory } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { type Environment, FRAME_BYTES, packetContext } from '../vm/engine.ts';
import { wasmJit } from '../vm/wasm-jit/wasm-jit.ts';
import { checkMbufProgram } from './check.ts';

/** A packet as a program sees it: what would be in an mbuf. Borrowed for the call. */
export interface MbufContext {
  /**
   * The bytes in memory, without tags that were stripped or shall be inserted; they may be fewer than `pktLen`. Loads see
   * the first 262,144, what libpcap takes for the longest packet.
   */
  frame: Uint8Array;
  /** The length of the whole packet in memory. */
  pktLen: number;
  /** The lower and upper half of ol_flags. */
  olFlagsLow: number;
  olFlagsHigh: number;
  /** Host byte order, as all fields below. */
  vlanTci: number;
  vlanTciOuter: number;
  port: number;
  nbSegs: number;
  packetType: number;
  rss: number;
  fdirHi: number;
}

/** The verdict on one packet: r0 at exit, without its upper half when the lower one is not 0. 0 rejects. */
export type MbufRunner = (context: MbufContext) => number;

const CONTEXT = 64;
const STACK = 1024;
const PACKET = 4096;
const LONGEST_PACKET = 262_144;

/** Checks the program (throws VerifierError) and makes it ready to run on any number of packets. */
export function prepareMbufProgram(program: EbpfProgram): MbufRunner {
  checkMbufProgram(program);
  const place = PacketPlace.shared();
  const prepared = wasmJit.prepare(program, place.environment);
  return (context) => {
    place.put(context);
    const verdict = prepared.run(CONTEXT, 0);
    return verdict === 0 ? Number(prepared.result) : verdict;
  };
}

/** Where the packet at hand lies. One is enough for all programs: they run one after another. */
class PacketPlace {
  static #shared: PacketPlace | undefined;

  readonly environment: Environment;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(memory: WasmMemory) {
    this.#bytes = new Uint8Array(memory.buffer);
    this.#view = new DataView(memory.buffer);
    this.environment = {
      memory,
      stack: { offset: STACK, lengthBytes: FRAME_BYTES },
      areas: [
        { name: 'context', offset: CONTEXT, lengthBytes: packetContext.sizeBytes, isWritable: false },
        { name: 'packet', offset: PACKET, lengthBytes: LONGEST_PACKET, isWritable: false },
      ],
      helpers: new Map(),
      budgetInsns: Number.MAX_SAFE_INTEGER,
    };
  }

  static shared(): PacketPlace {
    PacketPlace.#shared ??= new PacketPlace(createMemory(Math.ceil((PACKET + LONGEST_PACKET) / PAGE_BYTES)));
    return PacketPlace.#shared;
  }

  put(context: MbufContext): void {
    const { frame } = context;
    const view = this.#view;
    const captured = Math.min(frame.length, LONGEST_PACKET);
    this.#bytes.set(captured < frame.length ? frame.subarray(0, captured) : frame, PACKET);
    view.setUint32(CONTEXT + packetContext.bufAddr, PACKET, true);
    view.setUint16(CONTEXT + packetContext.nbSegs, context.nbSegs, true);
    view.setUint16(CONTEXT + packetContext.port, context.port, true);
    view.setInt32(CONTEXT + packetContext.olFlags, context.olFlagsLow, true);
    view.setInt32(CONTEXT + packetContext.olFlags + 4, context.olFlagsHigh, true);
    view.setUint32(CONTEXT + packetContext.packetType, context.packetType, true);
    view.setUint32(CONTEXT + packetContext.pktLen, context.pktLen, true);
    view.setUint16(CONTEXT + packetContext.dataLen, Math.min(frame.length, 0xffff), true);
    view.setUint16(CONTEXT + packetContext.vlanTci, context.vlanTci, true);
    view.setUint32(CONTEXT + packetContext.rss, context.rss, true);
    view.setUint32(CONTEXT + packetContext.fdirHi, context.fdirHi, true);
    view.setUint16(CONTEXT + packetContext.vlanTciOuter, context.vlanTciOuter, true);
    view.setUint32(CONTEXT + packetContext.capturedLength, captured, true);
  }
}
