/**
 * From the tree of a filter to the formula over packet bytes. Walks the tree in the order of the text, as `vlan`
 * changes what comes after it.
 */
import type { Filter } from '../ast.ts';
import { always, and, never, not, or, type Predicate } from '../predicate.ts';
import type { ProtocolWord } from '../words.ts';
import { relation } from './arithmetic.ts';
import { etherBroadcast, etherMulticast, vlan } from './link.ts';
import { ip4Broadcast, ip4Multicast, ip6Multicast } from './network.ts';
import { matchOperand } from './operands.ts';
import { isProtocol } from './protocols.ts';
import type { Scope } from './scope.ts';

export function lowerFilter(scope: Scope, filter: Filter): Predicate {
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
    case 'vlan':
      return vlan(scope, filter.id, filter.span);
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

function lowerDirection(scope: Scope, { direction, span }: Filter & { kind: 'direction' }): Predicate {
  if (scope.direction === undefined) {
    const word = direction === 'in' ? 'inbound' : 'outbound';
    return scope.fail(
      span,
      `"${word}" needs packets that are seen at a port: nothing says here which way they went`,
    );
  }
  return scope.direction === direction ? always : never;
}
