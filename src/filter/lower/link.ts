/**
 * Ethernet: which protocol a frame carries, its addresses, and VLAN tags. An EtherType field up to 1500 is a length,
 * and an IEEE 802.2 LLC header follows it (IEEE 802.3, RFC 1042).
 */
import type { Span } from '../../base/index.ts';
import type { Direction } from '../ast.ts';
import { and, not, or, type Predicate } from '../predicate.ts';
import type { Scope } from './scope.ts';

/** The largest value of the type field that is a length. */
const ETHERMTU = 1500;

export const ETHERTYPE_IP = 0x0800;
export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_REVARP = 0x8035;
export const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_IPX = 0x8137;
const ETHERTYPE_ATALK = 0x809b;
const ETHERTYPE_AARP = 0x80f3;
const ETHERTYPE_8021Q = 0x8100;
const ETHERTYPE_8021AD = 0x88a8;
/** The tag of 802.1QinQ before it had a number of its own. */
const ETHERTYPE_8021QINQ = 0x9100;

export const LLCSAP_ISONS = 0xfe;
export const LLCSAP_IPX = 0xe0;
export const LLCSAP_NETBEUI = 0xf0;
export const LLCSAP_8021D = 0x42;
const LLCSAP_IP = 0x06;

const VLAN_TAG_BYTES = 4;
const VLAN_ID_MASK = 0x0fff;

/** Frames that carry the protocol: an EtherType, or an LLC service access point when it is at most 1500. */
export function carries(scope: Scope, protocol: number): Predicate {
  const typeIs = (type: number): Predicate => scope.test('eq', scope.load('etherType', 0, 2), type);
  const hasLlc = not(scope.test('gt', scope.load('etherType', 0, 2), ETHERMTU));
  switch (protocol) {
    case LLCSAP_ISONS:
    case LLCSAP_IP:
    case LLCSAP_NETBEUI:
      return and(hasLlc, scope.test('eq', scope.load('payload', 0, 2), (protocol << 8) | protocol));
    case LLCSAP_IPX: {
      const raw = scope.test('eq', scope.load('payload', 0, 2), 0xffff);
      const llc = scope.test('eq', scope.load('payload', 0, 1), LLCSAP_IPX);
      return or(typeIs(ETHERTYPE_IPX), and(hasLlc, or(snap(scope, 0, ETHERTYPE_IPX), llc, raw)));
    }
    case ETHERTYPE_ATALK:
      return or(typeIs(protocol), and(hasLlc, snap(scope, 0x080007, protocol)));
    case ETHERTYPE_AARP:
      return or(typeIs(protocol), and(hasLlc, snap(scope, 0, protocol)));
    default:
      if (protocol > ETHERMTU) return typeIs(protocol);
      return and(hasLlc, scope.test('eq', scope.load('payload', 0, 1), protocol));
  }
}

/** An LLC header with a Subnetwork Access Protocol header: AA AA 03, 3 bytes organisation, 2 bytes protocol. */
function snap(scope: Scope, organisation: number, protocol: number): Predicate {
  return and(
    scope.test('eq', scope.load('payload', 4, 4), (((organisation & 0xffff) << 16) | protocol) >>> 0),
    scope.test('eq', scope.load('payload', 0, 4), (0xaaaa0300 | (organisation >> 16)) >>> 0),
  );
}

/** Frames from, to, or from or to an address of six octets. */
export function etherHost(
  scope: Scope,
  octets: readonly number[],
  direction: Direction | undefined,
): Predicate {
  const at = (offset: number): Predicate => {
    const number = (first: number, count: number): number =>
      octets.slice(first, first + count).reduce((value, octet) => value * 256 + octet, 0);
    return and(
      scope.test('eq', scope.load('frame', offset + 2, 4), number(2, 4)),
      scope.test('eq', scope.load('frame', offset, 2), number(0, 2)),
    );
  };
  return directed(
    direction,
    () => at(6),
    () => at(0),
  );
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
  return scope.test('set', scope.load('frame', 0, 1), 1);
}

/** Frames with a VLAN tag (and its identifier), behind those that the filter already named; moves the headers. */
export function vlan(scope: Scope, id: number | undefined, span: Span): Predicate {
  if (id !== undefined && id > VLAN_ID_MASK) scope.fail(span, `VLAN ${id}: expected at most ${VLAN_ID_MASK}`);
  const tagged = or(
    ...[ETHERTYPE_8021Q, ETHERTYPE_8021AD, ETHERTYPE_8021QINQ].map((type) => carries(scope, type)),
  );
  const matches =
    id === undefined ? tagged : and(tagged, scope.test('eq', scope.load('payload', 0, 2), id, VLAN_ID_MASK));
  scope.moveHeaders(VLAN_TAG_BYTES);
  return matches;
}
