/** Operands that are the name of a host: the resolver knows its addresses. */
import type { Span } from '../../base/index.ts';
import type { Qualifiers } from '../ast.ts';
import { and, not, or, type Predicate } from '../predicate.ts';
import { parseDotted, parseEther, parseIp6 } from './addresses.ts';
import { etherHost } from './ethernet.ts';
import { matchIp4, matchIp6, wordOf } from './hosts.ts';
import type { Scope } from './scope.ts';

/** `host NAME`, `ether host NAME`: every address that the resolver knows. */
export function matchHostName(scope: Scope, qualifiers: Qualifiers, name: string, span: Span): Predicate {
  const { protocol } = qualifiers;
  if (protocol === 'decnet')
    return scope.fail(span, `DECnet host "${name}": expected its address, as in "decnet host 10.123"`);
  if (protocol === 'link') return etherHost(scope, etherAddressOf(scope, name, span), qualifiers.direction);
  const found: Predicate[] = [];
  for (const text of scope.resolver.addresses(name)) {
    const ip4 = parseDotted(text);
    const ip6 = ip4 === undefined ? parseIp6(text) : undefined;
    if (ip4 !== undefined && protocol !== 'ip6') {
      found.push(matchIp4(scope, qualifiers, ip4.address, 0xffff_ffff, span));
    } else if (ip6 !== undefined && (protocol === undefined || protocol === 'ip6')) {
      found.push(matchIp6(scope, qualifiers, ip6, Array(4).fill(0xffff_ffff), span));
    }
  }
  return found.length > 0 ? or(...found) : scope.fail(span, `unknown host "${name}"`);
}

/**
 * `gateway NAME`: frames to or from the Ethernet address of a host that are not to or from its IPv4 addresses: it only
 * passes them on. Source: pcap-filter(7); libpcap refuses it when it is built with IPv6.
 */
export function gateway(scope: Scope, protocol: Qualifiers['protocol'], name: string, span: Span): Predicate {
  if (protocol !== undefined && protocol !== 'ip' && protocol !== 'arp' && protocol !== 'rarp') {
    const word = wordOf(protocol);
    return scope.fail(span, `"${word} gateway": expected ip, arp, rarp or nothing before "gateway"`);
  }
  const qualifiers: Qualifiers = protocol === undefined ? {} : { protocol };
  const hosts = scope.resolver.addresses(name).flatMap((text) => {
    const parsed = parseDotted(text);
    return parsed === undefined ? [] : [matchIp4(scope, qualifiers, parsed.address, 0xffff_ffff, span)];
  });
  if (hosts.length === 0) return scope.fail(span, `unknown host "${name}": a gateway needs an IPv4 address`);
  return and(etherHost(scope, etherAddressOf(scope, name, span), undefined), not(or(...hosts)));
}

function etherAddressOf(scope: Scope, name: string, span: Span): readonly number[] {
  const text = scope.resolver.etherAddress(name);
  if (text !== undefined) return parseEther(text);
  return scope.fail(
    span,
    `unknown Ethernet host "${name}": expected its address, as in "ether host 02:00:00:00:00:01"`,
  );
}
