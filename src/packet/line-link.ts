/** The link layer in a line: what stands before the network layer, by link type, and its header as tcpdump -e shows it. */
import { formatMac } from './address.ts';
import { ETHERTYPES, EthernetView, LARGEST_LENGTH } from './ethernet.ts';
import { formatFrame, formatPayload } from './line-frame.ts';
import { cutShort, type Nest } from './line-nest.ts';
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

/** The packet after a header of its link type; of a link type that is not known only that. */
export function formatLink(linkType: number, part: Part, nest: Nest): string {
  switch (linkType) {
    case LINK_TYPES.ETHERNET:
      return formatFrame(part, nest);
    case LINK_TYPES.RAW_BSD:
    case LINK_TYPES.RAW_OPENBSD:
    case LINK_TYPES.RAW:
    case LINK_TYPES.IPV4:
    case LINK_TYPES.IPV6:
      return part.has(1) ? formatIp(part.u8(0) >> 4, part, nest) : cutShort('ip');
    case LINK_TYPES.NULL:
    case LINK_TYPES.LOOP: {
      const loopback = NullLoopbackView.tryOf(part);
      if (loopback === undefined) return cutShort('null');
      return formatIp(loopback.ipVersion, loopback.payload(), nest);
    }
    case LINK_TYPES.LINUX_SLL:
    case LINK_TYPES.LINUX_SLL2: {
      const cooked = (linkType === LINK_TYPES.LINUX_SLL ? LinuxSllView : LinuxSll2View).tryOf(part);
      if (cooked === undefined) return cutShort('linux-sll');
      const { protocol } = cooked;
      return formatPayload(protocol, cooked.payload(), nest) ?? formatUnknown(protocol, part.length);
    }
    default:
      return `link type ${linkType}, length ${part.length}`;
  }
}

function formatIp(version: number | undefined, part: Part, nest: Nest): string {
  const etherType = version === 4 ? ETHERTYPES.IPv4 : version === 6 ? ETHERTYPES.IPv6 : undefined;
  return (
    (etherType && formatPayload(etherType, part, nest)) ?? `unknown network layer, length ${part.length}`
  );
}

function formatUnknown(etherType: number, length: number): string {
  return `ethertype ${formatType(etherType)}, length ${length}`;
}

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
