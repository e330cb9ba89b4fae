/** Packet header and packet context of a recording, the bytes before a packet's events (recording-layout.ts). */
import {
  type LayoutMember,
  NO_LCORE,
  PACKET_CONTEXT,
  PACKET_HEADER,
  PACKET_MAGIC,
  STREAM_CLASS_ID,
} from './recording-layout.ts';
import type { PacketHead } from './recording-shape.ts';

const MEMBERS: readonly LayoutMember[] = [...PACKET_HEADER, ...PACKET_CONTEXT];
const encoder = new TextEncoder();

/**
 * The packet is these bytes followed by `head.eventBytes` bytes of events, and by padding where it has a size of its own. The
 * thread's name ends where it has a zero.
 * @param uuid the 16 bytes that the metadata names
 * @param packetBytes with the padding; without it there is none
 */
export function encodePacketHead(uuid: Uint8Array, head: PacketHead, packetBytes?: number): Uint8Array {
  const threadName = encoder.encode(head.threadName.replace(/\0.*/s, ''));
  const length = MEMBERS.reduce(
    (sum, { type }) => sum + (type === 'uuid' ? 16 : type === 'text' ? threadName.length + 1 : type),
    0,
  );
  const contentBytes = length + head.eventBytes;
  const values: Readonly<Record<string, number | bigint>> = {
    magic: PACKET_MAGIC,
    stream_id: STREAM_CLASS_ID,
    stream_instance_id: head.streamInstance,
    timestamp_begin: head.beginNs,
    timestamp_end: head.endNs,
    content_size: BigInt(contentBytes) * 8n,
    packet_size: BigInt(packetBytes ?? contentBytes) * 8n,
    packet_seq_num: head.sequenceNumber,
    events_discarded: head.eventsDiscarded,
    cpu_id: head.cpu,
    lcore_id: head.lcore ?? NO_LCORE,
    tid: head.tid,
  };
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { name, type } of MEMBERS) {
    if (type === 'text') {
      bytes.set(threadName, at);
      at += threadName.length + 1;
    } else if (type === 'uuid') {
      bytes.set(uuid.subarray(0, 16), at);
      at += 16;
    } else {
      const value = values[name]!;
      if (type === 8) view.setBigUint64(at, BigInt(value), true);
      else view.setUint32(at, Number(value), true);
      at += type;
    }
  }
  return bytes;
}
