/** What stands below IP: link layers, tags, labels and PPP; and which protocol an EtherType means. */
import { ArpView } from './arp.ts';
import type { Dissector, Walk } from './dissection-walk.ts';
import { ETHERTYPES, EthernetView, LARGEST_LENGTH } from './ethernet.ts';
import type { ProtocolName } from './layer.ts';
import { LinuxSll2View, LinuxSllView } from './linux-sll.ts';
import { LlcView } from './llc.ts';
import { MplsView } from './mpls.ts';
import { NullLoopbackView } from './null-loopback.ts';
import type { Part } from './part.ts';
import { PPP_IPV4, PPP_IPV6, PppoeView } from './pppoe.ts';
import { VlanView } from './vlan.ts';

const BY_ETHERTYPE: ReadonlyMap<number, ProtocolName> = new Map<number, ProtocolName>([
  [ETHERTYPES.IPv4, 'ip'],
  [ETHERTYPES.IPv6, 'ipv6'],
  [ETHERTYPES.ARP, 'arp'],
  [ETHERTYPES.RARP, 'arp'],
  [ETHERTYPES.VLAN, 'vlan'],
  [ETHERTYPES.QinQ, 'vlan'],
  [ETHERTYPES.QinQ9100, 'vlan'],
  [ETHERTYPES.QinQ9200, 'vlan'],
  [ETHERTYPES.MPLS, 'mpls'],
  [ETHERTYPES.MPLSMulticast, 'mpls'],
  [ETHERTYPES.PPPoEDiscovery, 'pppoed'],
  [ETHERTYPES.PPPoESession, 'pppoes'],
  [ETHERTYPES.TransparentEthernet, 'eth'],
]);

/** The protocol that follows an EtherType; undefined for those that are not taken apart. */
export function protocolOfEtherType(etherType: number): ProtocolName | undefined {
  return BY_ETHERTYPE.get(etherType);
}

/** The version of IP that a packet's first four bits tell. */
export function ipByVersion(part: Part): ProtocolName | undefined {
  const version = part.has(1) ? part.u8(0) >> 4 : 0;
  return version === 4 ? 'ip' : version === 6 ? 'ipv6' : undefined;
}

/** After a type field that is a length in 802.3 frames. */
function goTypeOrLength(walk: Walk, typeOrLength: number, payload: Part): void {
  if (typeOrLength > LARGEST_LENGTH) walk.go(BY_ETHERTYPE.get(typeOrLength), payload);
  else walk.go('llc', payload.limit(typeOrLength));
}

function dissectEthernet(walk: Walk, part: Part): void {
  if (!walk.addHeader('eth', part, EthernetView.headerLength)) return;
  goTypeOrLength(walk, part.u16(12), part.after(EthernetView.headerLength));
}

function dissectVlan(walk: Walk, part: Part): void {
  if (!walk.addHeader('vlan', part, 4)) return;
  const tag = new VlanView(part);
  goTypeOrLength(walk, tag.etherType, tag.payload());
}

function dissectLlc(walk: Walk, part: Part): void {
  const llc = LlcView.tryOf(part);
  if (!walk.addHeader('llc', part, llc?.headerLength ?? 3) || llc === undefined) return;
  if (llc.organization === 0) walk.go(BY_ETHERTYPE.get(llc.protocol!), part.after(llc.headerLength));
}

/** Below the last label nothing says what follows: the first four bits tell IPv4 from IPv6. */
function dissectMpls(walk: Walk, part: Part): void {
  if (!walk.addHeader('mpls', part, 4)) return;
  const entry = new MplsView(part);
  const payload = entry.payload();
  walk.go(entry.bottomOfStack ? ipByVersion(payload) : 'mpls', payload);
}

function dissectPppoeDiscovery(walk: Walk, part: Part): void {
  walk.addHeader('pppoed', part, PppoeView.headerLength);
}

function dissectPppoeSession(walk: Walk, part: Part): void {
  if (!walk.addHeader('pppoes', part, PppoeView.headerLength)) return;
  walk.go('ppp', new PppoeView(part).payload());
}

const BY_PPP_PROTOCOL: ReadonlyMap<number, ProtocolName> = new Map<number, ProtocolName>([
  [PPP_IPV4, 'ip'],
  [PPP_IPV6, 'ipv6'],
]);

/** The protocol number has one byte when its lowest bit says so (RFC 1661, 6.5), else two. */
function dissectPpp(walk: Walk, part: Part): void {
  const isShort = part.has(1) && (part.u8(0) & 1) === 1;
  const headerLength = isShort ? 1 : 2;
  if (!walk.addHeader('ppp', part, headerLength)) return;
  walk.go(BY_PPP_PROTOCOL.get(isShort ? part.u8(0) : part.u16(0)), part.after(headerLength));
}

function dissectArp(walk: Walk, part: Part): void {
  walk.addHeader('arp', part, part.has(8) ? new ArpView(part).length : 8);
}

function dissectNull(walk: Walk, part: Part): void {
  if (!walk.addHeader('null', part, NullLoopbackView.headerLength)) return;
  const loopback = new NullLoopbackView(part);
  const version = loopback.ipVersion;
  walk.go(version === 4 ? 'ip' : version === 6 ? 'ipv6' : undefined, loopback.payload());
}

function dissectRaw(walk: Walk, part: Part): void {
  walk.add('raw', part, 0);
  walk.go(ipByVersion(part), part);
}

function dissectSll(walk: Walk, part: Part): void {
  if (!walk.addHeader('sll', part, LinuxSllView.headerLength)) return;
  const sll = new LinuxSllView(part);
  walk.go(BY_ETHERTYPE.get(sll.protocol), sll.payload());
}

function dissectSll2(walk: Walk, part: Part): void {
  if (!walk.addHeader('sll2', part, LinuxSll2View.headerLength)) return;
  const sll = new LinuxSll2View(part);
  walk.go(BY_ETHERTYPE.get(sll.protocol), sll.payload());
}

export const ETHER_DISSECTORS: Readonly<Partial<Record<ProtocolName, Dissector>>> = {
  eth: dissectEthernet,
  vlan: dissectVlan,
  llc: dissectLlc,
  mpls: dissectMpls,
  pppoed: dissectPppoeDiscovery,
  pppoes: dissectPppoeSession,
  ppp: dissectPpp,
  arp: dissectArp,
  null: dissectNull,
  raw: dissectRaw,
  sll: dissectSll,
  sll2: dissectSll2,
};
