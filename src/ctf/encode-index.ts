/**
 * Packet indexes as LTTng writes them, in `index/STREAM.idx` beside the file STREAM: a header, then an entry a packet, in
 * the order of the file; all big-endian. babeltrace2 takes from them where packets begin and when, and reads the stream itself where
 * there is none. Source: lttng-index.hpp of babeltrace2, version 1.1 of the format.
 */
import { STREAM_CLASS_ID } from './recording-layout.ts';
import type { PacketHead } from './recording-shape.ts';

const INDEX_MAGIC = 0xc1f1dcc1;
const ENTRY_WORDS = 9;

export function encodeIndexHeader(): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  [INDEX_MAGIC, 1, 1, ENTRY_WORDS * 8].forEach((word, index) => {
    view.setUint32(index * 4, word);
  });
  return bytes;
}

/**
 * @param offsetBytes where the packet begins in its file
 * @param headBytes the length of what `encodePacketHead` made of `head`
 * @param packetBytes with the padding; without it there is none
 */
export function encodeIndexEntry(
  head: PacketHead,
  offsetBytes: number,
  headBytes: number,
  packetBytes?: number,
): Uint8Array {
  const contentBytes = headBytes + head.eventBytes;
  const words = [
    BigInt(offsetBytes),
    BigInt(packetBytes ?? contentBytes) * 8n,
    BigInt(contentBytes) * 8n,
    head.beginNs,
    head.endNs,
    head.eventsDiscarded,
    BigInt(STREAM_CLASS_ID),
    BigInt(head.streamInstance),
    BigInt(head.sequenceNumber),
  ];
  const bytes = new Uint8Array(ENTRY_WORDS * 8);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setBigUint64(index * 8, word);
  });
  return bytes;
}
