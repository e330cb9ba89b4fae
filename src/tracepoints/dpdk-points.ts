/**
 * The trace points that every DPDK application has once the agent is in it, as one table: what the language knows, what
 * `hone tracepoints` lists and what the agent puts into `args` (native/agent) derive from the order of its rows.
 */
import { logLevels } from './log-levels.ts';
import { observedPoints } from './observed-points.ts';
import type { ProbeArgument, ProbePoint } from './probe-point.ts';

type Details = Pick<ProbeArgument, 'recordedAs' | 'unit' | 'labels'>;
type Row = readonly [name: string, bytes: 1 | 2 | 4 | 8, meaning: string, details?: Details];

function place(rows: readonly Row[]): ProbeArgument[] {
  return rows.map(([name, bytes, meaning, details], index) => ({
    name,
    type: { kind: 'integer', bytes, isSigned: false },
    place: { kind: 'context', index },
    meaning,
    ...details,
  }));
}

// Recordings call events and fields what DPDK's own trace points do (lib/ethdev/rte_ethdev_trace_fp.h), which is what
// Trace Compass's DPDK views look for: port_id, queue_id, nb_rx, nb_pkts.
const QUEUE: readonly Row[] = [
  ['port', 2, 'port id', { recordedAs: 'port_id' }],
  ['queue', 2, 'queue of the port', { recordedAs: 'queue_id' }],
];

const packets: Details = { unit: 'packets' };
const bytes: Details = { unit: 'bytes' };

const PACKET: readonly Row[] = [
  ...QUEUE,
  ['len', 4, 'length of the packet in the mbuf, all segments', bytes],
  ['data_len', 2, 'length of its first segment', bytes],
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
      ['nb_rx', 2, 'packets received, 0 for an empty poll', packets],
      ['max', 2, 'packets asked for', packets],
      FIRST_PACKET,
    ]),
    meaning: 'every call of rte_eth_rx_burst, empty ones too',
    logLevel: logLevels.debug,
    recordedAs: 'lib.ethdev.rx.burst',
    recordedApart: {
      argument: 'nb_rx',
      zero: 'lib.ethdev.rx.burst.empty',
      other: 'lib.ethdev.rx.burst.nonempty',
    },
  },
  {
    name: 'dpdk:rx_burst',
    kind: 'burst',
    arguments: place([
      ...QUEUE,
      ['nb_rx', 2, 'packets received, at least 1', packets],
      ['max', 2, 'packets asked for', packets],
      FIRST_PACKET,
    ]),
    meaning: 'a call of rte_eth_rx_burst that received packets',
    logLevel: logLevels.debug_line,
    recordedAs: 'lib.ethdev.rx.burst.nonempty',
  },
  {
    name: 'dpdk:tx_burst',
    kind: 'burst',
    arguments: place([
      ...QUEUE,
      ['nb_tx', 2, 'packets offered to the driver', { unit: 'packets', recordedAs: 'nb_pkts' }],
      ['max', 2, 'the same', packets],
      FIRST_PACKET,
    ]),
    meaning: 'a call of rte_eth_tx_burst, before the driver',
    logLevel: logLevels.debug_line,
    recordedAs: 'lib.ethdev.tx.burst',
  },
  {
    name: 'dpdk:rx_packet',
    kind: 'packet',
    arguments: place(PACKET),
    meaning: 'each packet of a received burst',
    logLevel: logLevels.debug,
  },
  {
    name: 'dpdk:tx_packet',
    kind: 'packet',
    arguments: place(PACKET),
    meaning: 'each packet of a burst to be sent',
    logLevel: logLevels.debug,
  },
  ...observedPoints,
];
