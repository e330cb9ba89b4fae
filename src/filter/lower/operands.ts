/**
 * Operands under their qualifiers: what `host`, `net`, `port`, `portrange` and `proto` make of a number, a name or an
 * address. The refusals are libpcap's.
 */
import type { Span } from '../../base/index.ts';
import type { Filter, Operand, Qualifiers } from '../ast.ts';
import type { Predicate } from '../predicate.ts';
import { parseDotted, parseEther, parseIp6, prefixMask } from './addresses.ts';
import { decnetHost, parseDecnet } from './decnet.ts';
import { etherHost } from './ethernet.ts';
import { gateway, matchHostName } from './host-names.ts';
import { matchIp4, matchIp6, wordOf } from './hosts.ts';
import { hasProtocol, hasProtocolInChain } from './protocols.ts';
import type { Scope } from './scope.ts';
import { IPPROTO_SCTP, IPPROTO_TCP, IPPROTO_UDP, type PortRange, ports } from './transport.ts';

type Match = Filter & { readonly kind: 'match' };

const transports = new Map<string, number>([
  ['tcp', IPPROTO_TCP],
  ['udp', IPPROTO_UDP],
  ['sctp', IPPROTO_SCTP],
]);

export function matchOperand(scope: Scope, { qualifiers, operand, span }: Match): Predicate {
  switch (qualifiers.type) {
    case 'port':
    case 'portrange':
      return matchPort(scope, qualifiers, operand, span);
    case 'proto':
    case 'protochain':
      if (operand.kind !== 'number' && operand.kind !== 'name') break;
      return qualifiers.type === 'proto'
        ? hasProtocol(scope, qualifiers.protocol, operand, span)
        : hasProtocolInChain(scope, qualifiers.protocol, operand, span);
    case 'gateway':
      if (operand.kind !== 'name')
        return scope.fail(span, 'an address after "gateway": expected the name of a host');
      return gateway(scope, qualifiers.protocol, operand.text, span);
    default:
      return matchAddress(scope, qualifiers, operand, span);
  }
  return scope.fail(span, `an address after "${qualifiers.type}": expected a protocol number or name`);
}

function matchAddress(scope: Scope, qualifiers: Qualifiers, operand: Operand, span: Span): Predicate {
  switch (operand.kind) {
    case 'number':
      return matchNumber(scope, qualifiers, operand.value, span);
    case 'dotted':
      return matchDotted(scope, qualifiers, operand, span);
    case 'ip6':
      return matchIp6Text(scope, qualifiers, operand, span);
    case 'ether':
      if (qualifiers.protocol !== 'link' || qualifiers.type === 'net') {
        return scope.fail(
          span,
          'an Ethernet address: expected "ether host", "ether src" or "ether dst" before it',
        );
      }
      return etherHost(scope, parseEther(operand.text), qualifiers.direction);
    case 'name':
      return qualifiers.type === 'net'
        ? matchNumber(scope, qualifiers, networkOf(scope, operand.text, span), span)
        : matchHostName(scope, qualifiers, operand.text, span);
  }
}

/** An address as one number. A network's is moved to the left, and has as many octets as it needs. */
function matchNumber(scope: Scope, qualifiers: Qualifiers, number: number, span: Span): Predicate {
  if (qualifiers.protocol === 'decnet') return decnetHost(scope, number, qualifiers.direction);
  let address = number;
  let mask = 0xffff_ffff;
  if (qualifiers.type === 'net') {
    while (address !== 0 && address <= 0x00ff_ffff) {
      address = (address << 8) >>> 0;
      mask = (mask << 8) >>> 0;
    }
  }
  return matchIp4(scope, qualifiers, address, mask, span);
}

/** The number of a network; 0 is none, as in libpcap. */
function networkOf(scope: Scope, name: string, span: Span): number {
  const number = scope.resolver.network(name) ?? 0;
  if (number !== 0) return number;
  return scope.fail(span, `unknown network "${name}": expected its number, as in "net 10.0.0.0/8"`);
}

function matchDotted(
  scope: Scope,
  qualifiers: Qualifiers,
  { text, prefix, mask }: Operand & { kind: 'dotted' },
  span: Span,
): Predicate {
  if (qualifiers.protocol === 'decnet') {
    if (prefix !== undefined || mask !== undefined) return scope.fail(span, 'DECnet addresses have no mask');
    return decnetHost(scope, parseDecnet(text)!, qualifiers.direction);
  }
  const parsed = parseDotted(text);
  if (parsed === undefined)
    return scope.fail(span, `"${text}" is no IPv4 address: expected octets of 0 to 255`);
  if (prefix === undefined && mask === undefined) {
    return matchIp4(scope, qualifiers, parsed.address, prefixMask(parsed.bits), span);
  }
  if (qualifiers.type !== 'net')
    return scope.fail(span, 'a mask is for networks: expected "net" before the address');
  let bits: number;
  if (mask === undefined) {
    if (prefix! > 32) return scope.fail(span, `a prefix of ${prefix} bits: expected at most 32`);
    bits = prefixMask(prefix!);
  } else {
    const parsedMask = parseDotted(mask);
    if (parsedMask === undefined)
      return scope.fail(span, `"${mask}" is no mask: expected octets of 0 to 255`);
    bits = parsedMask.address;
  }
  if ((parsed.address & ~bits) !== 0) return failHostBits(scope, text, span);
  return matchIp4(scope, qualifiers, parsed.address, bits, span);
}

