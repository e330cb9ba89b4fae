/**
 * `protochain`: a protocol anywhere in the chain of headers behind IPv4 (authentication headers) or IPv6 (extension
 * headers). libpcap loops over the chain; programs that run next to the packets may not loop, so that a fixed number
 * of headers is looked at. Source: RFC 8200, 4302.
 */
import type { Span } from '../../base/index.ts';
import { BPF_MUL, BPF_RSH, BPF_SUB, BPF_XOR } from '../../bpf/classic.ts';
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
interface Header {
  readonly type: Value;
  readonly at: Value;
}

/** Whether this header or one behind it is of the protocol. `before` is the type of the header before it, needed no more. */
function chain(
  scope: Scope,
  protocol: number,
  header: Header,
  extensions: readonly number[],
  steps: number,
  before?: Value,
): Predicate {
  const { type, at } = header;
  const isWanted = scope.test('eq', type, protocol);
  if (steps === 0) return isWanted;
  const { values } = scope;
  const next: Header = { type: values.newCell(before), at: values.newCell(at) };
  const skip = and(
    isOneOf(scope, type, [...extensions, IPPROTO_AH]),
    assign(next.type, scope.load('payload', 0, 1, at)),
    assign(next.at, values.sum(lengthOf(scope, header, extensions.length > 0), at)),
  );
  const behind = chain(scope, protocol, next, extensions, steps - 1, type);
  values.freeCells(next.type, next.at);
  return or(isWanted, and(skip, behind));
}

/**
 * Whether a byte is one of some numbers, by one test: the product of its differences from them is 0. It has too few
 * factors 2 to become 0 modulo 2^32 otherwise. A test for each number would multiply the ways through the chain
 * with every header, and librte_bpf looks at each way of a program that it loads.
 */
function isOneOf(scope: Scope, byte: Value, numbers: readonly number[]): Predicate {
  const { values } = scope;
  const differences = numbers.map((number) => values.binary(BPF_XOR, byte, values.constant(number)));
  return scope.test(
    'eq',
    differences.reduce((product, difference) => values.binary(BPF_MUL, product, difference)),
    0,
  );
}

/** (n + 1) * 8 bytes for an extension header, (n + 2) * 4 for an authentication header, without a test. */
function lengthOf(scope: Scope, { type, at }: Header, mayBeExtension: boolean): Value {
  const { values } = scope;
  const constant = (number: number): Value => values.constant(number);
  const field = scope.load('payload', 1, 1, at);
  if (!mayBeExtension) return values.binary(BPF_MUL, values.sum(field, constant(2)), constant(4));
  // 1 or 0: only of 0 the number before it has its highest bit.
  const isAuthentication = values.binary(
    BPF_RSH,
    values.binary(BPF_SUB, values.binary(BPF_XOR, type, constant(IPPROTO_AH)), constant(1)),
    constant(31),
  );
  const units = values.sum(values.sum(isAuthentication, constant(1)), field);
  return values.binary(BPF_RSH, values.binary(BPF_MUL, units, constant(8)), isAuthentication);
}
