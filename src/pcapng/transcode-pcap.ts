/** Enhanced Packet Blocks to records of a nanosecond pcap file, in bulk and without allocating for each packet. */

import { PCAP_RECORD_HEADER_LENGTH, writePcapRecordHeader } from './encode-pcap.ts';
import { EpbCursor } from './epb-cursor.ts';

/** Up to this length, copying words one by one is faster than a call of TypedArray.set on a new view. */
const SHORT_COPY = 256;

/**
 * Writes the packets of `blocks`, little-endian Enhanced Packet Blocks back to back with nanosecond timestamps, as
 * pcap records from the start of `out`, and gives the number of bytes written. pcap has no interface and no
 * options: they are left out. A record is 16 bytes or more shorter than its block, so `out` is large enough
 * when it is as long as `blocks`; it must not be the same memory.
 * @throws RangeError when `out` is shorter than `blocks`
 * @throws FormatError for a broken block; what was written before it is whole records, but its length is not told
 */
export function transcodeToPcap(blocks: Uint8Array, out: Uint8Array): number {
  if (out.length < blocks.length) {
    throw new RangeError(`got room for ${out.length} bytes, expected at least ${blocks.length}`);
  }
  const cursor = new EpbCursor(blocks);
  const from = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
  const to = new DataView(out.buffer, out.byteOffset, out.length);
  let written = 0;
  while (cursor.next()) {
    const { capturedLength, dataOffset } = cursor;
    writePcapRecordHeader(
      to,
      written,
      cursor.seconds,
      cursor.nanoseconds,
      capturedLength,
      cursor.originalLength,
    );
    written += PCAP_RECORD_HEADER_LENGTH;
    if (capturedLength > SHORT_COPY) {
      out.set(blocks.subarray(dataOffset, dataOffset + capturedLength), written);
    } else {
      // Whole words: the block's padding makes the last one readable, and the record after it overwrites the excess.
      for (let i = 0; i < capturedLength; i += 4) {
        to.setUint32(written + i, from.getUint32(dataOffset + i, true), true);
      }
    }
    written += capturedLength;
  }
  return written;
}
