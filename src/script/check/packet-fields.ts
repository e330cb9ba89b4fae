/**
 * Fields of packets, by Wireshark's names: `ip.src`, `tcp.port`; ports also as `tcp.dport`. A comparison with a field is false when the packet does
 * not have it, a protocol's name is true when the packet has it, as in display filters. A name may stand for several
 * places (`tcp.port`, `ip.version`): a comparison holds when it holds for one of them, `!=` when it holds for all.
 */
import { nearest, type Span } from '../../base/index.ts';
import { FIELDS, type Field, fieldsByName, type ProtocolName } from '../../packet/index.ts';
import type { ValueType } from '../plan.ts';
import { type ExpressionTree, fail } from '../syntax/index.ts';
import type { BinaryOperator, Expression } from '../typed.ts';
import { requireForm } from './forms.ts';
import type { ProbeChecker } from './probe-checker.ts';
import { describeType, signed, unsigned } from './value-types.ts';

/** `frame`, which every packet is, is none. */
const protocols: ReadonlySet<string> = new Set(
  FIELDS.map((field) => field.protocol).filter((protocol) => protocol !== 'frame'),
);

/** Shorter names of ports in scripts. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ['tcp.sport', 'tcp.srcport'],
  ['tcp.dport', 'tcp.dstport'],
  ['udp.sport', 'udp.srcport'],
  ['udp.dport', 'udp.dstport'],
  ['sctp.sport', 'sctp.srcport'],
  ['sctp.dport', 'sctp.dstport'],
]);

/** The one field of the frame that is there before anything is written down: the argument `len`. */
export const FRAME_LENGTH = 'frame.len';

/** What a name of a field stands for: its fields, each with one place, outermost first. */
export interface NamedField {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly span: Span;
}

/** The dotted name that a tree is, `ip.src`; undefined for other trees. */
export function dottedName(tree: ExpressionTree): string | undefined {
  const words: string[] = [];
  let rest = tree;
  while (rest.kind === 'member') {
    words.unshift(rest.name);
    rest = rest.object;
  }
  return rest.kind === 'name' ? [rest.name, ...words].join('.') : undefined;
}

/** Whether a name can only be a field or a protocol; builtins come before. */
export function isFieldName(name: string): boolean {
  const first = name.split('.')[0]!;
  return protocols.has(first) || first === 'frame';
}

export function tryProtocol(tree: ExpressionTree): ProtocolName | undefined {
  const name = dottedName(tree);
  return name !== undefined && protocols.has(name) ? (name as ProtocolName) : undefined;
}

/** The field that a tree names, undefined when it names none. Fails where there are no packets. */
export function tryField(tree: ExpressionTree, checker: ProbeChecker): NamedField | undefined {
  const name = dottedName(tree);
  if (name === undefined || !name.includes('.') || !isFieldName(name) || protocols.has(name))
    return undefined;
  if (name === FRAME_LENGTH) return undefined;
  requirePacket(name, tree.span, checker);
  const rows = fieldsByName(otherNames.get(name) ?? name);
  if (rows === undefined) {
    const like = nearest(
      name,
      FIELDS.map((field) => field.name),
    );
    return fail(
      tree.span,
      `no field ${name}`,
      like === undefined ? 'docs/fields.md lists the fields' : `did you mean ${like}?`,
    );
  }
  const fields = rows.flatMap((row) => row.places.map((place) => ({ ...row, places: [place] })));
  if (fields.length === 0) {
    fail(tree.span, `${name} has no fixed place in a packet: it can be printed by hone read, not traced`);
  }
  return { name, fields, span: tree.span };
}

export function requirePacket(name: string, span: Span, checker: ProbeChecker): void {
  requireForm(checker.script.form, 'agent', span, name);
  if (checker.point.kind === 'packet') return;
  fail(
    span,
    `${name} is of a packet, and ${checker.probeName} is not about one`,
    'use dpdk:rx_packet or dpdk:tx_packet',
  );
}

export function typeOfField(field: Field): ValueType {
  switch (field.kind) {
    case 'ipv4':
    case 'ipv6':
    case 'mac':
      return { kind: field.kind };
    default:
      return unsigned;
  }
}

