/**
 * An Ethernet frame as one line: VLAN tags as `tcpdump -e` shows them, then what the frame carries. The MAC addresses
 * are shown only when that is nothing known.
 */
import { formatMac } from './address.ts';
import { ETHERTYPES, EthernetView, LARGEST_LENGTH } from './ethernet.ts';
import { formatArp } from './line-arp.ts';
import { formatIpv4 } from './line-ipv4.ts';
import { formatIpv6 } from './line-ipv6.ts';
import { cutShort, type Nest } from './line-nest.ts';
import { LlcView } from './llc.ts';
import { MplsView } from './mpls.ts';
import type { Part } from './part.ts';
import { PPP_IPV4, PPP_IPV6, PppoeView } from './pppoe.ts';
import { isVlanType, VlanView } from './vlan.ts';

export function formatFrame(part: Part, nest: Nest): string {
  const ethernet = EthernetView.tryOf(part);
  if (ethernet === undefined) return cutShort('ether');
  return formatTagged(ethernet.etherType, ethernet.payload(), nest, (etherType, payload) => {
    if (etherType > LARGEST_LENGTH) return formatUnknown(ethernet, etherType, part.length);
    return formatSnap(payload.limit(etherType), nest) ?? formatUnknown(ethernet, etherType, part.length);
  });
}

/** Tags, and what follows the last of them; `unknown` says what is said of EtherTypes that are not taken apart. */
export function formatTagged(
  firstType: number,
  first: Part,
  nest: Nest,
  unknown: (etherType: number, payload: Part) => string,
): string {
  let etherType = firstType;
  let payload = first;
  let tags = '';
  while (isVlanType(etherType)) {
    const tag = VlanView.tryOf(payload);
    if (tag === undefined) return tags + cutShort('vlan');
    tags += `vlan ${tag.id}, p ${tag.priority}${tag.dropEligible ? ', DEI' : ''}, `;
    etherType = tag.etherType;
    payload = tag.payload();
  }
  return tags + (formatPayload(etherType, payload, nest) ?? unknown(etherType, payload));
}

/** What an 802.3 frame carries behind an EtherType of its own; undefined when there is none. */
function formatSnap(part: Part, nest: Nest): string | undefined {
  const llc = LlcView.tryOf(part);
  if (llc === undefined || llc.organization !== 0 || llc.protocol === undefined) return undefined;
  return formatPayload(llc.protocol, part.after(llc.headerLength), nest);
}

/** What follows an EtherType, VLAN tags aside; undefined when it is none that is taken apart here. */
export function formatPayload(etherType: number, part: Part, nest: Nest): string | undefined {
  switch (etherType) {
    case ETHERTYPES.IPv4:
      return formatIpv4(part, nest);
    case ETHERTYPES.IPv6:
      return formatIpv6(part, nest);
    case ETHERTYPES.ARP:
    case ETHERTYPES.RARP:
      return formatArp(part);
    case ETHERTYPES.MPLS:
    case ETHERTYPES.MPLSMulticast:
      return formatMpls(part, nest);
    case ETHERTYPES.PPPoEDiscovery:
    case ETHERTYPES.PPPoESession:
      return formatPppoe(part, nest);
    case ETHERTYPES.TransparentEthernet:
      return nest.frame(part);
    default:
      return undefined;
  }
}

function formatUnknown(ethernet: EthernetView, etherType: number, length: number): string {
  const addresses = `${formatMac(ethernet.borrowSource())} > ${formatMac(ethernet.borrowDestination())}`;
  if (etherType <= LARGEST_LENGTH) return `${addresses}, 802.3, length ${etherType}`;
  return `${addresses}, ethertype Unknown (${hex16(etherType)}), length ${length}:`;
}

/** The stack says nothing of what it carries: the first four bits after it tell IPv4 from IPv6. */
function formatMpls(part: Part, nest: Nest): string {
  let text = 'MPLS';
  for (let rest = part; ; ) {
    const entry = MplsView.tryOf(rest);
    if (entry === undefined) return text + cutShort('mpls');
    const bottom = entry.bottomOfStack ? ', [S]' : '';
    text += ` (label ${entry.label}, tc ${entry.trafficClass}${bottom}, ttl ${entry.ttl})`;
    rest = entry.payload();
    if (!entry.bottomOfStack) continue;
    if (!rest.has(1)) return text + cutShort('mpls');
    const version = rest.u8(0) >> 4;
    const etherType = version === 4 ? ETHERTYPES.IPv4 : version === 6 ? ETHERTYPES.IPv6 : undefined;
    const inner = etherType && nest.etherType(etherType, rest);
    return inner ? `${text} ${inner}` : text;
  }
}

const PPPOE_CODES: ReadonlyMap<number, string> = new Map([
  [0x00, ''],
  [0x07, 'PADO'],
  [0x09, 'PADI'],
  [0x19, 'PADR'],
  [0x65, 'PADS'],
  [0xa7, 'PADT'],
]);

function formatPppoe(part: Part, nest: Nest): string {
  const pppoe = PppoeView.tryOf(part);
  if (pppoe === undefined) return cutShort('pppoe');
  const code = PPPOE_CODES.get(pppoe.code) ?? `PAD-${pppoe.code.toString(16)}`;
  const session = pppoe.sessionId === 0 ? '' : ` [ses 0x${pppoe.sessionId.toString(16)}]`;
  const text = `PPPoE ${code}${session}`;
  const payload = pppoe.payload();
  if (pppoe.code !== 0) return text;
  if (!payload.has(2)) return text + cutShort('pppoe');
  const protocol = payload.u16(0);
  const etherType =
    protocol === PPP_IPV4 ? ETHERTYPES.IPv4 : protocol === PPP_IPV6 ? ETHERTYPES.IPv6 : undefined;
  const inner = etherType && nest.etherType(etherType, payload.after(2));
  return `${text} ${inner ?? `ppp-proto-${hex16(protocol)}`}`;
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}
