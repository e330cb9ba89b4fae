/** Capture files, pcap and pcapng: values to bytes, bytes to records, single blocks, ring blocks in place. Pure. */
export type { Block, BlockOptions } from './block.ts';
export { type CaptureReader, createCaptureReader } from './capture-reader.ts';
export { decodeBlock } from './decode-block.ts';
export { encodeBlock } from './encode-block.ts';
export {
  type EnhancedPacket,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeInterfaceStatistics,
  encodeSectionHeader,
} from './encode-blocks.ts';
export { encodePcapFileHeader, type PcapForm, writePcapRecordHeader } from './encode-pcap.ts';
export { EpbCursor } from './epb-cursor.ts';
export type { CaptureInterface, CaptureRecord, PacketRecord } from './records.ts';
export { renumberInterface } from './renumber-interface.ts';
export { transcodeToPcap } from './transcode-pcap.ts';
