/**
 * `protochain`: a protocol anywhere in the chain of headers behind IPv4 (authentication headers) or IPv6 (extension
 * headers). libpcap loops over the chain; programs that run next to the packets may not loop, so that a fixed number
 * of headers is looked at. Source: RFC 8200, 4302.
 */
import type { Span } from '../../base/index.ts';
import { BPF_ADD, BPF_MUL } from '../../bpf/index.ts';
import { and, assign, or, type Predicate } from '../predicate.ts';
import type { Value } from '../values.ts';
import { carries } from './link.ts';
import { ETHERTYPE_IP, ETHERTYPE_IPV6 } from './link-protocols.ts';
import type { Scope } from './scope.ts';

/** How many headers of a chain are stepped over. */
const MAX_IP4_STEPS = 4;
const MAX_IP6_STEPS = 8;

const IPPROTO_AH = 51;

/** Hop-by-hop options, destination options, routing, fragment: 8 bytes, and 8 more for each unit of length. */
const extensionHeaders: readonly number[] = [0, 60, 43, 44];

/** `protochain` of IPv4, of IPv6, or of both. */
export function protochain(
  scope: Scope,
  family: 'ip' | 'ip6' | undefined,
  protocol: number,
  span: Span,
): Predicate {
  if (scope.place('payload').base !== undefined) {
    return scope.fail(span, '"protochain" behind headers of variable length: expected it before "geneve"');
  }
  const chains: Predicate[] = [];
  if (family !== 'ip6') chains.push(ip4Chain(scope, protocol));
  if (family !== 'ip') chains.push(ip6Chain(scope, protocol));
  return or(...chains);
}

function ip4Chain(scope: Scope, protocol: number): Predicate {
  const start = scope.values.headerLength(scope.place('payload').offset);
  const first = { type: scope.load('payload', 9, 1), at: start };
  return and(carries(scope, ETHERTYPE_IP), chain(scope, protocol, first, [], MAX_IP4_STEPS));
}

function ip6Chain(scope: Scope, protocol: number): Predicate {
  const first = { type: scope.load('payload', 6, 1), at: scope.values.constant(40) };
  return and(carries(scope, ETHERTYPE_IPV6), chain(scope, protocol, first, extensionHeaders, MAX_IP6_STEPS));
}

/** A header of a chain: its protocol, and where it begins, counted from the IP header. */
interface Link {
  readonly type: Value;
  readonly at: Value;
}

/** Whether this header or one behind it is of the protocol. */
function chain(
  scope: Scope,
  protocol: number,
  { type, at }: Link,
  extensions: readonly number[],
  steps: number,
): Predicate {
  const isType = (number: number): Predicate => scope.test('eq', type, number);
  if (steps === 0) return isType(protocol);
  const { values } = scope;
  const next: Link = { type: values.newCell(type), at: values.newCell(at) };
  const lengthUnits = scope.load('payload', 1, 1, at);
  const step = (more: number, unitBytes: number): Predicate => {
    const units = values.sum(lengthUnits, values.constant(more));
    const lengthBytes = values.binary(BPF_MUL, units, values.constant(unitBytes));
    return and(
      assign(next.type, scope.load('payload', 0, 1, at)),
      assign(next.at, values.binary(BPF_ADD, lengthBytes, at)),
    );
  };
  const skips = [
    ...(extensions.length === 0 ? [] : [and(or(...extensions.map(isType)), step(1, 8))]),
    and(isType(IPPROTO_AH), step(2, 4)),
  ];
  const behind = chain(scope, protocol, next, extensions, steps - 1);
  values.freeCells(next.type, next.at);
  return or(isType(protocol), and(or(...skips), behind));
}
