/** Packets as text, and packets made up as samples. Pure: bytes in, text or bytes out. */
export { formatPacketLine } from './packet-line.ts';
export { type SamplePacket, sampleTraffic } from './sample.ts';
export { formatEpoch, formatTimeOfDay } from './time-text.ts';
