/** What an IP packet carries, by its protocol number. */
import { hexByte } from './address.ts';
import { ETHERTYPES } from './ethernet.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { AhView, EspView } from './ipsec.ts';
import { formatGre } from './line-gre.ts';
import { formatIcmp } from './line-icmp.ts';
import { formatIcmpv6 } from './line-icmpv6.ts';
import { formatIgmp } from './line-igmp.ts';
import type { IpContext } from './line-ip-context.ts';
import { cutShort } from './line-nest.ts';
import { formatSctp } from './line-sctp.ts';
import { formatTcp } from './line-tcp.ts';
import { formatUdp } from './line-udp.ts';
import type { Part } from './part.ts';

/** Whether the lines of a protocol show the addresses themselves, with the ports. */
export function showsAddresses(protocol: number): boolean {
  return protocol === IP_PROTOCOLS.TCP || protocol === IP_PROTOCOLS.UDP || protocol === IP_PROTOCOLS.SCTP;
}

export function formatTransport(protocol: number, part: Part, context: IpContext): string {
  const unknown = ` ip-proto-${protocol} ${part.length}`;
  switch (protocol) {
    case IP_PROTOCOLS.TCP:
      return formatTcp(part, context);
    case IP_PROTOCOLS.UDP:
      return formatUdp(part, context);
    case IP_PROTOCOLS.SCTP:
      return formatSctp(part, context);
    case IP_PROTOCOLS.ICMP:
      return context.version === 4 ? formatIcmp(part) : '[ICMP requires IPv4] (invalid)';
    case IP_PROTOCOLS.ICMPv6:
      return context.version === 6 ? formatIcmpv6(part) : '[ICMPv6 requires IPv6] (invalid)';
    case IP_PROTOCOLS.IPv4:
      return context.nest.etherType(ETHERTYPES.IPv4, part) ?? unknown;
    case IP_PROTOCOLS.IPv6:
      return context.nest.etherType(ETHERTYPES.IPv6, part) ?? unknown;
    case IP_PROTOCOLS.IGMP:
      return formatIgmp(part);
    case IP_PROTOCOLS.ESP:
      return formatEsp(part);
    case IP_PROTOCOLS.AH:
      return formatAh(part, context);
    case IP_PROTOCOLS.GRE:
      return formatGre(part, context.nest);
    case IP_PROTOCOLS.NoNextHeader:
      return 'no next header';
    default:
      return unknown;
  }
}

/** What it carries is encrypted. */
function formatEsp(part: Part): string {
  const esp = EspView.tryOf(part);
  if (esp === undefined || !part.has(EspView.headerLength + 1)) return cutShort('esp');
  return `ESP(spi=${hex32(esp.spi)},seq=0x${esp.sequence.toString(16)}), length ${part.length}`;
}

function formatAh(part: Part, context: IpContext): string {
  const ah = AhView.tryOf(part);
  if (ah === undefined || !part.has(ah.headerLength)) return `AH${cutShort('ah')}`;
  if (ah.headerLength < AhView.minimumLength)
    return `AH [length ${ah.headerLength} < ${AhView.minimumLength}] (invalid)`;
  const icv = part.borrow(AhView.minimumLength, ah.headerLength - AhView.minimumLength);
  const check = `0x${Array.from(icv, hexByte).join('')}`;
  const text = `AH(spi=${hex32(ah.spi)},seq=0x${ah.sequence.toString(16)},icv=${check}): `;
  return text + formatTransport(ah.nextHeader, ah.payload(), { ...context, addressesShown: true });
}

function hex32(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
