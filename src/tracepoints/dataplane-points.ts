/**
 * The standard trace points of a data plane that only the application itself can tell: why it drops a packet, which stage it
 * is in, whether an lcore has work; and those that the agent finds by itself (dpdk-points.ts), for programs that are traced
 * without it. Provider `dataplane`; the header is native/agent/include/hone/dataplane.h.
 */
import { type PointTable, type TableArgument, tablePoints } from './point-table.ts';
import type { ProbePoint } from './probe-point.ts';

function argument(name: string, type: string, meaning: string, unit?: string): TableArgument {
  return { name, type, meaning, unit };
}

const port: TableArgument = argument('port', 'uint16_t', 'port id');
const queue: TableArgument = argument('queue', 'uint16_t', 'queue of the port');

export const dataplaneTable: PointTable = {
  provider: 'dataplane',
  prefix: 'hone_dataplane',
  meaning: 'The standard trace points of a data plane.',
  enumerations: [
    {
      name: 'drop_reason',
      type: 'uint8_t',
      values: [
        { label: 'other', value: 0, meaning: 'none of the others' },
        { label: 'malformed', value: 1, meaning: 'too short, or a header that contradicts itself' },
        { label: 'unsupported', value: 2, meaning: 'a protocol that is not handled' },
        { label: 'checksum', value: 3, meaning: 'a checksum is wrong' },
        { label: 'ttl', value: 4, meaning: 'TTL or hop limit is over' },
        { label: 'no_route', value: 5, meaning: 'nothing is known of its destination' },
        { label: 'no_neighbor', value: 6, meaning: "the next hop's address is not known" },
        { label: 'too_long', value: 7, meaning: 'longer than the MTU of the way out' },
        { label: 'denied', value: 8, meaning: 'a rule forbids it' },
        { label: 'rate', value: 9, meaning: 'more than was agreed: policer, meter, shaper' },
        { label: 'no_memory', value: 10, meaning: 'no mbuf was free' },
        { label: 'ring_full', value: 11, meaning: 'the ring to the next stage is full' },
        { label: 'tx_full', value: 12, meaning: 'the driver took fewer packets than it was offered' },
        { label: 'port_down', value: 13, meaning: 'the way out has no link or is stopped' },
      ],
    },
    {
      name: 'port_state',
      type: 'uint8_t',
      values: [
        { label: 'added', value: 1, meaning: 'there is a new port' },
        { label: 'removed', value: 2, meaning: 'it is closed' },
        { label: 'link_up', value: 3, meaning: '' },
        { label: 'link_down', value: 4, meaning: '' },
        { label: 'started', value: 5, meaning: '' },
        { label: 'stopped', value: 6, meaning: '' },
      ],
    },
    {
      name: 'queue_state',
      type: 'uint8_t',
      values: [
        { label: 'stopped', value: 0, meaning: '' },
        { label: 'started', value: 1, meaning: '' },
      ],
    },
    {
      name: 'direction',
      type: 'uint8_t',
      values: [
        { label: 'rx', value: 1, meaning: 'received' },
        { label: 'tx', value: 2, meaning: 'to be sent' },
      ],
    },
  ],
  points: [
    {
      name: 'drop',
      meaning: 'a packet goes no further',
      level: 'info',
      arguments: [
        { ...port, meaning: 'port that it came from' },
        { ...queue, meaning: 'queue that it came from' },
        argument('reason', 'drop_reason', 'why'),
        argument('len', 'uint32_t', 'length of the packet', 'bytes'),
      ],
    },
    {
      name: 'stage_begin',
      meaning: 'the thread begins a stage of its work; it may lie within another one',
      level: 'debug_function',
      arguments: [argument('stage', 'text', 'what the application calls it')],
    },
    {
      name: 'stage_end',
      meaning: 'the stage that began last is over',
      level: 'debug_function',
      arguments: [
        argument('stage', 'text', 'the same text'),
        argument('count', 'uint32_t', 'how much was done in it, mostly packets'),
      ],
    },
    {
      name: 'lcore_idle',
      meaning: 'an lcore finds no work from here on; once, not for each empty poll',
      level: 'debug_process',
      arguments: [argument('lcore', 'uint32_t', 'lcore id')],
    },
    {
      name: 'lcore_busy',
      meaning: 'an lcore that found no work has some again',
      level: 'debug_process',
      arguments: [argument('lcore', 'uint32_t', 'lcore id')],
    },
    {
      name: 'rx_poll',
      meaning: 'after a call of rte_eth_rx_burst, an empty one, too',
      level: 'debug',
      arguments: [
        port,
        queue,
        argument('nb_rx', 'uint16_t', 'received, 0 for an empty poll', 'packets'),
        argument('max', 'uint16_t', 'asked for', 'packets'),
      ],
    },
    {
      name: 'rx_burst',
      meaning: 'after a call of rte_eth_rx_burst that received packets',
      level: 'debug_line',
      arguments: [
        port,
        queue,
        argument('nb_rx', 'uint16_t', 'received', 'packets'),
        argument('max', 'uint16_t', 'asked for', 'packets'),
      ],
    },
    {
      name: 'tx_burst',
      meaning: 'after a call of rte_eth_tx_burst',
      level: 'debug_line',
      arguments: [
        port,
        queue,
        argument('nb_pkts', 'uint16_t', 'offered to the driver', 'packets'),
        argument('nb_tx', 'uint16_t', 'taken by it', 'packets'),
      ],
    },
    {
      name: 'port_state',
      meaning: 'the state of a port has changed',
      level: 'notice',
      arguments: [
        port,
        argument('state', 'port_state', 'what it is now'),
        argument('speed_mbps', 'uint32_t', 'speed of the link, 0 without one', 'Mbit/s'),
      ],
    },
    {
      name: 'queue_state',
      meaning: 'the state of a queue has changed',
      level: 'notice',
      arguments: [
        port,
        queue,
        argument('direction', 'direction', 'which of the two queues of that number'),
        argument('state', 'queue_state', 'what it is now'),
      ],
    },
    {
      name: 'mempool_level',
      meaning: 'whenever the application looks: sampled, or when it runs low',
      level: 'info',
      arguments: [
        argument('name', 'text', 'name of the pool'),
        argument('available', 'uint32_t', 'free', 'objects'),
        argument('size', 'uint32_t', 'all', 'objects'),
      ],
    },
    {
      name: 'ring_level',
      meaning: 'whenever the application looks: sampled, or when it fills up',
      level: 'info',
      arguments: [
        argument('name', 'text', 'name of the ring'),
        argument('count', 'uint32_t', 'in it', 'objects'),
        argument('capacity', 'uint32_t', 'room for', 'objects'),
      ],
    },
  ],
};

export const dataplanePoints: readonly ProbePoint[] = tablePoints(dataplaneTable);
