/**
 * The trace points that nobody passes: the agent looks at states, counters and levels ten times a second while a program or a
 * recording wants to know. The order of arguments is that of the agent (native/agent/src/observe_ports.c, observe_levels.c).
 */
import { logLevels } from './log-levels.ts';
import type { ProbeArgument, ProbePoint } from './probe-point.ts';

type Details = Pick<ProbeArgument, 'recordedAs' | 'unit' | 'labels'>;
type Row = readonly [name: string, bytes: 1 | 2 | 4 | 8 | 'text', meaning: string, details?: Details];

const TEXT_BYTES = 64;

function place(rows: readonly Row[]): ProbeArgument[] {
  return rows.map(([name, bytes, meaning, details], index) => ({
    name,
    type:
      bytes === 'text' ? { kind: 'text', bytes: TEXT_BYTES } : { kind: 'integer', bytes, isSigned: false },
    place: { kind: 'context', index },
    meaning,
    ...details,
  }));
}

function labels(first: number, ...names: readonly string[]): Pick<Details, 'labels'> {
  return { labels: names.map((label, n) => ({ label, value: first + n })) };
}

const PORT: Row = ['port', 2, 'port id', { recordedAs: 'port_id' }];
const packets: Details = { unit: 'packets' };
const bytes: Details = { unit: 'bytes' };

export const observedPoints: readonly ProbePoint[] = [
  {
    name: 'dpdk:port_state',
    kind: 'observed',
    arguments: place([
      PORT,
      [
        'state',
        1,
        'what it is now',
        labels(1, 'added', 'removed', 'link_up', 'link_down', 'started', 'stopped'),
      ],
      ['speed_mbps', 4, 'speed of the link, 0 without one, 4294967295 when nobody knows', { unit: 'Mbit/s' }],
    ]),
    meaning: 'a port as it is when somebody begins to look, and each change after that',
    logLevel: logLevels.notice,
  },
  {
    name: 'dpdk:queue_state',
    kind: 'observed',
    arguments: place([
      PORT,
      ['queue', 2, 'queue of the port', { recordedAs: 'queue_id' }],
      ['direction', 1, 'which of its queues', labels(1, 'rx', 'tx')],
      ['state', 1, 'what it is now', labels(0, 'stopped', 'started', 'hairpin')],
    ]),
    meaning: 'a queue of a started port, likewise, where the driver tells',
    logLevel: logLevels.notice,
  },
  {
    name: 'dpdk:port_stats',
    kind: 'observed',
    arguments: place([
      PORT,
      ['ipackets', 8, 'received', packets],
      ['opackets', 8, 'sent', packets],
      ['ibytes', 8, 'received', bytes],
      ['obytes', 8, 'sent', bytes],
      ['imissed', 8, 'dropped as no descriptor was free', packets],
      ['ierrors', 8, 'received with errors', packets],
      ['oerrors', 8, 'not sent', packets],
      ['rx_nombuf', 8, 'times that no mbuf was free'],
    ]),
    meaning: "a started port's counters since its start, ten times a second",
    logLevel: logLevels.info,
  },
  {
    name: 'dpdk:mempool_level',
    kind: 'observed',
    arguments: place([
      ['name', 'text', 'of the mempool'],
      ['available', 4, 'objects that are free, those in caches of lcores included', { unit: 'objects' }],
      ['size', 4, 'all objects', { unit: 'objects' }],
    ]),
    meaning: 'each mempool, ten times a second',
    logLevel: logLevels.info,
  },
  {
    name: 'dpdk:ring_level',
    kind: 'observed',
    arguments: place([
      ['name', 'text', 'of the ring'],
      ['count', 4, 'entries in it', { unit: 'entries' }],
      ['capacity', 4, 'most entries that it takes', { unit: 'entries' }],
    ]),
    meaning: 'each rte_ring, ten times a second',
    logLevel: logLevels.info,
  },
];
