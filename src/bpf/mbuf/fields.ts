/**
 * The fields of struct rte_mbuf that a program may read, at the offsets that hold from DPDK 22.11 to 26.07. All are
 * in host byte order. Source: rte_mbuf_core.h.
 */

export interface MbufField {
  readonly name: string;
  readonly offset: number;
  readonly lengthBytes: 2 | 4 | 8;
}

export type MbufFieldName =
  | ('nbSegs' | 'port' | 'olFlags' | 'packetType' | 'pktLen' | 'dataLen')
  | ('vlanTci' | 'rss' | 'fdirHi' | 'vlanTciOuter');

export const mbufFields: Readonly<Record<MbufFieldName, MbufField>> = {
  nbSegs: { name: 'nb_segs', offset: 20, lengthBytes: 2 },
  port: { name: 'port', offset: 22, lengthBytes: 2 },
  olFlags: { name: 'ol_flags', offset: 24, lengthBytes: 8 },
  packetType: { name: 'packet_type', offset: 32, lengthBytes: 4 },
  pktLen: { name: 'pkt_len', offset: 36, lengthBytes: 4 },
  dataLen: { name: 'data_len', offset: 40, lengthBytes: 2 },
  vlanTci: { name: 'vlan_tci', offset: 42, lengthBytes: 2 },
  rss: { name: 'hash.rss', offset: 44, lengthBytes: 4 },
  fdirHi: { name: 'hash.fdir.hi', offset: 48, lengthBytes: 4 },
  vlanTciOuter: { name: 'vlan_tci_outer', offset: 52, lengthBytes: 2 },
};

/** Bit numbers in ol_flags: which tags the adapter took off (in), or shall put on (out). */
export const olFlagBits = {
  RTE_MBUF_F_RX_VLAN_STRIPPED: 6,
  RTE_MBUF_F_RX_QINQ_STRIPPED: 15,
  RTE_MBUF_F_TX_QINQ: 49,
  RTE_MBUF_F_TX_VLAN: 57,
} as const;
