/**
 * What one frame or packet carries inside another: VLAN tags, MPLS labels, PPPoE sessions, Geneve. Each of these
 * moves the headers for what comes after it in the text, whether the packet matches or not. Source: IEEE 802.1Q,
 * RFC 3032, 2516, 8926, checked against tcpdump.
 */
import type { Span } from '../../base/index.ts';
import { BPF_ADD, BPF_AND, BPF_MUL } from '../../bpf/classic.ts';
import type { Filter } from '../ast.ts';
import { always, and, assign, or, type Predicate } from '../predicate.ts';
import type { Value } from '../values.ts';
import type { EncapsulationWord } from '../words.ts';
import { carries } from './link.ts';
import {
  ETHERTYPE_8021AD,
  ETHERTYPE_8021Q,
  ETHERTYPE_8021QINQ,
  ETHERTYPE_MPLS,
  ETHERTYPE_PPPOED,
  ETHERTYPE_PPPOES,
  ETHERTYPE_TEB,
} from './link-protocols.ts';
import { ethernet, ppp } from './link-types.ts';
import type { Origin, Scope } from './scope.ts';
import { IPPROTO_UDP, portsOverIp4, portsOverIp6 } from './transport.ts';

type Encapsulation = Filter & { readonly kind: 'encapsulation' };

interface Kind {
  readonly largest: number;
  /** As messages name the number. */
  readonly title: string;
  readonly lower: (scope: Scope, id: number | undefined, span: Span) => Predicate;
}

const kinds: Readonly<Record<EncapsulationWord, Kind>> = {
  vlan: { largest: 0xfff, title: 'VLAN', lower: vlan },
  mpls: { largest: 0xfffff, title: 'MPLS label', lower: mpls },
  pppoes: { largest: 0xffff, title: 'PPPoE session', lower: pppoeSession },
  geneve: { largest: 0xffffff, title: 'Geneve network', lower: geneve },
};

const VLAN_TAG_BYTES = 4;
const PPPOE_HEADER_BYTES = 6;

const UDP_HEADER_BYTES = 8;
const GENEVE_PORT = 6081;
const GENEVE_HEADER_BYTES = 8;

/** Cells that one Geneve header takes. */
const GENEVE_CELLS = 3;

export function encapsulation(scope: Scope, { word, id, span }: Encapsulation): Predicate {
  const { largest, title, lower } = kinds[word];
  if (id !== undefined && id > largest) scope.fail(span, `${title} ${id}: expected at most ${largest}`);
  return lower(scope, id, span);
}

/** PPPoE's discovery of a peer; it carries nothing. */
export function pppoeDiscovery(scope: Scope): Predicate {
  return carries(scope, ETHERTYPE_PPPOED);
}

function vlan(scope: Scope, id: number | undefined, span: Span): Predicate {
  if (scope.labelCount > 0) return scope.fail(span, '"vlan" behind an MPLS label: expected it before "mpls"');
  if (scope.link !== ethernet) return scope.fail(span, `"vlan" on ${scope.link.title}: expected Ethernet`);
  const tagged = or(
    ...[ETHERTYPE_8021Q, ETHERTYPE_8021AD, ETHERTYPE_8021QINQ].map((type) => carries(scope, type)),
  );
  const matches = and(tagged, hasNumber(scope, scope.load('linkPayload', 0, 2), id, 0xfff));
  scope.moveHeaders(VLAN_TAG_BYTES);
  return matches;
}

function mpls(scope: Scope, label: number | undefined, span: Span): Predicate {
  if (scope.link !== ethernet && scope.link !== ppp) {
    return scope.fail(span, `"mpls" on ${scope.link.title}: expected Ethernet or PPPoE`);
  }
  // Only the last label of a stack has its lowest bit of the third byte set.
  const labelled =
    scope.labelCount > 0
      ? scope.test('eq', scope.load('payload', -2, 1), 0, 1)
      : carries(scope, ETHERTYPE_MPLS);
  const shifted = label === undefined ? undefined : label * 2 ** 12;
  const matches = and(labelled, hasNumber(scope, scope.load('payload', 0, 4), shifted, 0xfffff000));
  scope.pushLabel();
  return matches;
}

function pppoeSession(scope: Scope, session: number | undefined): Predicate {
  const matches = and(
    carries(scope, ETHERTYPE_PPPOES),
    hasNumber(scope, scope.load('linkPayload', 0, 4), session, 0xffff),
  );
  const header = scope.place('linkPayload', PPPOE_HEADER_BYTES);
  scope.enter({
    link: ppp,
    frame: header,
    type: header,
    payload: { ...header, offset: header.offset + ppp.headerBytes },
  });
  return matches;
}

/**
 * Geneve over UDP, version 0, whose options make the offset of the inner frame variable: where it begins is kept in
 * cells. Behind the header there is an Ethernet frame, or a packet of the protocol that the header names.
 */
function geneve(scope: Scope, network: number | undefined, span: Span): Predicate {
  const { values } = scope;
  if (values.freeCellCount < GENEVE_CELLS) return scope.fail(span, 'too many times "geneve" in one filter');
  const shifted = network === undefined ? undefined : network * 2 ** 8;
  const start = values.newCell();
  const over = (origin: 'ip4Transport' | 'ip6Transport', toPort: Predicate): Predicate =>
    and(
      toPort,
      scope.test('eq', scope.load(origin, UDP_HEADER_BYTES, 1), 0, 0xc0),
      hasNumber(scope, scope.load(origin, UDP_HEADER_BYTES + 4, 4), shifted, 0xffffff00),
      assign(start, addressOf(scope, origin, UDP_HEADER_BYTES)),
    );
  const port = { first: GENEVE_PORT, last: GENEVE_PORT };
  const matches = or(
    over('ip4Transport', portsOverIp4(scope, [IPPROTO_UDP], port, 'dst')),
    over('ip6Transport', portsOverIp6(scope, [IPPROTO_UDP], port, 'dst')),
  );

  const plus = (value: Value, bytes: number): Value => values.sum(value, values.constant(bytes));
  const frame = values.newCell();
  const payload = values.newCell();
  // The start is needed no longer when the type's place is known.
  const type = values.newCell(start);
  const optionWords = values.binary(BPF_AND, values.load(1, start, 0), values.constant(0x3f));
  const optionBytes = values.binary(BPF_MUL, optionWords, values.constant(4));
  const isFrame = scope.test('eq', values.load(2, start, 2), ETHERTYPE_TEB);
  const found = and(
    matches,
    assign(frame, values.binary(BPF_ADD, plus(optionBytes, GENEVE_HEADER_BYTES), start)),
    or(
      and(
        isFrame,
        assign(type, plus(frame, ethernet.typeAt)),
        assign(payload, plus(frame, ethernet.headerBytes)),
      ),
      and(assign(type, plus(start, 2)), assign(payload, frame)),
    ),
  );
  const at = (base: Value): { readonly base: Value; readonly offset: number } => ({ base, offset: 0 });
  scope.enter({ link: ethernet, frame: at(frame), type: at(type), payload: at(payload) });
  return found;
}

/** Whether a field has the number that was asked for; nothing to test when none was. */
function hasNumber(scope: Scope, field: Value, number: number | undefined, mask: number): Predicate {
  return number === undefined ? always : scope.test('eq', field, number, mask);
}

function addressOf(scope: Scope, origin: Origin, offset: number): Value {
  const place = scope.place(origin, offset);
  const constant = scope.values.constant(place.offset);
  return place.base === undefined ? constant : scope.values.sum(place.base, constant);
}
