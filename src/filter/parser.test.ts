import { describe, expect, test } from 'vitest';
import { CompileError } from '../base/index.ts';
import type { Arithmetic, Filter, Operand, Qualifiers } from './ast.ts';
import { parseFilter } from './parser.ts';

/** The tree with every qualifier and parenthesis written out. */
function show(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.operands.map(show).join(` ${filter.kind} `)})`;
    case 'not':
      return `!${show(filter.operand)}`;
    case 'match':
      return showMatch(filter.qualifiers, filter.operand);
    case 'protocol':
      return filter.protocol;
    case 'relation':
      return `${value(filter.left)} ${filter.comparison} ${value(filter.right)}`;
    case 'cast':
      return `${filter.protocol ?? '-'}:${filter.cast}`;
    case 'length':
      return `${filter.comparison} ${filter.lengthBytes}`;
    case 'byte':
      return `byte ${filter.offset} ${filter.operator} ${filter.value}`;
    case 'direction':
      return filter.direction;
    case 'interface':
      return `ifindex ${filter.index}`;
    case 'encapsulation':
      return `${filter.word} ${filter.id ?? '-'}`;
    case 'discovery':
      return 'pppoed';
    case 'llc':
      return `llc ${filter.type ?? '-'}`;
  }
}

function showMatch(qualifiers: Qualifiers, operand: Operand): string {
  const { protocol, direction, type } = { protocol: '-', direction: '-', type: '-', ...qualifiers };
  const text = operand.kind === 'number' ? String(operand.value) : operand.text;
  const mask = operand.kind === 'dotted' || operand.kind === 'ip6' ? (operand.prefix ?? '') : '';
  return `[${protocol} ${direction} ${type} ${text}${mask === '' ? '' : `/${mask}`}]`;
}

function value(node: Arithmetic): string {
  switch (node.kind) {
    case 'number':
      return String(node.value);
    case 'len':
      return 'len';
    case 'load':
      return `${node.protocol}[${value(node.index)}:${node.size}]`;
    case 'negate':
      return `-${value(node.operand)}`;
    case 'binary':
      return `(${value(node.left)} ${node.operator} ${value(node.right)})`;
  }
}

describe('qualifiers are carried on', () => {
  for (const [text, want] of [
    ['host a', '[- - host a]'],
    ['tcp src port 80', '[tcp src port 80]'],
    ['src or dst host a', '[- src or dst host a]'],
    ['dst and src a', '[- src and dst - a]'],
    ['tcp port 80 or 443', '([tcp - port 80] or [tcp - port 443])'],
    ['host a or b and not c', '(([- - host a] or [- - host b]) and ![- - host c])'],
    ['not host a and b', '(![- - host a] and [- - host b])'],
    ['port 80 and (tcp) or 443', '(([- - port 80] and tcp) or [- - port 443])'],
    ['port (80 or not 443)', '([- - port 80] or ![- - port 443])'],
    [
      'host a and (port 80 or 443) or b',
      '(([- - host a] and ([- - port 80] or [- - port 443])) or [- - host b])',
    ],
    ['net 10.1/16 or 10.2', '([- - net 10.1/16] or [- - net 10.2])'],
    ['ip protochain 6 or 17', '([ip - protochain 6] or [ip - protochain 17])'],
    ['gateway a or b', '([- - gateway a] or [- - gateway b])'],
    ['decnet src 1.1 or 1.2', '([decnet src - 1.1] or [decnet src - 1.2])'],
    ['ether proto \\ip or \\arp', '([link - proto ip] or [link - proto arp])'],
  ] as const) {
    test(text, () => {
      expect(show(parseFilter(text)!)).toBe(want);
    });
  }
});

describe('and, or and not', () => {
  for (const [text, want] of [
    ['tcp or udp and ip', '((tcp or udp) and ip)'],
    ['tcp and udp or ip and arp', '(((tcp and udp) or ip) and arp)'],
    ['tcp or (udp and ip)', '(tcp or (udp and ip))'],
    ['not tcp and udp', '(!tcp and udp)'],
    ['not (tcp and udp)', '!(tcp and udp)'],
    ['!!tcp', '!!tcp'],
    ['((tcp))', 'tcp'],
    ['vlan and vlan 100 and vlan (0x10)', '(vlan - and vlan 100 and vlan 16)'],
    ['mpls and mpls 5 or geneve (7)', '((mpls - and mpls 5) or geneve 7)'],
    ['pppoed or pppoes 9 and pppoes', '((pppoed or pppoes 9) and pppoes -)'],
    ['llc or llc u and llc RR or llc rnr', '(((llc - or llc u) and llc rr) or llc rnr)'],
    ['l1 and not csnp or is-is', '((l1 and !csnp) or isis)'],
    ['ifindex 3 and ip', '(ifindex 3 and ip)'],
    ['ip broadcast or multicast', '(ip:broadcast or -:multicast)'],
    ['less 64 or greater 0x40', '(less 64 or greater 64)'],
    ['byte 12 = 8 and inbound', '(byte 12 = 8 and in)'],
  ] as const) {
    test(text, () => {
      expect(show(parseFilter(text)!)).toBe(want);
    });
  }
});

describe('arithmetic', () => {
  for (const [text, want] of [
    ['1 + 2 * 3 = 7', '(1 + (2 * 3)) = 7'],
    ['10 - 4 - 3 > 0', '((10 - 4) - 3) > 0'],
    ['1 | 2 & 3 << 1 < 9', '(1 | (2 & (3 << 1))) < 9'],
    ['16 >> 1 + 1 = 4', '(16 >> (1 + 1)) = 4'],
    ['2 * 3 % 4 + 1 = 6', '(2 * (3 % (4 + 1))) = 6'],
    ['9 ^ 1 + 1 = 11', '(9 ^ (1 + 1)) = 11'],
    ['-1 + 2 = 1', '(-1 + 2) = 1'],
    ['- 7 % 4 = 1', '-(7 % 4) = 1'],
    ['(tcp[12] & 0xf0) >> 2 != 20', '((tcp[12:1] & 240) >> 2) != 20'],
    ['ether[ip[3] + 1:2] = len', 'link[(ip[3:1] + 1):2] = len'],
    ['((1)) = 1', '1 = 1'],
    ['len - (ip[2:2] + 14) >= 0', '(len - (ip[2:2] + 14)) >= 0'],
  ] as const) {
    test(text, () => {
      expect(show(parseFilter(text)!)).toBe(want);
    });
  }
});

test('an empty text has no tree', () => {
  expect(parseFilter('')).toBeUndefined();
  expect(parseFilter(' \n\t')).toBeUndefined();
});

test('very deep nesting is refused, long lists are not', () => {
  expect(() => parseFilter(`${'('.repeat(100_000)}tcp`)).toThrow('nested more than 500 levels deep');
  expect(() => parseFilter(`${'not '.repeat(100_000)}tcp`)).toThrow('nested more than 500 levels deep');
  expect(() => parseFilter(`${'-'.repeat(100_000)}1 = 1`)).toThrow('nested more than 500 levels deep');
  expect(parseFilter(Array(20_000).fill('tcp').join(' or '))?.kind).toBe('or');
});

describe('faults name the token and what was expected', () => {
  for (const [text, want] of [
    [
      'hosst 10.1.2.3',
      'unexpected "hosst": expected a primitive such as host, port or tcp\n  hosst 10.1.2.3\n  ^^^^^\n  did you mean "host"?',
    ],
    [
      'tcp port',
      'unexpected end of the filter: expected a port number or service name\n  tcp port\n          ^',
    ],
    [
      'tcp and',
      'unexpected end of the filter: expected a primitive such as host, net, port, tcp or vlan\n  tcp and\n         ^',
    ],
    [
      'ip[0] > ',
      'unexpected end of the filter: expected a number, "len" or bytes of a packet such as ip[0]\n  ip[0] > \n          ^',
    ],
    ['ip[0]', 'unexpected end of the filter: expected a comparison such as = or >\n  ip[0]\n       ^'],
    ['ip[0:3] = 1', 'a load of 3 bytes: expected 1, 2 or 4\n  ip[0:3] = 1\n       ^'],
    ['(tcp', 'unexpected end of the filter: expected "and", "or" or ")"\n  (tcp\n      ^'],
    ['tcp)', 'unexpected ")": expected "and", "or" or the end of the filter\n  tcp)\n     ^'],
    ['src or host a', 'unexpected "host": expected "dst"\n  src or host a\n         ^^^^'],
    [
      '10.1.2.3',
      'unexpected "10.1.2.3": expected a qualifier before it, such as host or net\n  10.1.2.3\n  ^^^^^^^^',
    ],
    [
      'port 80 or tcp or 443',
      'a number alone is no condition: expected qualifiers before it, such as port or host\n  port 80 or tcp or 443\n                    ^^^',
    ],
    ['type mgt', '"type" is not supported: only for 802.11 link types\n  type mgt\n  ^^^^'],
    ['llc 5', 'unexpected "5": expected "and", "or" or the end of the filter\n  llc 5\n      ^'],
    ['mppls 5', 'did you mean "mpls"?'],
    ['ip and genev', 'did you mean "geneve"?'],
    ['ip protochan 6', 'did you mean "protochain"?'],
    ['ifindex eth0', 'unexpected "eth0": expected the number of an interface'],
    ['src gateway a', 'unexpected "gateway": expected an address or host name'],
    ['byte 0 != 1', 'unexpected "!=": expected one of = < > & |\n  byte 0 != 1\n         ^^'],
    [
      'net 10.0.0.0 mask 255',
      'unexpected "255": expected a dotted mask such as 255.255.255.0\n  net 10.0.0.0 mask 255\n                    ^^^',
    ],
  ] as const) {
    test(text, () => {
      expect(() => parseFilter(text)).toThrow(CompileError);
      expect(() => parseFilter(text)).toThrow(want);
    });
  }
});
