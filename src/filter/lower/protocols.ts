/**
 * What each protocol word means: alone (`tcp`), before brackets (`tcp[13]`), and before `proto`. One table; the
 * numbers are IANA's and IEEE's.
 */
import type { Span } from '../../base/index.ts';
import type { Operand } from '../ast.ts';
import { and, or, type Predicate } from '../predicate.ts';
import type { ProtocolWord } from '../words.ts';
import { carries } from './link.ts';
import * as link from './link-protocols.ts';
import { ip4Protocol, ip6Protocol, ipProtocol } from './network.ts';
import { protochain } from './protochain.ts';
import type { Scope } from './scope.ts';
import { IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP } from './transport.ts';

type Carrier = 'link' | 'ip4' | 'ip6' | 'ip' | 'iso' | 'isis';

/** Where `word[...]` counts from; absent when libpcap has no such access. */
export type Access = 'frame' | 'payload' | 'ip4Transport' | 'ip6Transport';

interface Protocol {
  /** What it rides on, and its number there, or several of them; absent for the link layer itself. */
  readonly over?: readonly [Carrier, ...(readonly number[])];
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
  atalk: { over: ['link', link.ETHERTYPE_ATALK], access: 'payload' },
  aarp: { over: ['link', link.ETHERTYPE_AARP] },
  decnet: { over: ['link', link.ETHERTYPE_DN], access: 'payload' },
  lat: { over: ['link', link.ETHERTYPE_LAT], access: 'payload' },
  sca: { over: ['link', link.ETHERTYPE_SCA], access: 'payload' },
  moprc: { over: ['link', link.ETHERTYPE_MOPRC], access: 'payload' },
  mopdl: { over: ['link', link.ETHERTYPE_MOPDL], access: 'payload' },
  iso: { over: ['link', link.LLCSAP_ISONS] },
  esis: { over: ['iso', 0x82] },
  isis: { over: ['iso', 0x83] },
  // The types of IS-IS packets, in the order in which libpcap tries them (ISO/IEC 10589).
  l1: { over: ['isis', 26, 24, 18, 15, 17] },
  l2: { over: ['isis', 27, 25, 20, 16, 17] },
  iih: { over: ['isis', 17, 15, 16] },
  lsp: { over: ['isis', 18, 20] },
  snp: { over: ['isis', 27, 26, 24, 25] },
  csnp: { over: ['isis', 24, 25] },
  psnp: { over: ['isis', 26, 27] },
  clnp: { over: ['iso', 0x81] },
  stp: { over: ['link', link.LLCSAP_8021D] },
  ipx: { over: ['link', link.LLCSAP_IPX] },
  netbeui: { over: ['link', link.LLCSAP_NETBEUI] },
};

/** The names that `ether proto` knows, beside the words that are EtherTypes or LLC access points themselves. */
const etherProtocols: ReadonlyMap<string, number> = new Map<string, number>([
  ...Object.entries(protocols).flatMap(([word, { over }]): [string, number][] =>
    over?.[0] === 'link' ? [[word, over[1]!]] : [],
  ),
  ['loopback', link.ETHERTYPE_LOOPBACK],
]);

/** The words before `proto` that can stand before it, and what they make of the number. */
const encapsulates: Partial<Record<ProtocolWord | 'any', Carrier>> = {
  any: 'ip',
  link: 'link',
  ip: 'ip4',
  ip6: 'ip6',
  iso: 'iso',
  isis: 'isis',
};

export function accessOf(word: ProtocolWord): Access | undefined {
  return protocols[word].access;
}

/** Packets of the protocol: `tcp` alone. */
export function isProtocol(scope: Scope, word: ProtocolWord, span: Span): Predicate {
  const { over } = protocols[word];
  if (over === undefined)
    return scope.fail(span, 'the link layer is in every packet: expected a comparison or qualifiers');
  const [carrier, ...numbers] = over;
  return numbers.length === 1
    ? carried(scope, carrier, numbers[0]!)
    : or(...numbers.map((number) => carried(scope, carrier, number)));
}

function carried(scope: Scope, carrier: Carrier, protocol: number): Predicate {
  switch (carrier) {
    case 'link':
      return carries(scope, protocol);
    case 'ip4':
      return ip4Protocol(scope, protocol);
    case 'ip6':
      return ip6Protocol(scope, protocol);
    case 'ip':
      return ipProtocol(scope, protocol);
    case 'iso':
      // The network layer protocol identifier (ISO/IEC TR 9577) is the first byte.
      return and(
        carries(scope, link.LLCSAP_ISONS),
        scope.test('eq', scope.load('payload', scope.link.isoAt, 1), protocol),
      );
    case 'isis':
      return and(
        carried(scope, 'iso', 0x83),
        scope.test('eq', scope.load('payload', scope.link.isoAt + 4, 1), protocol),
      );
  }
}

/** A protocol as the text has it: by number or by name. */
type ProtocolOperand = Operand & { readonly kind: 'number' | 'name' };

/** `ip protochain 6`: the protocol anywhere in a chain of headers. */
export function hasProtocolInChain(
  scope: Scope,
  word: ProtocolWord | undefined,
  operand: ProtocolOperand,
  span: Span,
): Predicate {
  if (word !== undefined && word !== 'ip' && word !== 'ip6') {
    return scope.fail(span, `"${word} protochain": expected ip, ip6 or nothing before "protochain"`);
  }
  return protochain(scope, word, numberOf(scope, 'ip', operand, span), span);
}

/** `ip proto 6`, `ether proto \arp`: the operand is a number or a name. */
export function hasProtocol(
  scope: Scope,
  word: ProtocolWord | undefined,
  operand: ProtocolOperand,
  span: Span,
): Predicate {
  const carrier = encapsulates[word ?? 'any'];
  if (carrier === undefined) {
    return scope.fail(span, `"${word} proto": expected ether, ip, ip6 or nothing before "proto"`);
  }
  return carried(scope, carrier, numberOf(scope, carrier, operand, span));
}

function numberOf(scope: Scope, carrier: Carrier, operand: ProtocolOperand, span: Span): number {
  if (operand.kind === 'number') return operand.value;
  const name = operand.text;
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
  if (carrier === 'isis') return scope.fail(span, `IS-IS protocol "${name}": expected its number`);
  const { resolver } = scope;
  return (
    resolver.protocol(name) ?? scope.failName(span, `IP protocol "${name}"`, name, resolver.known('protocol'))
  );
}
