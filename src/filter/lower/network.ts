/**
 * IPv4, IPv6, ARP and RARP: protocols, hosts and networks. IPv6 extension headers are followed only as libpcap does:
 * a fragment header right behind the fixed header. Source: RFC 791, 826, 903, 8200.
 */
import type { Direction } from '../ast.ts';
import { and, or, type Predicate } from '../predicate.ts';
import { directed } from './ethernet.ts';
import { carries } from './link.ts';
import { ETHERTYPE_ARP, ETHERTYPE_IP, ETHERTYPE_IPV6, ETHERTYPE_REVARP } from './link-protocols.ts';
import type { Scope } from './scope.ts';

const IPPROTO_FRAGMENT = 44;

/** IPv4 packets with this protocol number. */
export function ip4Protocol(scope: Scope, protocol: number): Predicate {
  return and(carries(scope, ETHERTYPE_IP), scope.test('eq', scope.load('payload', 9, 1), protocol));
}

/** IPv6 packets with this next header, also behind one fragment header. */
export function ip6Protocol(scope: Scope, protocol: number): Predicate {
  const nextHeader = scope.load('payload', 6, 1);
  const behindFragment = scope.load('ip6Transport', 0, 1);
  return and(
    carries(scope, ETHERTYPE_IPV6),
    or(
      scope.test('eq', nextHeader, protocol),
      and(scope.test('eq', nextHeader, IPPROTO_FRAGMENT), scope.test('eq', behindFragment, protocol)),
    ),
  );
}

export function ipProtocol(scope: Scope, protocol: number): Predicate {
  return or(ip4Protocol(scope, protocol), ip6Protocol(scope, protocol));
}

/** An IPv4 address or network; `mask` has the bits that count. */
interface Ip4Network {
  readonly address: number;
  readonly mask: number;
}

export function ip4Host(scope: Scope, network: Ip4Network, direction: Direction | undefined): Predicate {
  return and(carries(scope, ETHERTYPE_IP), addressPair(scope, network, direction, 12, 16));
}

/** The addresses inside ARP and RARP packets: sender and target protocol address of Ethernet and IPv4. */
export function arpHost(
  scope: Scope,
  protocol: 'arp' | 'rarp',
  network: Ip4Network,
  direction: Direction | undefined,
): Predicate {
  const type = protocol === 'arp' ? ETHERTYPE_ARP : ETHERTYPE_REVARP;
  return and(carries(scope, type), addressPair(scope, network, direction, 14, 24));
}

function addressPair(
  scope: Scope,
  { address, mask }: Ip4Network,
  direction: Direction | undefined,
  source: number,
  destination: number,
): Predicate {
  const at = (offset: number): Predicate => scope.test('eq', scope.load('payload', offset, 4), address, mask);
  return directed(
    direction,
    () => at(source),
    () => at(destination),
  );
}

/** An IPv6 address or network: four words each. */
export function ip6Host(
  scope: Scope,
  address: readonly number[],
  mask: readonly number[],
  direction: Direction | undefined,
): Predicate {
  const at = (offset: number): Predicate =>
    and(
      ...address.map((word, i) => scope.test('eq', scope.load('payload', offset + 4 * i, 4), word, mask[i]!)),
    );
  return and(
    carries(scope, ETHERTYPE_IPV6),
    directed(
      direction,
      () => at(8),
      () => at(24),
    ),
  );
}

/** The broadcast addresses of the network captured on: host part all zeros or all ones. */
export function ip4Broadcast(scope: Scope): Predicate {
  const hostMask = ~scope.netmask >>> 0;
  const destination = scope.load('payload', 16, 4);
  return and(
    carries(scope, ETHERTYPE_IP),
    or(scope.test('eq', destination, 0, hostMask), scope.test('eq', destination, hostMask, hostMask)),
  );
}

/** Class D and above: the first octet is at least 224. */
export function ip4Multicast(scope: Scope): Predicate {
  return and(carries(scope, ETHERTYPE_IP), scope.test('ge', scope.load('payload', 16, 1), 224));
}

export function ip6Multicast(scope: Scope): Predicate {
  return and(carries(scope, ETHERTYPE_IPV6), scope.test('eq', scope.load('payload', 24, 1), 255));
}
