/** Capture files, pcap and pcapng: values to bytes, bytes to records, ring blocks in place. Pure. */
export { type CaptureReader, createCaptureReader } from './capture-reader.ts';
export {
  type EnhancedPacket,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
} from './encode-blocks.ts';
export { encodePcapFileHeader, writePcapRecordHeader } from './encode-pcap.ts';
export { EpbCursor } from './epb-cursor.ts';
export type { CaptureInterface, CaptureRecord, PacketRecord } from './records.ts';
export { transcodeToPcap } from './transcode-pcap.ts';
