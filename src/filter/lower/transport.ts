/**
 * Ports of TCP, UDP and SCTP over IPv4 and IPv6. A later fragment of IPv4 has no ports and never matches; behind
 * IPv6 extension headers ports are not looked for, as in libpcap.
 */
import type { Direction } from '../ast.ts';
import { and, not, or, type Predicate } from '../predicate.ts';
import { directed } from './ethernet.ts';
import { carries } from './link.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './link-protocols.ts';
import type { Scope } from './scope.ts';

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_SCTP = 132;

/** The bits of IPv4's fragment offset. */
const IP_OFFMASK = 0x1fff;

/** In the order in which libpcap tries them. */
const transports: readonly number[] = [IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP];

export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Packets whose source or destination port lies in the range; of one transport, or of any that has ports. */
export function ports(
  scope: Scope,
  range: PortRange,
  transport: number | undefined,
  direction: Direction | undefined,
): Predicate {
  const chosen = transport === undefined ? transports : [transport];
  return or(portsOverIp6(scope, chosen, range, direction), portsOverIp4(scope, chosen, range, direction));
}

export function portsOverIp4(
  scope: Scope,
  chosen: readonly number[],
  range: PortRange,
  direction: Direction | undefined,
): Predicate {
  const each = chosen.map((protocol) =>
    and(
      scope.test('eq', scope.load('payload', 9, 1), protocol),
      notFragment(scope),
      portPair(scope, 'ip4Transport', range, direction),
    ),
  );
  return and(carries(scope, ETHERTYPE_IP), or(...each));
}

export function portsOverIp6(
  scope: Scope,
  chosen: readonly number[],
  range: PortRange,
  direction: Direction | undefined,
): Predicate {
  const each = chosen.map((protocol) =>
    and(
      scope.test('eq', scope.load('payload', 6, 1), protocol),
      portPair(scope, 'ip6Transport', range, direction),
    ),
  );
  return and(carries(scope, ETHERTYPE_IPV6), or(...each));
}

/** IPv4 packets that are not a later fragment. */
export function notFragment(scope: Scope): Predicate {
  return not(scope.test('set', scope.load('payload', 6, 2), IP_OFFMASK));
}

function portPair(
  scope: Scope,
  origin: 'ip4Transport' | 'ip6Transport',
  { first, last }: PortRange,
  direction: Direction | undefined,
): Predicate {
  const at = (offset: number): Predicate => {
    const port = scope.load(origin, offset, 2);
    if (first === last) return scope.test('eq', port, first);
    return and(scope.test('ge', port, first), not(scope.test('gt', port, last)));
  };
  return directed(
    direction,
    () => at(0),
    () => at(2),
  );
}
