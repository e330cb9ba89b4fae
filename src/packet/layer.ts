/**
 * A layer of a packet: one protocol's header and what it carries, as a part of the frame. Layers stand in the order
 * of the bytes, outermost first. They are made by `dissect`; fields are read from them by the field table.
 */
import { Part } from './part.ts';

/**
 * The names that Wireshark gives the protocols which are taken apart here; `sll2`, the second form of Linux cooked
 * captures, is `sll` there.
 */
export type ProtocolName =
  | 'frame'
  | 'eth'
  | 'null'
  | 'sll'
  | 'sll2'
  | 'raw'
  | 'vlan'
  | 'llc'
  | 'mpls'
  | 'pppoed'
  | 'pppoes'
  | 'ppp'
  | 'arp'
  | 'ip'
  | 'ipv6'
  | 'ipv6.hopopts'
  | 'ipv6.routing'
  | 'ipv6.fraghdr'
  | 'ipv6.dstopts'
  | 'ah'
  | 'esp'
  | 'icmp'
  | 'icmpv6'
  | 'igmp'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'gre'
  | 'vxlan'
  | 'geneve'
  | 'gtp';

/**
 * Why a layer is not whole: 'truncated' when the captured bytes end inside its header, 'malformed' when its own
 * numbers cannot be true (a header shorter than its fixed fields, longer than the packet, of another version).
 */
export type LayerFault = 'truncated' | 'malformed';

export class Layer extends Part {
  readonly protocol: ProtocolName;
  /** Of the header in bytes, options included; what it should be when the header is not whole. */
  readonly headerLength: number;
  readonly fault: LayerFault | undefined;

  /** `part` begins with the protocol's header, and fields are read from no byte behind its end. */
  constructor(protocol: ProtocolName, part: Part, headerLength: number, fault: LayerFault | undefined) {
    super(part.bytes, part.start, part.end, part.length);
    this.protocol = protocol;
    this.headerLength = headerLength;
    this.fault = fault;
  }

  /** What follows the header. */
  payload(): Part {
    return this.after(this.headerLength);
  }
}
