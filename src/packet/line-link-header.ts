/** The link layer's header, which a packet's line leaves out: as `tcpdump -e` shows it, and how long it is. */
import { formatMac } from './address.ts';
import { ETHERTYPES, EthernetView, LARGEST_LENGTH } from './ethernet.ts';
import { LINK_TYPES } from './link-types.ts';
import { LinuxSll2View, LinuxSllView } from './linux-sll.ts';
import { NullLoopbackView } from './null-loopback.ts';
import { Part } from './part.ts';
import { isVlanType } from './vlan.ts';

const VLAN_TAG_BYTES = 4;

const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [ETHERTYPES.IPv4, 'IPv4'],
  [ETHERTYPES.IPv6, 'IPv6'],
  [ETHERTYPES.ARP, 'ARP'],
  [ETHERTYPES.RARP, 'Reverse ARP'],
  [ETHERTYPES.MPLS, 'MPLS unicast'],
  [ETHERTYPES.MPLSMulticast, 'MPLS multicast'],
  [ETHERTYPES.PPPoEDiscovery, 'PPPoE D'],
  [ETHERTYPES.PPPoESession, 'PPPoE S'],
  [0x8100, '802.1Q'],
  [0x88a8, '802.1Q-QinQ'],
]);

/**
 * `00:00:00:00:00:01 > 00:00:00:00:00:02, ethertype IPv4 (0x0800), length 60: `: the header that `formatPacketLine` leaves
 * out, to stand before its line. Empty for link types without addresses.
 */
export function formatLinkHeader(bytes: Uint8Array, originalLength: number, linkType: number): string {
  if (linkType !== LINK_TYPES.ETHERNET) return '';
  const ethernet = EthernetView.tryOf(Part.ofFrame(bytes, originalLength));
  if (ethernet === undefined) return '';
  const { etherType } = ethernet;
  const addresses = `${formatMac(ethernet.borrowSource())} > ${formatMac(ethernet.borrowDestination())}`;
  const type = etherType <= LARGEST_LENGTH ? '802.3' : `ethertype ${formatType(etherType)}`;
  return `${addresses}, ${type}, length ${originalLength}: `;
}

/** Bytes before what the link layer carries, VLAN tags with them; 0 for link types that are not known. */
export function linkHeaderLength(bytes: Uint8Array, linkType: number): number {
  switch (linkType) {
    case LINK_TYPES.ETHERNET: {
      let length = EthernetView.headerLength;
      const frame = Part.ofFrame(bytes, bytes.length);
      while (frame.has(length) && isVlanType(frame.u16(length - 2))) length += VLAN_TAG_BYTES;
      return length;
    }
    case LINK_TYPES.NULL:
    case LINK_TYPES.LOOP:
      return NullLoopbackView.headerLength;
    case LINK_TYPES.LINUX_SLL:
      return LinuxSllView.headerLength;
    case LINK_TYPES.LINUX_SLL2:
      return LinuxSll2View.headerLength;
    default:
      return 0;
  }
}

function formatType(etherType: number): string {
  return `${TYPE_NAMES.get(etherType) ?? 'Unknown'} (0x${etherType.toString(16).padStart(4, '0')})`;
}
