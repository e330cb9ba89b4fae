/**
 * Ethernet: the protocol of a frame, and its addresses. An EtherType field up to 1500 is a length, and an IEEE 802.2 LLC
 * header follows it (IEEE 802.3, RFC 1042).
 */
import type { Direction } from '../ast.ts';
import { and, compare, not, or, type Predicate } from '../predicate.ts';
import {
  ETHERMTU,
  ETHERTYPE_AARP,
  ETHERTYPE_ATALK,
  ETHERTYPE_IPX,
  LLCSAP_IP,
  LLCSAP_IPX,
  LLCSAP_ISONS,
  LLCSAP_NETBEUI,
} from './link-protocols.ts';
import { bothAccessPoints, snap } from './llc.ts';
import type { Scope } from './scope.ts';

/** Frames that carry the protocol: an EtherType, or an LLC service access point when it is at most 1500. */
export function etherCarries(scope: Scope, protocol: number): Predicate {
  const typeIs = (type: number): Predicate => scope.test('eq', scope.load('type', 0, 2), type);
  const hasLlc = not(scope.test('gt', scope.load('type', 0, 2), ETHERMTU));
  switch (protocol) {
    case LLCSAP_ISONS:
    case LLCSAP_IP:
    case LLCSAP_NETBEUI:
      return and(hasLlc, bothAccessPoints(scope, protocol));
    case LLCSAP_IPX: {
      const raw = scope.test('eq', scope.load('linkPayload', 0, 2), 0xffff);
      const llc = scope.test('eq', scope.load('linkPayload', 0, 1), LLCSAP_IPX);
      return or(typeIs(ETHERTYPE_IPX), and(hasLlc, or(snap(scope, 0, ETHERTYPE_IPX), llc, raw)));
    }
    case ETHERTYPE_ATALK:
      return or(typeIs(protocol), and(hasLlc, snap(scope, 0x080007, protocol)));
    case ETHERTYPE_AARP:
      return or(typeIs(protocol), and(hasLlc, snap(scope, 0, protocol)));
    default:
      if (protocol > ETHERMTU) return typeIs(protocol);
      return and(hasLlc, scope.test('eq', scope.load('linkPayload', 0, 1), protocol));
  }
}

/** Frames from, to, or from or to an address of six octets. */
export function etherHost(
  scope: Scope,
  octets: readonly number[],
  direction: Direction | undefined,
): Predicate {
  const isEthernet = hasAddresses(scope);
  const at = (offset: number): Predicate => {
    const number = (first: number, count: number): number =>
      octets.slice(first, first + count).reduce((value, octet) => value * 256 + octet, 0);
    return and(
      scope.test('eq', scope.load('frame', offset + 2, 4), number(2, 4)),
      scope.test('eq', scope.load('frame', offset, 2), number(0, 2)),
    );
  };
  const matches = directed(
    direction,
    () => at(6),
    () => at(0),
  );
  return isEthernet === undefined ? matches : and(isEthernet, matches);
}

/** The source's test, the destination's, or both, as the direction says. */
export function directed(
  direction: Direction | undefined,
  source: () => Predicate,
  destination: () => Predicate,
): Predicate {
  switch (direction) {
    case 'src':
      return source();
    case 'dst':
      return destination();
    case 'src and dst':
      return and(source(), destination());
    default:
      return or(source(), destination());
  }
}

export function etherBroadcast(scope: Scope): Predicate {
  return etherHost(scope, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'dst');
}

export function etherMulticast(scope: Scope): Predicate {
  const isEthernet = hasAddresses(scope);
  const matches = scope.test('set', scope.load('frame', 0, 1), 1);
  return isEthernet === undefined ? matches : and(isEthernet, matches);
}

/** Whether the frame has addresses: inside of Geneve it may have no link header, and then no bytes are left for one. */
function hasAddresses(scope: Scope): Predicate | undefined {
  if (scope.link.name !== 'EN10MB') {
    return scope.failPrimitive(`${scope.link.title} has no Ethernet addresses`);
  }
  const frame = scope.place('frame').base;
  const payload = scope.place('linkPayload').base;
  if (frame === undefined || payload === undefined) return undefined;
  return not(compare(scope.values, 'eq', frame, payload));
}
