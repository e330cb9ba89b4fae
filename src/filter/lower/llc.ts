/**
 * IEEE 802.2 Logical Link Control: two service access points and a control field of one or two bytes; and the Subnetwork
 * Access Protocol behind it. `llc` and its types are known on Ethernet only, as in libpcap.
 */
import type { Span } from '../../base/index.ts';
import { and, not, type Predicate } from '../predicate.ts';
import { ETHERMTU } from './link-protocols.ts';
import type { Scope } from './scope.ts';

/** Frames to and from the same service access point. */
export function bothAccessPoints(scope: Scope, point: number): Predicate {
  return scope.test('eq', scope.load('linkPayload', 0, 2), (point << 8) | point);
}

/** An LLC header with a Subnetwork Access Protocol header: AA AA 03, 3 bytes organisation, 2 bytes protocol. */
export function snap(scope: Scope, organisation: number, protocol: number): Predicate {
  return and(
    scope.test('eq', scope.load('linkPayload', 4, 4), (((organisation & 0xffff) << 16) | protocol) >>> 0),
    scope.test('eq', scope.load('linkPayload', 0, 4), (0xaaaa0300 | (organisation >> 16)) >>> 0),
  );
}

/** The bits of the first control byte that a type of frame has, under a mask. */
const frameTypes: ReadonlyMap<string, readonly [mask: number, bits: number]> = new Map([
  ['i', [0x01, 0x00]],
  ['s', [0x03, 0x01]],
  ['u', [0x03, 0x03]],
  ['rr', [0x0f, 0x01]],
  ['rnr', [0x0f, 0x05]],
  ['rej', [0x0f, 0x09]],
  ['ui', [0xef, 0x03]],
  ['ua', [0xef, 0x63]],
  ['disc', [0xef, 0x43]],
  ['dm', [0xef, 0x0f]],
  ['sabme', [0xef, 0x6f]],
  ['test', [0xef, 0xe3]],
  ['xid', [0xef, 0xaf]],
  ['frmr', [0xef, 0x87]],
]);

/** Frames with an LLC header, of any type or of the one named in lower case. */
export function llc(scope: Scope, type: string | undefined, span: Span): Predicate {
  if (scope.link.name !== 'EN10MB')
    return scope.fail(span, `"llc" on ${scope.link.title}: expected Ethernet`);
  const isLlc = and(
    not(scope.test('gt', scope.load('type', 0, 2), ETHERMTU)),
    // A raw 802.3 frame of IPX has a checksum of all ones here.
    not(scope.test('eq', scope.load('linkPayload', 0, 2), 0xffff)),
  );
  if (type === undefined) return isLlc;
  const [mask, bits] =
    frameTypes.get(type) ?? scope.failName(span, `type of LLC frame "${type}"`, type, frameTypes.keys());
  return and(isLlc, scope.test('eq', scope.load('linkPayload', 2, 1), bits, mask));
}
