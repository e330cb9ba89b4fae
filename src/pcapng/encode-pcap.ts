/**
 * Classic pcap files, written (draft-ietf-opsawg-pcap): a file header and, before each packet's bytes, a record header.
 * Little-endian with nanoseconds unless the caller says otherwise.
 */

/** The magic number of a file with nanosecond timestamps, as it reads in the file's own byte order. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;
/** The same with microseconds. */
export const PCAP_MAGIC_US = 0xa1b2c3d4;
export const PCAP_FILE_HEADER_LENGTH = 24;
export const PCAP_RECORD_HEADER_LENGTH = 16;

export interface PcapForm {
  readonly littleEndian: boolean;
  /** What the part of a time below a second counts. */
  readonly unit: 'ns' | 'us';
}

const USUAL_FORM: PcapForm = { littleEndian: true, unit: 'ns' };

/** The 24 bytes that open the file. `snaplen` 0, no limit, is written as the 262,144 that readers expect. */
export function encodePcapFileHeader(
  linkType: number,
  snaplen: number,
  form: PcapForm = USUAL_FORM,
): Uint8Array {
  const { littleEndian, unit } = form;
  const bytes = new Uint8Array(PCAP_FILE_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, unit === 'ns' ? PCAP_MAGIC_NS : PCAP_MAGIC_US, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(16, snaplen === 0 ? 262_144 : snaplen, littleEndian);
  view.setUint32(20, linkType, littleEndian);
  return bytes;
}

/**
 * Writes the 16 bytes before a packet at `offset`. Seconds have 32 bits and wrap in 2106.
 * @param fraction the part below a second, in the unit of the file
 */
export function writePcapRecordHeader(
  view: DataView,
  offset: number,
  seconds: number,
  fraction: number,
  capturedLength: number,
  originalLength: number,
  littleEndian = true,
): void {
  view.setUint32(offset, seconds, littleEndian);
  view.setUint32(offset + 4, fraction, littleEndian);
  view.setUint32(offset + 8, capturedLength, littleEndian);
  view.setUint32(offset + 12, originalLength, littleEndian);
}
