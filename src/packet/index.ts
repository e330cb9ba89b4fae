/** Packets as text, and packets made up as samples. Pure: bytes in, text or bytes out. */
export { formatHexDump } from './hex-dump.ts';
export { formatPacketLine } from './packet-line.ts';
export { type SamplePacket, sampleTraffic } from './sample.ts';
export { TIME_STYLES, TimeColumn, type TimeStyle } from './time-column.ts';
export { formatEpoch, formatTimeOfDay } from './time-text.ts';
