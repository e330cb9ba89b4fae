/**
 * The classic pcap file with nanosecond timestamps, little-endian, written (draft-ietf-opsawg-pcap): a file header
 * and, before each packet's bytes, a record header.
 */

/** The magic number of a file with nanosecond timestamps, as it reads in the file's own byte order. */
export const PCAP_MAGIC_NS = 0xa1b23c4d;
export const PCAP_FILE_HEADER_LENGTH = 24;
export const PCAP_RECORD_HEADER_LENGTH = 16;

/** The 24 bytes that open the file. `snaplen` 0, no limit, is written as the 262,144 that readers expect. */
export function encodePcapFileHeader(linkType: number, snaplen: number): Uint8Array {
  const bytes = new Uint8Array(PCAP_FILE_HEADER_LENGTH);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, PCAP_MAGIC_NS, true);
  view.setUint16(4, 2, true);
  view.setUint16(6, 4, true);
  view.setUint32(16, snaplen === 0 ? 262_144 : snaplen, true);
  view.setUint32(20, linkType, true);
  return bytes;
}

/**
 * Writes the 16 bytes before a packet at `offset`. Seconds have 32 bits and wrap in 2106.
 * @param nanoseconds the part below a second
 */
export function writePcapRecordHeader(
  view: DataView,
  offset: number,
  seconds: number,
  nanoseconds: number,
  capturedLength: number,
  originalLength: number,
): void {
  view.setUint32(offset, seconds, true);
  view.setUint32(offset + 4, nanoseconds, true);
  view.setUint32(offset + 8, capturedLength, true);
  view.setUint32(offset + 12, originalLength, true);
}
