/**
 * When a layer has a field (`when` in packet/'s table) as numbers that a program can compare: bytes of the layer whose
 * value is in a range or in a list. test/conformance/trace-fields.test.ts holds it against the table.
 */

export interface FieldCondition {
  readonly offset: number;
  readonly bytes: 1 | 2;
  /** Inclusive ranges, one of which holds the value. */
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

const type16 = (offset: number): FieldCondition => ({ offset, bytes: 2, ranges: [[1501, 0xffff]] });
const length16 = (offset: number): FieldCondition => ({ offset, bytes: 2, ranges: [[0, 1500]] });
const typeIs = (...types: readonly (number | readonly [number, number])[]): FieldCondition => ({
  offset: 0,
  bytes: 1,
  ranges: types.map((type) => (typeof type === 'number' ? [type, type] : type)),
});

export const fieldConditions: Readonly<Record<string, FieldCondition>> = {
  'eth.type': type16(12),
  'eth.len': length16(12),
  'vlan.etype': type16(2),
  'vlan.len': length16(2),
  'icmp.ident': typeIs(0, 8, [13, 18]),
  'icmp.seq': typeIs(0, 8, [13, 18]),
  'icmp.mtu': { offset: 0, bytes: 2, ranges: [[0x0304, 0x0304]] },
  'icmp.redir_gw': typeIs(5),
  'icmpv6.echo.identifier': typeIs([128, 129]),
  'icmpv6.echo.sequence_number': typeIs([128, 129]),
  'icmpv6.mtu': typeIs(2),
  'icmpv6.nd.ns.target_address': typeIs(135),
  'icmpv6.nd.na.target_address': typeIs(136),
};

/** Conditions that hold for every layer that programs find. */
export const alwaysTrue: ReadonlySet<string> = new Set(['ip.hdr_len']);
