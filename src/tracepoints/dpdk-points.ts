/**
 * The trace points that every DPDK application has once the agent is in it, as one table: what the language knows, what
 * `hone tracepoints` lists and what the agent puts into `args` (native/agent) derive from the order of its rows.
 */
import type { ProbeArgument, ProbePoint } from './probe-point.ts';

type Row = readonly [name: string, bytes: 1 | 2 | 4 | 8, meaning: string];

function place(rows: readonly Row[]): ProbeArgument[] {
  return rows.map(([name, bytes, meaning], index) => ({
    name,
    type: { kind: 'integer', bytes, isSigned: false },
    place: { kind: 'context', index },
    meaning,
  }));
}

const QUEUE: readonly Row[] = [
  ['port', 2, 'port id'],
  ['queue', 2, 'queue of the port'],
];

const PACKET: readonly Row[] = [
  ...QUEUE,
  ['len', 4, 'bytes of the packet in the mbuf, all segments'],
  ['data_len', 2, 'bytes of its first segment'],
  ['nb_segs', 2, 'segments'],
  ['hash', 4, 'RSS hash, 0 without one'],
  ['ol_flags', 8, 'offload flags of the mbuf'],
  ['mark', 4, 'flow mark (hash.fdir.hi), 0 without one'],
  ['packet_type', 4, 'packet type of the driver'],
  ['vlan_tci', 2, 'tag that was stripped or is to be inserted'],
  ['vlan_tci_outer', 2, 'outer tag, likewise'],
  ['index', 2, 'place in its burst'],
  ['packet_id', 8, 'its number in captures (epb_packetid)'],
  ['mbuf', 8, 'address of its mbuf'],
];

const FIRST_PACKET: Row = ['packet_id', 8, 'number of its first packet in captures (epb_packetid)'];

export const dpdkPoints: readonly ProbePoint[] = [
  {
    name: 'dpdk:rx_poll',
    kind: 'burst',
    arguments: place([
      ...QUEUE,
      ['nb_rx', 2, 'packets received, 0 for an empty poll'],
      ['max', 2, 'packets asked for'],
      FIRST_PACKET,
    ]),
    meaning: 'every call of rte_eth_rx_burst, empty ones too',
  },
  {
    name: 'dpdk:rx_burst',
    kind: 'burst',
    arguments: place([
      ...QUEUE,
      ['nb_rx', 2, 'packets received, at least 1'],
      ['max', 2, 'packets asked for'],
      FIRST_PACKET,
    ]),
    meaning: 'a call of rte_eth_rx_burst that received packets',
  },
  {
    name: 'dpdk:tx_burst',
    kind: 'burst',
    arguments: place([
      ...QUEUE,
      ['nb_tx', 2, 'packets offered to the driver'],
      ['max', 2, 'the same'],
      FIRST_PACKET,
    ]),
    meaning: 'a call of rte_eth_tx_burst, before the driver',
  },
  {
    name: 'dpdk:rx_packet',
    kind: 'packet',
    arguments: place(PACKET),
    meaning: 'each packet of a received burst',
  },
  {
    name: 'dpdk:tx_packet',
    kind: 'packet',
    arguments: place(PACKET),
    meaning: 'each packet of a burst to be sent',
  },
];
