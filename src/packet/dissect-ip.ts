/** IPv4, IPv6 and the headers that may stand between them and a transport protocol. */
import type { Dissector, Walk } from './dissection-walk.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { AhView, EspView } from './ipsec.ts';
import { Ipv4View } from './ipv4.ts';
import { Ipv6FragmentView, Ipv6View } from './ipv6.ts';
import type { ProtocolName } from './layer.ts';
import type { Part } from './part.ts';

/** What follows an IP header or an extension header. Hop-by-hop options stand first or not at all. */
function goProtocol(walk: Walk, protocol: number, part: Part): void {
  const isMisplaced = protocol === IP_PROTOCOLS.HopByHop && walk.layers.at(-1)?.protocol !== 'ipv6';
  walk.go(isMisplaced ? undefined : BY_IP_PROTOCOL.get(protocol), part);
}

const BY_IP_PROTOCOL: ReadonlyMap<number, ProtocolName> = new Map<number, ProtocolName>([
  [IP_PROTOCOLS.HopByHop, 'ipv6.hopopts'],
  [IP_PROTOCOLS.ICMP, 'icmp'],
  [IP_PROTOCOLS.IGMP, 'igmp'],
  [IP_PROTOCOLS.IPv4, 'ip'],
  [IP_PROTOCOLS.TCP, 'tcp'],
  [IP_PROTOCOLS.UDP, 'udp'],
  [IP_PROTOCOLS.IPv6, 'ipv6'],
  [IP_PROTOCOLS.Routing, 'ipv6.routing'],
  [IP_PROTOCOLS.Fragment, 'ipv6.fraghdr'],
  [IP_PROTOCOLS.GRE, 'gre'],
  [IP_PROTOCOLS.ESP, 'esp'],
  [IP_PROTOCOLS.AH, 'ah'],
  [IP_PROTOCOLS.ICMPv6, 'icmpv6'],
  [IP_PROTOCOLS.DestinationOptions, 'ipv6.dstopts'],
  [IP_PROTOCOLS.SCTP, 'sctp'],
]);

function dissectIpv4(walk: Walk, part: Part): void {
  const isVersion4 = !part.has(1) || part.u8(0) >> 4 === 4;
  const headerLength = part.has(1) ? (part.u8(0) & 0xf) * 4 : Ipv4View.minimumLength;
  if (!isVersion4 || headerLength < Ipv4View.minimumLength) {
    walk.addMalformed('ip', part, 1);
    if (part.u8(0) >> 4 === 6) walk.go('ipv6', part);
    return;
  }
  const ip = Ipv4View.tryOf(part);
  if (ip === undefined) {
    walk.addHeader('ip', part, headerLength);
    return;
  }
  const { totalLength } = ip;
  if (totalLength !== 0 && totalLength < headerLength) {
    walk.addMalformed('ip', part, headerLength);
    return;
  }
  // 0 stands for a length that the adapter was to fill in (segmentation offload), and for what 16 bits cannot tell.
  const whole = totalLength === 0 ? part : part.limit(totalLength);
  if (!walk.addHeader('ip', whole, headerLength)) return;
  if (ip.fragmentOffset === 0) goProtocol(walk, ip.protocol, whole.after(headerLength));
}

function dissectIpv6(walk: Walk, part: Part): void {
  if (part.has(1) && part.u8(0) >> 4 !== 6) {
    walk.addMalformed('ipv6', part, 1);
    return;
  }
  if (!walk.addHeader('ipv6', part, Ipv6View.headerLength)) return;
  const ip = new Ipv6View(part);
  const rest = part.after(Ipv6View.headerLength);
  // 0 stands for a jumbo payload, or segmentation offload.
  goProtocol(walk, ip.nextHeader, ip.payloadLength === 0 ? rest : rest.limit(ip.payloadLength));
}

function dissectExtension(protocol: ProtocolName): Dissector {
  return (walk, part) => {
    const headerLength = part.has(2) ? (part.u8(1) + 1) * 8 : 8;
    if (walk.addHeader(protocol, part, headerLength)) {
      goProtocol(walk, part.u8(0), part.after(headerLength));
    }
  };
}

function dissectFragment(walk: Walk, part: Part): void {
  if (!walk.addHeader('ipv6.fraghdr', part, 8)) return;
  const fragment = new Ipv6FragmentView(part);
  if (fragment.fragmentOffset === 0) goProtocol(walk, fragment.nextHeader, fragment.payload());
}

function dissectAh(walk: Walk, part: Part): void {
  const headerLength = AhView.tryOf(part)?.headerLength ?? AhView.minimumLength;
  if (headerLength < AhView.minimumLength) walk.addMalformed('ah', part, 2);
  else if (walk.addHeader('ah', part, headerLength)) {
    goProtocol(walk, part.u8(0), part.after(headerLength));
  }
}

/** What follows is encrypted. */
function dissectEsp(walk: Walk, part: Part): void {
  walk.addHeader('esp', part, EspView.headerLength);
}

export const IP_DISSECTORS: Readonly<Partial<Record<ProtocolName, Dissector>>> = {
  ip: dissectIpv4,
  ipv6: dissectIpv6,
  'ipv6.hopopts': dissectExtension('ipv6.hopopts'),
  'ipv6.routing': dissectExtension('ipv6.routing'),
  'ipv6.dstopts': dissectExtension('ipv6.dstopts'),
  'ipv6.fraghdr': dissectFragment,
  ah: dissectAh,
  esp: dissectEsp,
};
