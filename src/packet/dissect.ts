/**
 * A packet taken apart: from its link type inwards, one layer after the other, up to the protocols that applications
 * speak. Tunnels are opened; packets that ICMP errors quote are layers too. Nothing is reassembled: of a fragment
 * that is not the first, only the headers before its payload are layers. Never throws, whatever the bytes; where they
 * end too early the last layer says so.
 */
import { ETHER_DISSECTORS } from './dissect-ether.ts';
import { IP_DISSECTORS } from './dissect-ip.ts';
import { TRANSPORT_DISSECTORS } from './dissect-transport.ts';
import { type Dissector, Walk } from './dissection-walk.ts';
import type { Layer, ProtocolName } from './layer.ts';
import { LINK_TYPES } from './link-types.ts';
import { Part } from './part.ts';

/** What is known of a packet besides its bytes: from the capture file. */
export interface PacketOrigin {
  /** Counted from 1. */
  readonly number?: number;
  /** Nanoseconds since 1970. */
  readonly timestampNs?: bigint | undefined;
  readonly interfaceId?: number;
  readonly interfaceName?: string | undefined;
  readonly comment?: string | undefined;
}

export interface Packet {
  /** The captured bytes, borrowed: as long as the packet is used, they must not change. */
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  readonly origin: PacketOrigin;
  /** Outermost first; empty when the link type is none of LINK_TYPES. */
  readonly layers: readonly Layer[];
}

/** A hostile packet can hold thousands of headers: what follows this many is not looked at. */
const MOST_LAYERS = 64;

const DISSECTORS: Readonly<Partial<Record<ProtocolName, Dissector>>> = {
  ...ETHER_DISSECTORS,
  ...IP_DISSECTORS,
  ...TRANSPORT_DISSECTORS,
};

const FIRST_PROTOCOLS: ReadonlyMap<number, ProtocolName> = new Map<number, ProtocolName>([
  [LINK_TYPES.NULL, 'null'],
  [LINK_TYPES.ETHERNET, 'eth'],
  [LINK_TYPES.RAW_BSD, 'raw'],
  [LINK_TYPES.RAW_OPENBSD, 'raw'],
  [LINK_TYPES.RAW, 'raw'],
  [LINK_TYPES.LOOP, 'null'],
  [LINK_TYPES.LINUX_SLL, 'sll'],
  [LINK_TYPES.IPV4, 'ip'],
  [LINK_TYPES.IPV6, 'ipv6'],
  [LINK_TYPES.LINUX_SLL2, 'sll2'],
]);

/**
 * @param bytes the captured bytes, from the link layer's header
 * @param originalLength bytes on the wire
 * @param linkType LINKTYPE_ value; 1 is Ethernet
 */
export function dissect(
  bytes: Uint8Array,
  originalLength: number,
  linkType: number,
  origin: PacketOrigin = {},
): Packet {
  const walk = new Walk(FIRST_PROTOCOLS.get(linkType), Part.ofFrame(bytes, originalLength));
  while (walk.next !== undefined && walk.layers.length < MOST_LAYERS) {
    const dissector = DISSECTORS[walk.next];
    walk.next = undefined;
    dissector?.(walk, walk.part);
  }
  return { bytes, originalLength, origin, layers: walk.layers };
}
