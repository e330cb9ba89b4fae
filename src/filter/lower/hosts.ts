/** IPv4 and IPv6 addresses and networks under their qualifiers. The refusals are libpcap's. */
import type { Span } from '../../base/index.ts';
import type { Qualifiers } from '../ast.ts';
import { or, type Predicate } from '../predicate.ts';
import { arpHost, ip4Host, ip6Host } from './network.ts';
import type { Scope } from './scope.ts';

/** IPv4 addresses stand in IPv4, ARP and RARP packets; behind an MPLS label only in IPv4 ones. */
export function matchIp4(
  scope: Scope,
  qualifiers: Qualifiers,
  address: number,
  mask: number,
  span: Span,
): Predicate {
  const { protocol, direction } = qualifiers;
  const network = { address, mask };
  switch (protocol) {
    case undefined:
      if (scope.labelCount > 0) return ip4Host(scope, network, direction);
      return or(
        ip4Host(scope, network, direction),
        arpHost(scope, 'arp', network, direction),
        arpHost(scope, 'rarp', network, direction),
      );
    case 'ip':
      return ip4Host(scope, network, direction);
    case 'arp':
    case 'rarp':
      return arpHost(scope, protocol, network, direction);
    default:
      return scope.fail(
        span,
        `"${wordOf(protocol)}" has no IPv4 addresses: expected ip, arp, rarp or nothing before`,
      );
  }
}

export function matchIp6(
  scope: Scope,
  { protocol, direction }: Qualifiers,
  address: readonly number[],
  mask: readonly number[],
  span: Span,
): Predicate {
  if (protocol !== undefined && protocol !== 'ip6') {
    return scope.fail(span, `"${wordOf(protocol)}" has no IPv6 addresses: expected ip6 or nothing before`);
  }
  return ip6Host(scope, address, mask, direction);
}

/** A protocol as people write it. */
export const wordOf = (protocol: string): string => (protocol === 'link' ? 'ether' : protocol);
