/**
 * What a protocol field is: its name (Wireshark's), the kind of its value, and how it is read from a layer. The fields
 * themselves stand in the field table; here are their types, reading and printing. Values are printed as tshark 4.0
 * prints them with `-T fields -e`.
 */
import { formatIpv4, formatIpv6, formatMac, hexByte } from './address.ts';
import type { Packet } from './dissect.ts';
import type { Layer, ProtocolName } from './layer.ts';

export type FieldKind = 'unsigned' | 'boolean' | 'mac' | 'ipv4' | 'ipv6' | 'bytes' | 'time' | 'text';

/**
 * By kind: unsigned number; boolean boolean; mac, ipv4, ipv6 and bytes a view of the packet's bytes (borrowed); time
 * nanoseconds since 1970 as a bigint; text string.
 */
export type FieldValue = number | bigint | boolean | string | Uint8Array;

/**
 * A fixed place in a header: `bytes` bytes in network order from `offset`, counted from the layer's first byte. Of
 * numbers (up to 4 bytes) the value is `((number >>> shift) & mask) * scale`; of addresses the bytes themselves.
 */
export interface FieldPlace {
  readonly offset: number;
  readonly bytes: number;
  readonly shift: number;
  readonly mask: number;
  readonly scale: number;
}

export interface Field {
  readonly name: string;
  /** The layers that have it. */
  readonly protocol: ProtocolName;
  readonly kind: FieldKind;
  /** Of the value in the packet; 0 when it varies or is not in the packet. */
  readonly bits: number;
  /** Digits of the hexadecimal form in which it is printed; 0 for decimal. */
  readonly hexDigits: number;
  readonly description: string;
  /** One place, or two for fields such as `ip.addr`; none when `compute` or `ofPacket` tells the values. */
  readonly places: readonly FieldPlace[];
  /** Whether a layer has the field at its places; undefined for always. */
  readonly when: ((layer: Layer) => boolean) | undefined;
  /** The values of fields at places that depend on the packet. */
  readonly compute: ((layer: Layer) => readonly FieldValue[]) | undefined;
  /** The value of a field of the whole packet (`frame.`). */
  readonly ofPacket: ((packet: Packet) => FieldValue | undefined) | undefined;
}

/**
 * The values of a field in a packet: none when it is not there or was not captured, several when several layers have
 * it, outermost first. Never throws.
 * @param rows the rows of one name, as `fieldsByName` gives them
 */
export function readField(rows: readonly Field[], packet: Packet): FieldValue[] {
  const values: FieldValue[] = [];
  for (const row of rows) {
    const value = row.ofPacket?.(packet);
    if (value !== undefined) values.push(value);
  }
  for (const layer of packet.layers) {
    for (const row of rows) {
      if (row.protocol === layer.protocol) readFromLayer(row, layer, values);
    }
  }
  return values;
}

function readFromLayer(field: Field, layer: Layer, values: FieldValue[]): void {
  if (field.compute !== undefined) {
    for (const value of field.compute(layer)) values.push(value);
    return;
  }
  for (const place of field.places) {
    if (!layer.has(place.offset + place.bytes)) continue;
    if (field.when === undefined || field.when(layer)) values.push(readPlace(field.kind, place, layer));
  }
}

function readPlace(kind: FieldKind, place: FieldPlace, layer: Layer): FieldValue {
  const { offset, bytes, shift, mask, scale } = place;
  if (kind !== 'unsigned' && kind !== 'boolean') return layer.borrow(offset, bytes);
  let number = 0;
  for (let i = 0; i < bytes; i++) number = (number << 8) | layer.u8(offset + i);
  const value = (((number >>> shift) & mask) >>> 0) * scale;
  return kind === 'boolean' ? value !== 0 : value;
}

/** One value as text. */
export function formatFieldValue(field: Field, value: FieldValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') {
    return field.hexDigits === 0 ? String(value) : `0x${value.toString(16).padStart(field.hexDigits, '0')}`;
  }
  if (typeof value === 'bigint') return formatTime(value);
  switch (field.kind) {
    case 'mac':
      return formatMac(value);
    case 'ipv4':
      return formatIpv4(value);
    case 'ipv6':
      return formatIpv6(value);
    default:
      return Array.from(value, hexByte).join('');
  }
}

/** Seconds with nine digits after the point. */
function formatTime(ns: bigint): string {
  const sign = ns < 0n ? '-' : '';
  const digits = String(ns < 0n ? -ns : ns).padStart(10, '0');
  return `${sign}${digits.slice(0, -9)}.${digits.slice(-9)}`;
}
