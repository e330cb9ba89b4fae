/**
 * Which protocol a frame carries, for every link type. Ethernet's own matters are in ethernet.ts. Source: the LINKTYPE_
 * pages of tcpdump.org, RFC 1661 (PPP), RFC 3032 (MPLS), checked against tcpdump.
 */
import { and, never, or, type Predicate } from '../predicate.ts';
import { etherCarries } from './ethernet.ts';
import {
  ETHERMTU,
  ETHERTYPE_AARP,
  ETHERTYPE_ATALK,
  ETHERTYPE_DN,
  ETHERTYPE_IP,
  ETHERTYPE_IPV6,
  ETHERTYPE_IPX,
  ETHERTYPE_MPLS,
  ETHERTYPE_NS,
  LLCSAP_8021D,
  LLCSAP_IP,
  LLCSAP_IPX,
  LLCSAP_ISONS,
  LLCSAP_NETBEUI,
} from './link-protocols.ts';
import { bothAccessPoints, snap } from './llc.ts';
import type { Scope } from './scope.ts';

/** The protocol fields of a Linux cooked header that are no EtherTypes: a raw 802.3 frame, and 802.2 behind it. */
const LINUX_SLL_P_802_3 = 1;
const LINUX_SLL_P_802_2 = 4;

/** Linux' address families; another system's loopback captures have other numbers for IPv6. */
const AF_INET = 2;
const AF_INET6 = 10;

/** PPP's numbers for the protocols that filters name by EtherType or LLC access point. */
const pppProtocols: ReadonlyMap<number, number> = new Map([
  [ETHERTYPE_IP, 0x0021],
  [ETHERTYPE_IPV6, 0x0057],
  [ETHERTYPE_DN, 0x0027],
  [ETHERTYPE_ATALK, 0x0029],
  [ETHERTYPE_NS, 0x0025],
  [ETHERTYPE_MPLS, 0x0281],
  [LLCSAP_ISONS, 0x0023],
  [LLCSAP_8021D, 0x0031],
  [LLCSAP_IPX, 0x002b],
]);

/** Frames that carry the protocol: an EtherType, or an LLC service access point when it is at most 1500. */
export function carries(scope: Scope, protocol: number): Predicate {
  if (scope.labelCount > 0) return mplsCarries(scope, protocol);
  switch (scope.link.name) {
    case 'EN10MB':
      return etherCarries(scope, protocol);
    case 'LINUX_SLL':
      return cookedCarries(scope, protocol);
    case 'LINUX_SLL2':
      return typeIs(scope, protocol);
    case 'PPP':
      return typeIs(scope, pppProtocols.get(protocol) ?? protocol);
    case 'RAW':
      return versionIs(scope, protocol);
    case 'NULL':
      return familyIs(scope, protocol, (family) => family * 2 ** 24);
    case 'LOOP':
      return familyIs(scope, protocol, (family) => family);
  }
}

function typeIs(scope: Scope, type: number): Predicate {
  return scope.test('eq', scope.load('type', 0, 2), type);
}

/** The version of an IP header, for those who have nothing else to go by. */
function versionIs(scope: Scope, protocol: number): Predicate {
  const isVersion = (version: number): Predicate =>
    scope.test('eq', scope.load('payload', 0, 1), version << 4, 0xf0);
  if (protocol === ETHERTYPE_IP) return isVersion(4);
  return protocol === ETHERTYPE_IPV6 ? isVersion(6) : never;
}

/** The address family in the order of bytes of the machine that captured, as if that were this one: little-endian. */
function familyIs(scope: Scope, protocol: number, order: (family: number) => number): Predicate {
  const isFamily = (family: number): Predicate => scope.test('eq', scope.load('frame', 0, 4), order(family));
  if (protocol === ETHERTYPE_IP) return isFamily(AF_INET);
  return protocol === ETHERTYPE_IPV6 ? isFamily(AF_INET6) : never;
}

function cookedCarries(scope: Scope, protocol: number): Predicate {
  const hasLlc = typeIs(scope, LINUX_SLL_P_802_2);
  switch (protocol) {
    case LLCSAP_ISONS:
    case LLCSAP_IP:
    case LLCSAP_NETBEUI:
      return and(hasLlc, bothAccessPoints(scope, protocol));
    case LLCSAP_IPX: {
      const llc = scope.test('eq', scope.load('linkPayload', 0, 1), LLCSAP_IPX);
      return or(
        typeIs(scope, ETHERTYPE_IPX),
        typeIs(scope, LINUX_SLL_P_802_3),
        and(hasLlc, or(llc, snap(scope, 0, ETHERTYPE_IPX))),
      );
    }
    case ETHERTYPE_ATALK:
      return or(typeIs(scope, protocol), and(hasLlc, snap(scope, 0x080007, protocol)));
    case ETHERTYPE_AARP:
      return or(typeIs(scope, protocol), and(hasLlc, snap(scope, 0, protocol)));
    default:
      if (protocol > ETHERMTU) return typeIs(scope, protocol);
      return and(hasLlc, scope.test('eq', scope.load('linkPayload', 0, 1), protocol));
  }
}

/** Behind the last label, which says that it is the last; nothing tells the protocol but its own first bits. */
function mplsCarries(scope: Scope, protocol: number): Predicate {
  if (protocol !== ETHERTYPE_IP && protocol !== ETHERTYPE_IPV6) {
    return scope.failPrimitive('behind an MPLS label only IPv4 and IPv6 can be told');
  }
  return and(scope.test('eq', scope.load('payload', -2, 1), 1, 1), versionIs(scope, protocol));
}