function failHostBits(scope: Scope, text: string, span: Span): never {
  return scope.fail(span, `"${text}" has bits outside its mask: expected the address of a network`);
}

function matchIp6Text(
  scope: Scope,
  qualifiers: Qualifiers,
  { text, prefix }: Operand & { kind: 'ip6' },
  span: Span,
): Predicate {
  const address = parseIp6(text);
  if (address === undefined) return scope.fail(span, `"${text}" is no IPv6 address`);
  const bits = prefix ?? 128;
  if (bits > 128) return scope.fail(span, `a prefix of ${bits} bits: expected at most 128`);
  if (bits !== 128 && qualifiers.type !== 'net') {
    return scope.fail(span, 'a prefix is for networks: expected "net" before the address');
  }
  const mask = [0, 32, 64, 96].map((start) => prefixMask(Math.min(32, Math.max(0, bits - start))));
  if (address.some((word, i) => (word & ~mask[i]!) !== 0))
    return failHostBits(scope, `${text}/${bits}`, span);
  return matchIp6(scope, qualifiers, address, mask, span);
}

function matchPort(scope: Scope, qualifiers: Qualifiers, operand: Operand, span: Span): Predicate {
  const { protocol, direction, type } = qualifiers;
  const transport = protocol === undefined ? undefined : transports.get(protocol);
  if (protocol !== undefined && transport === undefined) {
    return scope.fail(
      span,
      `"${wordOf(protocol)}" has no ports: expected tcp, udp, sctp or nothing before "${type}"`,
    );
  }
  if (operand.kind === 'number')
    return inRange(scope, operand.value, operand.value, transport, direction, span);
  if (operand.kind !== 'name')
    return scope.fail(span, `an address after "${type}": expected a port number or service name`);
  if (type === 'port') {
    const service = lookUpService(scope, operand.text, protocol, span);
    return inRange(scope, service.port, service.port, transport ?? service.transport, direction, span);
  }
  return matchPortRange(scope, qualifiers, operand.text, transport, span);
}

function matchPortRange(
  scope: Scope,
  { protocol, direction }: Qualifiers,
  text: string,
  transport: number | undefined,
  span: Span,
): Predicate {
  const numbers = /^([0-9]+)-([0-9]+)/.exec(text);
  if (numbers !== null)
    return inRange(scope, Number(numbers[1]), Number(numbers[2]), transport, direction, span);
  const dash = text.indexOf('-');
  if (dash < 0) return scope.fail(span, `"${text}" is no range of ports: expected two joined by "-"`);
  const first = lookUpService(scope, text.slice(0, dash), protocol, span);
  const last = lookUpService(scope, text.slice(dash + 1), protocol, span);
  const common = first.transport === last.transport ? first.transport : undefined;
  return inRange(scope, first.port, last.port, transport ?? common, direction, span);
}

function inRange(
  scope: Scope,
  from: number,
  to: number,
  transport: number | undefined,
  direction: Qualifiers['direction'],
  span: Span,
): Predicate {
  const range: PortRange = { first: Math.min(from, to), last: Math.max(from, to) };
  if (range.last > 65535) return scope.fail(span, `port ${range.last}: expected at most 65535`);
  return ports(scope, range, transport, direction);
}

/** A service's port; its transport when it has only one of TCP and UDP. */
function lookUpService(
  scope: Scope,
  name: string,
  protocol: Qualifiers['protocol'],
  span: Span,
): { readonly port: number; readonly transport: number | undefined } {
  const entries = scope.resolver.service(name);
  const tcp = entries.find((entry) => entry.protocol === 'tcp');
  const udp = entries.find((entry) => entry.protocol === 'udp');
  const only = tcp === undefined ? 'udp' : 'tcp';
  const entry = tcp ?? udp ?? entries[0];
  if (entry === undefined) {
    return scope.failName(span, `service "${name}"`, name, scope.resolver.known('service'));
  }
  if (tcp !== undefined && udp !== undefined) return { port: entry.port, transport: undefined };
  if (protocol !== undefined && protocol !== entry.protocol) {
    return scope.fail(span, `service "${name}" is of ${entry.protocol}, not of ${protocol}`);
  }
  return { port: entry.port, transport: transports.get(entries.length > 1 ? only : entry.protocol) };
}
