/**
 * Packets as one line from their link layer on. Link layers that say no more than which version of IP follows
 * are not shown; of a cooked capture's second form the direction is.
 */
import { ETHERTYPES } from './ethernet.ts';
import { formatFrame, formatTagged } from './line-frame.ts';
import { cutShort, type Nest } from './line-nest.ts';
import { LINK_TYPES } from './link-types.ts';
import { LinuxSll2View, LinuxSllView } from './linux-sll.ts';
import { NullLoopbackView } from './null-loopback.ts';
import type { Part } from './part.ts';

export function formatLink(linkType: number, part: Part, nest: Nest): string {
  switch (linkType) {
    case LINK_TYPES.ETHERNET:
      return formatFrame(part, nest);
    case LINK_TYPES.NULL:
    case LINK_TYPES.LOOP:
      return formatLoopback(part, nest);
    case LINK_TYPES.RAW:
    case LINK_TYPES.RAW_BSD:
    case LINK_TYPES.RAW_OPENBSD:
    case LINK_TYPES.IPV4:
    case LINK_TYPES.IPV6:
      return formatIp(part, nest);
    case LINK_TYPES.LINUX_SLL:
      return formatSll(part, nest);
    case LINK_TYPES.LINUX_SLL2:
      return formatSll2(part, nest);
    default:
      return `link type ${linkType}, length ${part.length}`;
  }
}

function formatIp(part: Part, nest: Nest): string {
  if (!part.has(1)) return cutShort('ip');
  const version = part.u8(0) >> 4;
  const etherType = version === 4 ? ETHERTYPES.IPv4 : version === 6 ? ETHERTYPES.IPv6 : undefined;
  const text = etherType && nest.etherType(etherType, part);
  return text ?? `unknown ip ${version}`;
}

function formatLoopback(part: Part, nest: Nest): string {
  const loopback = NullLoopbackView.tryOf(part);
  if (loopback === undefined) return cutShort('null');
  const { ipVersion } = loopback;
  if (ipVersion === undefined) return `AF Unknown (${loopback.family}), length ${loopback.payload().length}:`;
  return nest.etherType(ipVersion === 4 ? ETHERTYPES.IPv4 : ETHERTYPES.IPv6, loopback.payload()) ?? '';
}

function formatSll(part: Part, nest: Nest): string {
  const sll = LinuxSllView.tryOf(part);
  if (sll === undefined) return cutShort('sll');
  return formatTagged(sll.protocol, sll.payload(), nest, unknownProtocol);
}

/** As tcpdump calls them; its column has three characters. */
const DIRECTIONS: readonly string[] = ['In ', 'B  ', 'M  ', 'P  ', 'Out'];

function formatSll2(part: Part, nest: Nest): string {
  const sll = LinuxSll2View.tryOf(part);
  if (sll === undefined) return cutShort('sll2');
  const direction = DIRECTIONS[sll.packetType] ?? '?  ';
  return `${direction} ${formatTagged(sll.protocol, sll.payload(), nest, unknownProtocol)}`;
}

function unknownProtocol(etherType: number, payload: Part): string {
  return `ethertype Unknown (0x${etherType.toString(16).padStart(4, '0')}), length ${payload.length}:`;
}
