/** What an IP packet carries, by its protocol number. */
import { ETHERTYPES } from './ethernet.ts';
import { IP_PROTOCOLS } from './ip-protocols.ts';
import { formatGre } from './line-gre.ts';
import { formatIcmp } from './line-icmp.ts';
import { formatIcmpv6 } from './line-icmpv6.ts';
import type { IpContext } from './line-ip-context.ts';
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
    case IP_PROTOCOLS.GRE:
      return formatGre(part, context.nest);
    case IP_PROTOCOLS.NoNextHeader:
      return 'no next header';
    default:
      return unknown;
  }
}
