/**
 * From the tree of a filter to the formula over packet bytes. Walks the tree in the order of the text, as `vlan` and its
 * like change what comes after them.
 */
import type { Filter } from '../ast.ts';
import { always, and, never, not, or, type Predicate } from '../predicate.ts';
import type { ProtocolWord } from '../words.ts';
import { relation } from './arithmetic.ts';
import { encapsulation, pppoeDiscovery } from './encapsulation.ts';
import { etherBroadcast, etherMulticast } from './ethernet.ts';
import { llc } from './llc.ts';
import { ip4Broadcast, ip4Multicast, ip6Multicast } from './network.ts';
import { matchOperand } from './operands.ts';
import { isProtocol } from './protocols.ts';
import type { Scope } from './scope.ts';

export function lowerFilter(scope: Scope, filter: Filter): Predicate {
  scope.span = filter.span;
  switch (filter.kind) {
    case 'and':
      return and(...filter.operands.map((operand) => lowerFilter(scope, operand)));
    case 'or':
      return or(...filter.operands.map((operand) => lowerFilter(scope, operand)));
    case 'not':
      return not(lowerFilter(scope, filter.operand));
    case 'match':
      return matchOperand(scope, filter);
    case 'protocol':
      return isProtocol(scope, filter.protocol, filter.span);
    case 'relation':
      return relation(scope, filter.comparison, filter.left, filter.right);
    case 'cast':
      return lowerCast(scope, filter);
    case 'length':
      return filter.comparison === 'greater'
        ? scope.test('ge', scope.values.len, filter.lengthBytes)
        : not(scope.test('gt', scope.values.len, filter.lengthBytes));
    case 'byte':
      return lowerByte(scope, filter);
    case 'direction':
      return lowerDirection(scope, filter);
    case 'interface':
      return lowerInterface(scope, filter);
    case 'encapsulation':
      return encapsulation(scope, filter);
    case 'discovery':
      return pppoeDiscovery(scope);
    case 'llc':
      return llc(scope, filter.type, filter.span);
  }
}

const casts: Readonly<
  Record<'broadcast' | 'multicast', Partial<Record<ProtocolWord, (scope: Scope) => Predicate>>>
> = {
  broadcast: { link: etherBroadcast, ip: ip4Broadcast },
  multicast: { link: etherMulticast, ip: ip4Multicast, ip6: ip6Multicast },
};

function lowerCast(scope: Scope, { cast, protocol, span }: Filter & { kind: 'cast' }): Predicate {
  const known = casts[cast];
  const lower = known[protocol ?? 'link'];
  if (lower !== undefined) return lower(scope);
  const expected = Object.keys(known).map((word) => (word === 'link' ? 'ether' : word));
  return scope.fail(
    span,
    `"${protocol} ${cast}": expected ${expected.join(', ')} or nothing before "${cast}"`,
  );
}

function lowerByte(scope: Scope, { offset, operator, value }: Filter & { kind: 'byte' }): Predicate {
  const byte = scope.load('frame', offset, 1);
  switch (operator) {
    case '=':
      return scope.test('eq', byte, value);
    case '>':
      return scope.test('gt', byte, value);
    case '<':
      return not(scope.test('ge', byte, value));
    case '&':
      return scope.test('set', byte, value);
    case '|':
      return not(scope.test('eq', scope.values.either(byte, value), 0));
  }
}

/** Where a Linux cooked header tells what kind of packet it is, and which interface it was seen at. */
const LINUX_SLL_OUTGOING = 4;
const SLL_PKTTYPE = 0;
const SLL2_IF_INDEX = 4;
const SLL2_PKTTYPE = 10;

function lowerInterface(scope: Scope, { index, span }: Filter & { kind: 'interface' }): Predicate {
  if (scope.outerLink.name !== 'LINUX_SLL2') {
    return scope.fail(
      span,
      `"ifindex" on ${scope.outerLink.title}: only Linux cooked v2 has it in the packet`,
    );
  }
  return scope.test('eq', scope.values.load(4, undefined, SLL2_IF_INDEX), index);
}

function lowerDirection(scope: Scope, { direction, span }: Filter & { kind: 'direction' }): Predicate {
  if (scope.outerLink.name === 'LINUX_SLL') return isOutgoing(scope, SLL_PKTTYPE, 2, direction);
  if (scope.outerLink.name === 'LINUX_SLL2') return isOutgoing(scope, SLL2_PKTTYPE, 1, direction);
  if (scope.direction === undefined) {
    const word = direction === 'in' ? 'inbound' : 'outbound';
    return scope.fail(
      span,
      `"${word}" needs packets that are seen at a port: nothing says here which way they went`,
    );
  }
  return scope.direction === direction ? always : never;
}

function isOutgoing(scope: Scope, offset: number, size: 1 | 2, direction: 'in' | 'out'): Predicate {
  const outgoing = scope.test('eq', scope.values.load(size, undefined, offset), LINUX_SLL_OUTGOING);
  return direction === 'out' ? outgoing : not(outgoing);
}