function read(field: Field, span: Span): Expression {
  return { op: 'field', field, type: typeOfField(field), span };
}

function has(field: Field, span: Span): Expression {
  return { op: 'has-field', field, type: signed, span };
}

export function hasProtocol(protocol: ProtocolName, span: Span): Expression {
  return { op: 'has-protocol', protocol, type: signed, span };
}

function join(op: 'and' | 'or', parts: readonly Expression[], span: Span): Expression {
  return parts.reduce((left, right) => ({ op, left, right, type: signed, span }));
}

/** Whether the packet has the field; of a flag, whether it is set. */
export function presence({ fields, span }: NamedField): Expression {
  const parts = fields.map((field) => (field.kind === 'boolean' ? read(field, span) : has(field, span)));
  return join('or', parts, span);
}

/** The field's value. A name of several protocols is the one that the packet has. */
export function fieldValue({ name, fields, span }: NamedField): Expression {
  const ofProtocols = new Set(fields.map((field) => field.protocol));
  if (ofProtocols.size < fields.length) {
    const [field] = fields;
    const parts = FIELDS.filter(
      (row) => row.protocol === field!.protocol && row.name !== name && isPartOf(row, fields),
    ).map((row) => row.name);
    fail(span, `${name} has two values in a packet`, `use one of ${parts.join(', ')}`);
  }
  return fields.slice(0, -1).reduceRight<Expression>(
    (no, field) => ({
      op: 'choose',
      condition: hasProtocol(field.protocol, span),
      yes: read(field, span),
      no,
      type: no.type,
      span,
    }),
    read(fields.at(-1)!, span),
  );
}

function isPartOf(row: Field, fields: readonly Field[]): boolean {
  return (
    row.places.length === 1 &&
    row.kind === fields[0]!.kind &&
    fields.some(({ places: [place] }) => place!.offset === row.places[0]!.offset)
  );
}

/** What a field is compared with: a value, or an address with its prefix. */
export type Comparand = Expression | { readonly network: bigint; readonly prefixBits: number };

/** `field operator value`, false when the packet does not have the field. */
export function compareField(
  { fields, span: nameSpan }: NamedField,
  operator: BinaryOperator,
  comparand: Comparand,
  span: Span,
): Expression {
  const compare = (field: Field, with_: BinaryOperator): Expression => {
    const value = read(field, nameSpan);
    const compared: Expression =
      'network' in comparand
        ? { op: 'in-network', address: value, ...comparand, type: signed, span }
        : { op: 'binary', operator: with_, left: value, right: comparand, type: signed, span };
    return join('and', [has(field, nameSpan), compared], span);
  };
  const isNegative = operator === '!=';
  if (isNegative && (fields.length > 1 || 'network' in comparand)) {
    const present = join(
      'or',
      fields.map((field) => has(field, nameSpan)),
      span,
    );
    const equal = join(
      'or',
      fields.map((field) => compare(field, '==')),
      span,
    );
    return join('and', [present, { op: 'not', operand: equal, type: signed, span }], span);
  }
  return join(
    'or',
    fields.map((field) => compare(field, operator)),
    span,
  );
}

const examples: Partial<Record<ValueType['kind'], string>> = {
  ipv4: '10.0.0.1 or 10.0.0.0/8',
  ipv6: '2001:db8::1 or 2001:db8::/32',
  mac: '02:00:00:00:00:01',
};

/** Fails when a field of this type cannot be compared with that one. */
export function requireComparable(
  field: NamedField,
  operator: BinaryOperator,
  type: ValueType,
  span: Span,
): void {
  const own = typeOfField(field.fields[0]!);
  const example = examples[own.kind];
  if (own.kind !== type.kind) {
    fail(
      span,
      `${field.name} is ${describeType(own)}, compared with ${describeType(type)}`,
      example === undefined ? undefined : `compare it with ${example}, without quotes`,
    );
  }
  if (own.kind !== 'integer' && operator !== '==' && operator !== '!=') {
    fail(span, `addresses have no order: "${operator}" does not go with ${field.name}`, 'use == or !=');
  }
}
