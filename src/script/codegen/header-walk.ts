/**
 * The walk over a packet's headers (agent-packet.ts says which) as code at the start of a program. Registers: r0, r1 and
 * r4 for what is at hand, r2 the offset of the header, r3 the bytes that are there from it on, r5 those of the packet.
 */
import { opcodes as o, traceContext } from '../../bpf/index.ts';
import type { ProtocolName } from '../../packet/index.ts';
import type { Assembler, Label } from './assembler.ts';

const CONTEXT = 6;
const { packet: PACKET, packetBytes: PACKET_BYTES } = traceContext;

const VALUE = 0;
const AT_HAND = 1;
const OFFSET = 2;
const BYTES = 3;
const HEADER = 4;
const CAPTURED = 5;

export const ETHERNET_BYTES = 14;
const TAG_BYTES = 4;
const IPV6_BYTES = 40;
const MAX_EXTENSIONS = 2;

/** By the number in an IP header. */
export const transports = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
} as const;

/** What the walk can find; Ethernet is always there. */
export type Layer = 'vlan' | 'arp' | 'ip' | 'ipv6' | keyof typeof transports;

export function isTransport(layer: Layer | 'eth'): layer is keyof typeof transports {
  return layer in transports;
}

/** A protocol as a layer of the walk; undefined for those that it does not find. */
export function layersOf(protocol: ProtocolName): Layer | 'eth' | undefined {
  const isKnown = ['eth', 'vlan', 'arp', 'ip', 'ipv6'].includes(protocol) || protocol in transports;
  return isKnown ? (protocol as Layer | 'eth') : undefined;
}

/** A 16-bit number of the packet as a load on this machine gives it. */
const swapped = (value: number): number => ((value & 0xff) << 8) | (value >> 8);

export const IPV4: number = swapped(0x0800);
const IPV6 = swapped(0x86dd);
const ARPS: readonly number[] = [0x0806, 0x8035].map(swapped);
const TAGS: readonly number[] = [0x8100, 0x88a8, 0x9100, 0x9200].map(swapped);
/** Bits of a type's first byte that are the same in all of TAGS and in hardly anything else. */
const TAG_BITS = 0xe4;
const TAG_VALUE = 0x80;
/** Of the bytes that hold it; more fragments and other flags are beside it. */
export const FRAGMENT_OFFSET: number = swapped(0x1fff);
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const DESTINATION = 60;

export interface WalkOptions {
  readonly asm: Assembler;
  /** Where the walk ends; nothing is in a register there. */
  readonly done: Label;
  /** Bytes of the layer's header that have to be there, undefined for a layer that nobody asks for. */
  readonly leastOf: (layer: Layer) => number | undefined;
  /** The register holds the layer's offset. */
  readonly found: (layer: Layer, offset: number) => void;
  /** The register holds how many bytes of the transport header are there. */
  readonly transportFound: (bytes: number) => void;
}

