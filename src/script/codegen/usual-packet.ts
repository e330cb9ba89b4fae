/**
 * The test whether a packet is a usual one: untagged, IPv4 without options, no fragment where its transport header is asked
 * for, and long enough for all that the program asks for. Its headers then have constant places, and a program that begins with
 * this test needs no walk for it (header-walk.ts), which takes the greater part of the time of a short one.
 */
import { opcodes as o, traceContext } from '../../bpf/index.ts';
import type { Assembler, Label } from './assembler.ts';
import { ETHERNET_BYTES, FRAGMENT_OFFSET, IPV4 } from './header-walk.ts';

const CONTEXT = 6;
const VALUE = 0;
const { packet: PACKET, packetBytes: PACKET_BYTES } = traceContext;

const IP = ETHERNET_BYTES;
const IP_BYTES = 20;
/** Version 4, a header of five words. */
const NO_OPTIONS = 0x45;

/** Where its headers begin. */
export const usualOffset: { readonly ip: number; readonly transport: number } = {
  ip: IP,
  transport: IP + IP_BYTES,
};

export interface UsualNeeds {
  /** Bytes of the IP header that have to be there; all of them are below a transport header. */
  readonly ip: number;
  /** Bytes of any transport header that have to be there; undefined when none is asked for. */
  readonly transport: number | undefined;
}

/** Goes on with a usual packet, to `other` with every other. Uses r0; the context is in r6. */
export function emitUsualTest(asm: Assembler, needs: UsualNeeds, other: Label): void {
  const { transport } = needs;
  const bytes = transport === undefined ? needs.ip : IP_BYTES + transport;
  // The EtherType and the header's first byte at once.
  asm.load(4, VALUE, CONTEXT, PACKET + IP - 2);
  asm.alu(o.BPF_AND, VALUE, 0xff_ffff);
  asm.jumpIf(o.BPF_JNE, VALUE, IPV4 | (NO_OPTIONS << 16), other);
  asm.load(4, VALUE, CONTEXT, PACKET_BYTES);
  asm.jumpIf(o.BPF_JLT, VALUE, IP + bytes, other);
  if (transport === undefined) return;
  asm.load(2, VALUE, CONTEXT, PACKET + IP + 6);
  asm.alu(o.BPF_AND, VALUE, FRAGMENT_OFFSET);
  asm.jumpIf(o.BPF_JNE, VALUE, 0, other);
  // The total length; 0 (segmentation offload) is left to the walk.
  asm.load(2, VALUE, CONTEXT, PACKET + IP + 2);
  asm.swap(VALUE, 16);
  asm.jumpIf(o.BPF_JLT, VALUE, bytes, other);
}

/** Jumps unless the usual packet's protocol is that one. Uses r0. */
export function emitUsualProtocolTest(asm: Assembler, protocol: number, other: Label): void {
  asm.load(1, VALUE, CONTEXT, PACKET + IP + 9);
  asm.jumpIf(o.BPF_JNE, VALUE, protocol, other);
}
