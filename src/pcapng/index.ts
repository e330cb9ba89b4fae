/** pcap and pcapng: see the files for each half. Pure: bytes in, bytes out. */
export { type CaptureReader, createCaptureReader } from './capture-reader.ts';
export {
  type EnhancedPacket,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
  type InterfaceDescription,
  type InterfaceStatistics,
} from './encode-blocks.ts';
export { encodePcapFileHeader, writePcapRecordHeader } from './encode-pcap.ts';
export { EpbCursor } from './epb-cursor.ts';
export type { OptionValues } from './option-table.ts';
export type { CaptureInterface, CaptureRecord, PacketRecord } from './records.ts';
export { secondsOfNs, subsecondOfNs } from './timestamp.ts';
export { transcodeToPcap } from './transcode-pcap.ts';
