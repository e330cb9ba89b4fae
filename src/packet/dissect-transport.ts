/** What IP carries, and the tunnels in it. */

import { ipByVersion, protocolOfEtherType } from './dissect-ether.ts';
import type { Dissector, Walk } from './dissection-walk.ts';
import { GENEVE_PORT, GeneveView } from './geneve.ts';
import { GreView } from './gre.ts';
import { GTP_G_PDU, GTP_USER_PORT, GtpView } from './gtp.ts';
import { IcmpView } from './icmp.ts';
import type { ProtocolName } from './layer.ts';
import type { Part } from './part.ts';
import { SctpView } from './sctp.ts';
import { TcpView } from './tcp.ts';
import { UdpView } from './udp.ts';
import { VXLAN_PORT, VxlanView } from './vxlan.ts';

function dissectTcp(walk: Walk, part: Part): void {
  const headerLength = part.has(13) ? (part.u8(12) >> 4) * 4 : TcpView.minimumLength;
  if (headerLength < TcpView.minimumLength) walk.addMalformed('tcp', part, 13);
  else walk.addHeader('tcp', part, headerLength);
}

const BY_UDP_PORT: ReadonlyMap<number, ProtocolName> = new Map<number, ProtocolName>([
  [GTP_USER_PORT, 'gtp'],
  [VXLAN_PORT, 'vxlan'],
  [GENEVE_PORT, 'geneve'],
]);

/** Either port may tell the tunnel, as in tshark; the lower one first. */
function dissectUdp(walk: Walk, part: Part): void {
  const udp = UdpView.tryOf(part);
  if (udp === undefined) {
    walk.addHeader('udp', part, UdpView.headerLength);
    return;
  }
  const { length, sourcePort, destinationPort } = udp;
  if (length !== 0 && length < UdpView.headerLength) {
    walk.addMalformed('udp', part, UdpView.headerLength);
    return;
  }
  // 0 stands for what 16 bits cannot tell (RFC 2675, section 4).
  const whole = length === 0 ? part : part.limit(length);
  walk.addHeader('udp', whole, UdpView.headerLength);
  const lower = BY_UDP_PORT.get(Math.min(sourcePort, destinationPort));
  const tunnel = lower ?? BY_UDP_PORT.get(Math.max(sourcePort, destinationPort));
  walk.go(tunnel, whole.after(UdpView.headerLength));
}

function dissectSctp(walk: Walk, part: Part): void {
  walk.addHeader('sctp', part, SctpView.headerLength);
}

/** Unreachable, source quench, redirect, time exceeded, parameter problem: they quote the packet they are about. */
const ICMP_ERRORS: readonly number[] = [3, 4, 5, 11, 12];
const LAST_ICMPV6_ERROR = 4;

function dissectIcmp(walk: Walk, part: Part): void {
  if (!walk.addHeader('icmp', part, IcmpView.headerLength)) return;
  if (ICMP_ERRORS.includes(part.u8(0))) walk.go('ip', part.after(IcmpView.headerLength));
}

function dissectIcmpv6(walk: Walk, part: Part): void {
  if (!walk.addHeader('icmpv6', part, IcmpView.headerLength)) return;
  const type = part.u8(0);
  if (type >= 1 && type <= LAST_ICMPV6_ERROR) walk.go('ipv6', part.after(IcmpView.headerLength));
}

function dissectIgmp(walk: Walk, part: Part): void {
  walk.addHeader('igmp', part, 8);
}

/** Of PPTP (RFC 2637). */
const GRE_PPP = 0x880b;

function dissectGre(walk: Walk, part: Part): void {
  const headerLength = part.has(2) ? new GreView(part).headerLength : 4;
  if (!walk.addHeader('gre', part, headerLength)) return;
  const protocol = part.u16(2);
  walk.go(protocol === GRE_PPP ? 'ppp' : protocolOfEtherType(protocol), part.after(headerLength));
}

function dissectVxlan(walk: Walk, part: Part): void {
  if (walk.addHeader('vxlan', part, VxlanView.headerLength))
    walk.go('eth', part.after(VxlanView.headerLength));
}

function dissectGeneve(walk: Walk, part: Part): void {
  const headerLength = GeneveView.tryOf(part)?.headerLength ?? GeneveView.minimumLength;
  if (!walk.addHeader('geneve', part, headerLength)) return;
  walk.go(protocolOfEtherType(part.u16(2)), part.after(headerLength));
}

function dissectGtp(walk: Walk, part: Part): void {
  const gtp = GtpView.tryOf(part);
  // Other versions share the port, not the header.
  if (gtp !== undefined && (gtp.version !== 1 || !gtp.isGtp)) return;
  const headerLength = gtp?.tryHeaderLength();
  if (gtp === undefined || headerLength === undefined) {
    walk.add('gtp', part, GtpView.minimumLength, 'truncated');
    return;
  }
  walk.addHeader('gtp', part, headerLength);
  const payload = part.limit(GtpView.minimumLength + gtp.payloadLength).after(headerLength);
  if (gtp.messageType === GTP_G_PDU) walk.go(ipByVersion(payload), payload);
}

export const TRANSPORT_DISSECTORS: Readonly<Partial<Record<ProtocolName, Dissector>>> = {
  tcp: dissectTcp,
  udp: dissectUdp,
  sctp: dissectSctp,
  icmp: dissectIcmp,
  icmpv6: dissectIcmpv6,
  igmp: dissectIgmp,
  gre: dissectGre,
  vxlan: dissectVxlan,
  geneve: dissectGeneve,
  gtp: dissectGtp,
};
