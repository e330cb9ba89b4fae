/**
 * What each protocol word means: alone (`tcp`), before brackets (`tcp[13]`), and before `proto`. One table; the
 * numbers are IANA's and IEEE's.
 */
import type { Span } from '../../base/index.ts';
import { and, type Predicate } from '../predicate.ts';
import type { ProtocolWord } from '../words.ts';
import * as link from './link.ts';
import { ip4Protocol, ip6Protocol, ipProtocol } from './network.ts';
import type { Scope } from './scope.ts';
import { IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP } from './transport.ts';

type Carrier = 'link' | 'ip4' | 'ip6' | 'ip' | 'iso';

/** Where `word[...]` counts from; absent when libpcap has no such access. */
export type Access = 'frame' | 'payload' | 'ip4Transport' | 'ip6Transport';

interface Protocol {
  /** What it rides on, and its number there; absent for the link layer itself. */
  readonly over?: readonly [Carrier, number];
  readonly access?: Access;
}

const protocols: Readonly<Record<ProtocolWord, Protocol>> = {
  link: { access: 'frame' },
  ip: { over: ['link', link.ETHERTYPE_IP], access: 'payload' },
  ip6: { over: ['link', link.ETHERTYPE_IPV6], access: 'payload' },
  arp: { over: ['link', link.ETHERTYPE_ARP], access: 'payload' },
  rarp: { over: ['link', link.ETHERTYPE_REVARP], access: 'payload' },
  tcp: { over: ['ip', IPPROTO_TCP], access: 'ip4Transport' },
  udp: { over: ['ip', IPPROTO_UDP], access: 'ip4Transport' },
  sctp: { over: ['ip', IPPROTO_SCTP], access: 'ip4Transport' },
  icmp: { over: ['ip4', 1], access: 'ip4Transport' },
  icmp6: { over: ['ip6', 58], access: 'ip6Transport' },
  igmp: { over: ['ip4', 2], access: 'ip4Transport' },
  igrp: { over: ['ip4', 9], access: 'ip4Transport' },
  pim: { over: ['ip', 103], access: 'ip4Transport' },
  vrrp: { over: ['ip4', 112], access: 'ip4Transport' },
  carp: { over: ['ip4', 112], access: 'ip4Transport' },
  ah: { over: ['ip', 51] },
  esp: { over: ['ip', 50] },
  atalk: { over: ['link', 0x809b], access: 'payload' },
  aarp: { over: ['link', 0x80f3] },
  decnet: { over: ['link', 0x6003], access: 'payload' },
  lat: { over: ['link', 0x6004], access: 'payload' },
  sca: { over: ['link', 0x6007], access: 'payload' },
  moprc: { over: ['link', 0x6002], access: 'payload' },
  mopdl: { over: ['link', 0x6001], access: 'payload' },
  iso: { over: ['link', link.LLCSAP_ISONS] },
  esis: { over: ['iso', 0x82] },
  isis: { over: ['iso', 0x83] },
  clnp: { over: ['iso', 0x81] },
  stp: { over: ['link', link.LLCSAP_8021D] },
  ipx: { over: ['link', link.LLCSAP_IPX] },
  netbeui: { over: ['link', link.LLCSAP_NETBEUI] },
};

/** The names that `ether proto` knows, beside the words that are EtherTypes or LLC access points themselves. */
const etherProtocols: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(protocols).flatMap(([word, { over }]): [string, number][] =>
    over?.[0] === 'link' ? [[word, over[1]]] : [],
  ),
  ['loopback', 0x9000],
]);

/** The words before `proto` that can stand before it, and what they make of the number. */
const encapsulates: Partial<Record<ProtocolWord | 'any', Carrier>> = {
  any: 'ip',
  link: 'link',
  ip: 'ip4',
  ip6: 'ip6',
  iso: 'iso',
};

export function accessOf(word: ProtocolWord): Access | undefined {
  return protocols[word].access;
}

/** Packets of the protocol: `tcp` alone. */
export function isProtocol(scope: Scope, word: ProtocolWord, span: Span): Predicate {
  const { over } = protocols[word];
  if (over === undefined)
    return scope.fail(span, 'the link layer is in every packet: expected a comparison or qualifiers');
  return carried(scope, over[0], over[1]);
}

function carried(scope: Scope, carrier: Carrier, protocol: number): Predicate {
  switch (carrier) {
    case 'link':
      return link.carries(scope, protocol);
    case 'ip4':
      return ip4Protocol(scope, protocol);
    case 'ip6':
      return ip6Protocol(scope, protocol);
    case 'ip':
      return ipProtocol(scope, protocol);
    case 'iso':
      // The network layer protocol identifier (ISO/IEC TR 9577) is the first byte behind the 3 of LLC.
      return and(
        link.carries(scope, link.LLCSAP_ISONS),
        scope.test('eq', scope.load('payload', 3, 1), protocol),
      );
  }
}

/** `ip proto 6`, `ether proto \arp`: the operand is a number or a name. */
export function hasProtocol(
  scope: Scope,
  word: ProtocolWord | undefined,
  operand:
    | { readonly kind: 'number'; readonly value: number }
    | { readonly kind: 'name'; readonly text: string },
  span: Span,
): Predicate {
  const carrier = encapsulates[word ?? 'any'];
  if (carrier === undefined) {
    return scope.fail(span, `"${word} proto": expected ether, ip, ip6 or nothing before "proto"`);
  }
  return carried(
    scope,
    carrier,
    operand.kind === 'number' ? operand.value : protocolNumber(scope, carrier, operand.text, span),
  );
}

function protocolNumber(scope: Scope, carrier: Carrier, name: string, span: Span): number {
  if (carrier === 'link') {
    return (
      etherProtocols.get(name) ??
      scope.failName(span, `Ethernet protocol "${name}"`, name, etherProtocols.keys())
    );
  }
  if (carrier === 'iso') {
    const over = name === 'esis' || name === 'isis' || name === 'clnp' ? protocols[name].over : undefined;
    return over?.[1] ?? scope.failName(span, `ISO protocol "${name}"`, name, ['esis', 'isis', 'clnp']);
  }
  const { resolver } = scope;
  return (
    resolver.protocol(name) ?? scope.failName(span, `IP protocol "${name}"`, name, resolver.known('protocol'))
  );
}
