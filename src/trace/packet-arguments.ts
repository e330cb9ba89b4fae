/** What a capture says of a packet, as arguments of dpdk:rx_packet and dpdk:tx_packet. */
import type { PacketRecord } from '../pcapng/index.ts';

export interface PacketArguments {
  readonly port: number;
  readonly queue: number;
  readonly len: number;
  readonly data_len: number;
  readonly nb_segs: number;
  readonly hash: number;
  readonly packet_id: bigint;
}

export function packetArguments({
  data,
  originalLength,
  interface: of,
  options,
}: PacketRecord): PacketArguments {
  const len = Math.max(originalLength, data.length);
  return {
    port: of.index,
    queue: queueOf(options),
    len,
    data_len: len & 0xffff,
    nb_segs: 1,
    hash: hashOf(options),
    packet_id: options.epb_packetid ?? 0n,
  };
}

export function queueOf({ epb_queue }: PacketRecord['options']): number {
  return (epb_queue ?? 0) & 0xffff;
}

/** The hash that the adapter worked out, as the capture wrote it down; 0 without one. */
export function hashOf({ epb_hash }: PacketRecord['options']): number {
  const hash = epb_hash?.find(({ bytes }) => bytes.length === 4);
  return hash === undefined ? 0 : new DataView(hash.bytes.buffer, hash.bytes.byteOffset).getUint32(0, true);
}
