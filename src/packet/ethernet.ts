/** Ethernet II and 802.3 frames (IEEE 802.3, clause 3), without preamble and frame check sequence. */
import { type Part, View } from './part.ts';

/** The EtherTypes that are taken apart here (IEEE 802 numbers). */
export const ETHERTYPES = {
  IPv4: 0x0800,
  ARP: 0x0806,
  RARP: 0x8035,
  VLAN: 0x8100,
  IPv6: 0x86dd,
  MPLS: 0x8847,
  MPLSMulticast: 0x8848,
  PPPoEDiscovery: 0x8863,
  PPPoESession: 0x8864,
  QinQ: 0x88a8,
  QinQ9100: 0x9100,
  QinQ9200: 0x9200,
  TransparentEthernet: 0x6558,
} as const;

/** The largest value that is a length (802.3) and not an EtherType. */
export const LARGEST_LENGTH = 1500;

export class EthernetView extends View {
  static readonly headerLength = 14;

  static tryOf(part: Part): EthernetView | undefined {
    return part.has(EthernetView.headerLength) ? new EthernetView(part) : undefined;
  }

  borrowDestination(): Uint8Array {
    return this.part.borrow(0, 6);
  }

  borrowSource(): Uint8Array {
    return this.part.borrow(6, 6);
  }

  /** An EtherType, or a length up to 1500 in an 802.3 frame. */
  get etherType(): number {
    return this.part.u16(12);
  }

  payload(): Part {
    return this.part.after(EthernetView.headerLength);
  }
}
