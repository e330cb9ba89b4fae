/**
 * What a filter lets through, in words: for somebody who types it and wants to know whether it means what he means. Says what
 * the text says, with what it leaves unsaid; not what the optimiser made of it.
 */
import type { Arithmetic, Filter, Operand, Qualifiers } from './ast.ts';
import { parseFilter } from './parser.ts';

/** One sentence without its full stop. @throws CompileError */
export function explainFilter(text: string): string {
  const filter = parseFilter(text);
  return filter === undefined ? 'every packet' : `packets ${explain(filter)}`;
}

function explain(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.operands.map((operand) => within(operand, filter.kind)).join(` ${filter.kind} `);
    case 'not':
      return `that are not ${within(filter.operand, 'not')}`;
    case 'match':
      return explainMatch(filter.qualifiers, filter.operand);
    case 'protocol':
      return `of ${nameOf(filter.protocol)}`;
    case 'relation':
      return `where ${explainNumber(filter.left)} ${filter.comparison} ${explainNumber(filter.right)}`;
    case 'cast':
      return `sent by ${filter.protocol === undefined ? '' : `${nameOf(filter.protocol)} `}${filter.cast}`;
    case 'length':
      return `of ${filter.comparison === 'less' ? 'at most' : 'at least'} ${filter.lengthBytes} bytes`;
    case 'byte':
      return `whose byte ${filter.offset} ${filter.operator} ${filter.value}`;
    case 'direction':
      return filter.direction === 'in' ? 'that are received' : 'that are sent';
    case 'interface':
      return `of interface ${filter.index}`;
    case 'encapsulation':
      return `in ${filter.word}${filter.id === undefined ? '' : ` ${filter.id}`} (what follows looks behind its header)`;
    case 'discovery':
      return 'of PPPoE discovery';
    case 'llc':
      return `of LLC${filter.type === undefined ? '' : ` ${filter.type}`}`;
  }
}

/** With parentheses where the words alone could be read in two ways. */
function within(filter: Filter, around: 'and' | 'or' | 'not'): string {
  const text = explain(filter);
  const isList = filter.kind === 'and' || filter.kind === 'or';
  return isList && filter.kind !== around ? `(${text})` : text;
}

function explainMatch(
  { protocol, direction = 'src or dst', type = 'host' }: Qualifiers,
  operand: Operand,
): string {
  const whose = protocol === undefined ? '' : `of ${nameOf(protocol)} `;
  const what = explainOperand(operand);
  if (type === 'proto' || type === 'protochain') return `${whose}that carry protocol ${what}`;
  const ways = { src: 'from', dst: 'to', 'src or dst': 'from or to', 'src and dst': 'from and to' };
  return `${whose}${ways[direction]} ${TYPES[type]} ${what}`;
}

const TYPES: Readonly<Record<Exclude<NonNullable<Qualifiers['type']>, 'proto' | 'protochain'>, string>> = {
  host: 'address',
  net: 'network',
  port: 'port',
  portrange: 'ports',
  gateway: 'gateway',
};

function explainOperand(operand: Operand): string {
  switch (operand.kind) {
    case 'number':
      return String(operand.value);
    case 'dotted': {
      const { text, prefix, mask } = operand;
      return prefix !== undefined ? `${text}/${prefix}` : mask !== undefined ? `${text} mask ${mask}` : text;
    }
    case 'ip6':
      return operand.prefix === undefined ? operand.text : `${operand.text}/${operand.prefix}`;
    case 'name':
    case 'ether':
      return operand.text;
  }
}

function explainNumber(value: Arithmetic): string {
  switch (value.kind) {
    case 'number':
      return String(value.value);
    case 'len':
      return 'the length';
    case 'load': {
      const bytes = value.size === 1 ? 'byte' : `${value.size} bytes from`;
      return `${nameOf(value.protocol)} ${bytes} ${explainNumber(value.index)}`;
    }
    case 'negate':
      return `-${explainNumber(value.operand)}`;
    case 'binary':
      return `(${explainNumber(value.left)} ${value.operator} ${explainNumber(value.right)})`;
  }
}

const NAMES: ReadonlyMap<string, string> = new Map([
  ['link', 'Ethernet'],
  ['ip', 'IPv4'],
  ['ip6', 'IPv6'],
  ['icmp6', 'ICMPv6'],
]);

function nameOf(protocol: string): string {
  return NAMES.get(protocol) ?? protocol.toUpperCase();
}
