/**
 * Packets taken apart into layers, the table of protocol fields, packets as text, and packets made up as samples. Pure:
 * bytes in, values, text or bytes out.
 */
export { formatIpv4, formatIpv6, formatMac } from './address.ts';
export { dissect, type Packet, type PacketOrigin } from './dissect.ts';
export { type Field, type FieldKind, type FieldValue, formatFieldValue, readField } from './field.ts';
export { FIELDS, fieldsByName } from './field-table.ts';
export { formatHexDump } from './hex-dump.ts';
export type { Layer, LayerFault, ProtocolName } from './layer.ts';
export { formatLinkHeader, linkHeaderLength } from './line-link-header.ts';
export { formatPacketLine } from './packet-line.ts';
export { type SamplePacket, sampleTraffic } from './sample.ts';
export { formatDate, TIME_STYLES, TimeColumn, type TimeStyle } from './time-column.ts';
export { formatEpoch, formatTimeOfDay } from './time-text.ts';