export class HeaderWalk {
  readonly #options: WalkOptions;
  readonly #asm: Assembler;
  readonly #transports: readonly (keyof typeof transports)[];

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#asm = options.asm;
    this.#transports = (Object.keys(transports) as (keyof typeof transports)[]).filter((name) =>
      this.#asks(name),
    );
  }

  emit(): void {
    const asm = this.#asm;
    const [network, ipv4, transport] = [asm.label(), asm.label(), asm.label()];
    this.#ethernet(network, ipv4);
    asm.bind(network);
    this.#network(ipv4, transport);
    if (this.#transports.length === 0) return;
    asm.bind(transport);
    this.#transport();
  }

  #asks(layer: Layer): boolean {
    return this.#options.leastOf(layer) !== undefined;
  }

  #needsIpv4(): boolean {
    return this.#transports.length > 0 || this.#asks('ip');
  }

  #needsNetwork(): boolean {
    return this.#needsIpv4() || this.#asks('ipv6') || this.#asks('arp');
  }

  /**
   * Leaves the EtherType behind all tags in r1 and the offset behind it in r2. Of a packet that is too short for one it is any
   * number: the header behind it does not have the bytes that it takes.
   */
  #ethernet(network: Label, ipv4: Label): void {
    const asm = this.#asm;
    const { done } = this.#options;
    asm.load(2, AT_HAND, CONTEXT, PACKET + ETHERNET_BYTES - 2);
    asm.constant(OFFSET, BigInt(ETHERNET_BYTES));
    // The likely ones first.
    const next = this.#needsNetwork() ? network : done;
    if (this.#needsIpv4()) asm.jumpIf(o.BPF_JEQ, AT_HAND, IPV4, ipv4);
    const isOtherWanted = this.#transports.length > 0 || this.#asks('ipv6') || this.#asks('arp');
    const untagged = isOtherWanted ? next : done;
    for (let tag = 0; tag < 2; tag++) {
      if (tag === 1 && !this.#needsNetwork()) break;
      const isTag = asm.label();
      if (tag === 0) {
        // IPv6, ARP and most others are done with one comparison.
        asm.move(VALUE, AT_HAND);
        asm.alu(o.BPF_AND, VALUE, TAG_BITS);
        asm.jumpIf(o.BPF_JNE, VALUE, TAG_VALUE, untagged);
      }
      for (const type of TAGS) asm.jumpIf(o.BPF_JEQ, AT_HAND, type, isTag);
      asm.jump(tag === 0 ? untagged : next);
      asm.bind(isTag);
      const start = ETHERNET_BYTES + tag * TAG_BYTES;
      if (tag === 0) {
        asm.load(4, CAPTURED, CONTEXT, PACKET_BYTES);
        this.#found('vlan', CAPTURED, start);
      }
      asm.jumpIf(o.BPF_JLT, CAPTURED, start + TAG_BYTES, done);
      asm.load(2, AT_HAND, CONTEXT, PACKET + start + 2);
      asm.constant(OFFSET, BigInt(start + TAG_BYTES));
    }
    asm.jump(next);
  }

  /** Notes a layer that begins at r2 when `bytes`, signed, are those in front of it and its own; goes on in any case. */
  #found(layer: Layer, bytes: number, before: number, atLeast = 0): void {
    const asm = this.#asm;
    const asked = this.#options.leastOf(layer);
    if (asked === undefined) return;
    const least = Math.max(asked, atLeast);
    const tooShort = asm.label();
    asm.jumpIf(o.BPF_JSLT, bytes, before + least, tooShort);
    this.#options.found(layer, OFFSET);
    asm.bind(tooShort);
  }

  /** Header and bytes of what begins at r2. */
  #enter(): void {
    const asm = this.#asm;
    asm.move(HEADER, CONTEXT);
    asm.aluRegister(o.BPF_ADD, HEADER, OFFSET);
    asm.load(4, BYTES, CONTEXT, PACKET_BYTES);
    asm.aluRegister(o.BPF_SUB, BYTES, OFFSET);
  }

  #network(ipv4: Label, transport: Label): void {
    const asm = this.#asm;
    if (!this.#needsNetwork()) return;
    const { done } = this.#options;
    const needsTransport = this.#transports.length > 0;
    const [v6, arp] = [asm.label(), asm.label()];
    if (this.#needsIpv4()) asm.jumpIf(o.BPF_JEQ, AT_HAND, IPV4, ipv4);
    if (this.#asks('ipv6') || needsTransport) asm.jumpIf(o.BPF_JEQ, AT_HAND, IPV6, v6);
    if (this.#asks('arp')) for (const type of ARPS) asm.jumpIf(o.BPF_JEQ, AT_HAND, type, arp);
    asm.jump(done);
    asm.bind(ipv4);
    this.#enter();
    this.#ipv4();
    if (needsTransport) this.#behindIpv4();
    asm.jump(needsTransport ? transport : done);
    asm.bind(v6);
    this.#enter();
    this.#ipv6();
    if (needsTransport) this.#behindIpv6(transport);
    asm.jump(done);
    asm.bind(arp);
    this.#enter();
    this.#found('arp', BYTES, 0);
    asm.jump(done);
  }

  /** Leaves the header's first byte in r1. */
  #ipv4(): void {
    const asm = this.#asm;
    const { done } = this.#options;
    asm.load(1, AT_HAND, HEADER, PACKET);
    asm.jumpIf(o.BPF_JLT, AT_HAND, 0x45, done);
    asm.jumpIf(o.BPF_JGT, AT_HAND, 0x4f, done);
    this.#found('ip', BYTES, 0, 1);
  }

  /** The protocol in r0, the offset of what follows in r2 and its bytes in r3; ends where there is nothing. */
  #behindIpv4(): void {
    const asm = this.#asm;
    const { done } = this.#options;
    const whole = asm.label();
    asm.alu(o.BPF_AND, AT_HAND, 0xf);
    asm.alu(o.BPF_LSH, AT_HAND, 2);
    // The header's own length, at least 20; the bytes may be fewer than none.
    asm.jumpIfRegister(o.BPF_JSLT, BYTES, AT_HAND, done);
    // Fragments other than the first one.
    asm.load(2, VALUE, HEADER, PACKET + 6);
    asm.alu(o.BPF_AND, VALUE, FRAGMENT_OFFSET);
    asm.jumpIf(o.BPF_JNE, VALUE, 0, done);
    // The total length, where it is not 0 (segmentation offload), ends the packet.
    asm.load(2, VALUE, HEADER, PACKET + 2);
    asm.swap(VALUE, 16);
    asm.jumpIf(o.BPF_JEQ, VALUE, 0, whole);
    asm.jumpIfRegister(o.BPF_JLT, VALUE, AT_HAND, done);
    asm.jumpIfRegister(o.BPF_JGE, VALUE, BYTES, whole);
    asm.move(BYTES, VALUE);
    asm.bind(whole);
    asm.load(1, VALUE, HEADER, PACKET + 9);
    asm.aluRegister(o.BPF_SUB, BYTES, AT_HAND);
    asm.aluRegister(o.BPF_ADD, OFFSET, AT_HAND);
  }

  #ipv6(): void {
    const asm = this.#asm;
    const { done } = this.#options;
    asm.load(1, AT_HAND, HEADER, PACKET);
    asm.alu(o.BPF_RSH, AT_HAND, 4);
    asm.jumpIf(o.BPF_JNE, AT_HAND, 6, done);
    this.#found('ipv6', BYTES, 0, 1);
  }

  #behindIpv6(transport: Label): void {
    const asm = this.#asm;
    const { done } = this.#options;
    const whole = asm.label();
    asm.jumpIf(o.BPF_JSLT, BYTES, IPV6_BYTES, done);
    asm.alu(o.BPF_SUB, BYTES, IPV6_BYTES);
    asm.alu(o.BPF_ADD, OFFSET, IPV6_BYTES);
    asm.load(2, VALUE, HEADER, PACKET + 4);
    asm.swap(VALUE, 16);
    asm.jumpIf(o.BPF_JEQ, VALUE, 0, whole);
    asm.jumpIfRegister(o.BPF_JGE, VALUE, BYTES, whole);
    asm.move(BYTES, VALUE);
    asm.bind(whole);
    asm.load(1, VALUE, HEADER, PACKET + 6);
    for (let i = 0; i < MAX_EXTENSIONS; i++) this.#extension(i === 0, transport);
    asm.jump(transport);
  }

  /** One extension header: its next protocol in r0, what follows in r2 and r3. Another protocol goes to `transport`. */
  #extension(isFirst: boolean, transport: Label): void {
    const asm = this.#asm;
    const { done } = this.#options;
    const [options, fragment, next] = [asm.label(), asm.label(), asm.label()];
    asm.jumpIf(o.BPF_JEQ, VALUE, FRAGMENT, fragment);
    asm.jumpIf(o.BPF_JEQ, VALUE, DESTINATION, options);
    asm.jumpIf(o.BPF_JEQ, VALUE, ROUTING, options);
    if (isFirst) asm.jumpIf(o.BPF_JEQ, VALUE, HOP_BY_HOP, options);
    asm.jump(transport);
    asm.bind(fragment);
    this.#extensionHeader();
    asm.load(2, AT_HAND, HEADER, PACKET + 2);
    asm.alu(o.BPF_AND, AT_HAND, swapped(0xfff8));
    asm.jumpIf(o.BPF_JNE, AT_HAND, 0, done);
    asm.constant(AT_HAND, 8n);
    asm.jump(next);
    asm.bind(options);
    this.#extensionHeader();
    asm.load(1, AT_HAND, HEADER, PACKET + 1);
    asm.alu(o.BPF_ADD, AT_HAND, 1);
    asm.alu(o.BPF_LSH, AT_HAND, 3);
    asm.jumpIfRegister(o.BPF_JLT, BYTES, AT_HAND, done);
    asm.bind(next);
    asm.load(1, VALUE, HEADER, PACKET);
    asm.aluRegister(o.BPF_SUB, BYTES, AT_HAND);
    asm.aluRegister(o.BPF_ADD, OFFSET, AT_HAND);
    // It is inside of the packet, so this changes nothing but what is known of it.
    asm.alu(o.BPF_AND, OFFSET, 0xff);
  }

  /** The address of the header in r4, when its first 8 bytes are there. */
  #extensionHeader(): void {
    const asm = this.#asm;
    asm.jumpIf(o.BPF_JLT, BYTES, 8, this.#options.done);
    asm.move(HEADER, CONTEXT);
    asm.aluRegister(o.BPF_ADD, HEADER, OFFSET);
  }

  #transport(): void {
    const asm = this.#asm;
    const { done, leastOf, found, transportFound } = this.#options;
    for (const name of this.#transports) {
      const other = asm.label();
      asm.jumpIf(o.BPF_JNE, VALUE, transports[name], other);
      const least = leastOf(name)!;
      if (least > 0) asm.jumpIf(o.BPF_JLT, BYTES, least, done);
      found(name, OFFSET);
      transportFound(BYTES);
      asm.jump(done);
      asm.bind(other);
    }
    asm.jump(done);
  }
}
