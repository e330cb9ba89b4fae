/**
 * Readings in Prometheus' text exposition format 0.0.4. Everything that counts is a counter since hone began to look, or
 * since the port did; what is not known has no sample. Names and units: docs/top.md.
 */

import {
  type ApplicationReading,
  addBursts,
  type BurstCounts,
  callsOf,
  emptyOf,
  NO_BURSTS,
  packetsOf,
  type Thread,
} from '../watch/index.ts';
import type { Scale } from './columns.ts';

type Labels = Readonly<Record<string, string | number>>;
type Sample = readonly [labels: Labels, value: number | bigint, suffix?: string];

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: (reading: ApplicationReading) => readonly Sample[];
}

/** Upper bounds of the buckets of burst sizes. */
const BOUNDS = [0, 1, 3, 7, 15, 31, 63, 127, 255];

export function formatMetrics(readings: readonly ApplicationReading[], scale: Scale): string {
  return metricsFor(scale)
    .map(({ name, type, help, samples }) => {
      const lines = readings.flatMap(samples).map((sample) => formatSample(name, sample));
      return lines.length === 0 ? '' : `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function metricsFor({ cyclesPerNs }: Scale): readonly Metric[] {
  const ofPort = (
    name: string,
    help: string,
    counter: 'ipackets' | 'opackets' | 'ibytes' | 'obytes' | 'imissed' | 'ierrors' | 'oerrors' | 'rxNombuf',
  ): Metric => ({
    name: `hone_port_${name}_total`,
    type: 'counter',
    help,
    samples: (reading) =>
      reading.ports.flatMap((port): Sample[] =>
        port.counters === undefined ? [] : [[portLabels(reading, port.portId), port.counters[counter]]],
      ),
  });
  return [
    {
      name: 'hone_application_info',
      type: 'gauge',
      help: 'Applications that are looked at; always 1.',
      samples: (reading) => [
        [{ ...applicationLabels(reading), file_prefix: reading.filePrefix, version: reading.version }, 1],
      ],
    },
    {
      name: 'hone_port_up',
      type: 'gauge',
      help: 'Whether the link is up.',
      samples: (reading) => reading.ports.map(({ portId, up }) => [portLabels(reading, portId), up ? 1 : 0]),
    },
    ofPort('rx_packets', 'Packets received, by the driver.', 'ipackets'),
    ofPort('tx_packets', 'Packets sent, by the driver.', 'opackets'),
    ofPort('rx_bytes', 'Bytes received, by the driver.', 'ibytes'),
    ofPort('tx_bytes', 'Bytes sent, by the driver.', 'obytes'),
    ofPort('rx_missed', 'Packets that the adapter dropped: no receive descriptor was free.', 'imissed'),
    ofPort('rx_errors', 'Packets that were received with errors.', 'ierrors'),
    ofPort('tx_errors', 'Packets that could not be sent.', 'oerrors'),
    ofPort('rx_no_mbuf', 'Allocations of receive buffers that failed.', 'rxNombuf'),
    {
      name: 'hone_application_counted_seconds_total',
      type: 'counter',
      help: 'For how long bursts were counted: what queues count is of this time.',
      samples: (reading) => [[applicationLabels(reading), reading.total.countedMs / 1000]],
    },
    {
      name: 'hone_port_tx_refused_total',
      type: 'counter',
      help: 'Packets offered to the driver and not taken, at least, in the whiles that were counted.',
      samples: (reading) =>
        [...reading.total.refused].map(([portId, count]) => [portLabels(reading, portId), Math.floor(count)]),
    },
    {
      name: 'hone_application_dropped_packets_total',
      type: 'counter',
      help: 'Packets that the application says it dropped, by the standard trace point.',
      samples: (reading) =>
        (reading.drops ?? []).map(({ portId, reason, packets }) => [
          { ...portLabels(reading, portId), reason },
          packets,
        ]),
    },
    {
      name: 'hone_queue_rx_polls_total',
      type: 'counter',
      help: 'Calls of rte_eth_rx_burst, in the whiles that were counted.',
      samples: (reading) => byQueue(reading, 'in', callsOf),
    },
    {
      name: 'hone_queue_rx_empty_polls_total',
      type: 'counter',
      help: 'Calls of rte_eth_rx_burst that gave no packet, in the whiles that were counted.',
      samples: (reading) => (reading.kind === 'replay' ? [] : byQueue(reading, 'in', emptyOf)),
    },
    {
      name: 'hone_queue_rx_burst_packets',
      type: 'histogram',
      help: 'Packets a call of rte_eth_rx_burst gave, in the whiles that were counted.',
      samples: (reading) => histograms(reading, 'in'),
    },
    {
      name: 'hone_queue_tx_burst_packets',
      type: 'histogram',
      help: 'Packets a call of rte_eth_tx_burst offered, in the whiles that were counted.',
      samples: (reading) => histograms(reading, 'out'),
    },
    {
      name: 'hone_thread_busy_seconds_total',
      type: 'counter',
      help: 'Time after polls that gave packets, in the whiles that were measured.',
      samples: (reading) =>
        reading.total.times.map(({ thread, busyNs }) => [threadLabels(reading, thread), busyNs / 1e9]),
    },
    {
      name: 'hone_thread_idle_seconds_total',
      type: 'counter',
      help: 'Time after polls that gave none, in the whiles that were measured.',
      samples: (reading) =>
        reading.total.times.map(({ thread, idleNs }) => [threadLabels(reading, thread), idleNs / 1e9]),
    },
    {
      name: 'hone_thread_busy_packets_total',
      type: 'counter',
      help: 'Packets that the busy time was spent on.',
      samples: (reading) =>
        reading.total.times.map(({ thread, packets }) => [threadLabels(reading, thread), packets]),
    },
    {
      name: 'hone_thread_busy_cycles_total',
      type: 'counter',
      help: 'The busy time in cycles of the time stamp counter, where its rate is known.',
      samples: (reading) =>
        cyclesPerNs === undefined
          ? []
          : reading.total.times.map(({ thread, busyNs }) => [
              threadLabels(reading, thread),
              Math.round(busyNs * cyclesPerNs),
            ]),
    },
  ];
}

function applicationLabels({ name, pid }: ApplicationReading): Labels {
  return { application: name, pid };
}

function portLabels(reading: ApplicationReading, portId: number): Labels {
  const name = reading.ports.find((port) => port.portId === portId)?.name ?? '';
  return { ...applicationLabels(reading), port: portId, port_name: name };
}

function threadLabels(reading: ApplicationReading, { lcore, tid }: Thread): Labels {
  return { ...applicationLabels(reading), lcore: lcore ?? '', tid };
}

interface Queue {
  readonly labels: Labels;
  readonly counts: BurstCounts;
}

/** Over all threads. */
function queuesOf(reading: ApplicationReading, direction: 'in' | 'out'): Queue[] {
  const queues = new Map<string, Queue>();
  for (const queue of reading.total.queues) {
    if (queue.direction !== direction) continue;
    const key = `${queue.portId}/${queue.queueId}`;
    const labels = { ...portLabels(reading, queue.portId), queue: queue.queueId ?? 'all' };
    const counts = addBursts(queues.get(key)?.counts ?? NO_BURSTS, queue);
    queues.set(key, { labels, counts });
  }
  return [...queues.values()];
}

function byQueue(
  reading: ApplicationReading,
  direction: 'in' | 'out',
  count: (counts: BurstCounts) => number,
): Sample[] {
  return queuesOf(reading, direction).map(({ labels, counts }) => [labels, count(counts)]);
}

function histograms(reading: ApplicationReading, direction: 'in' | 'out'): Sample[] {
  return queuesOf(reading, direction).flatMap(({ labels, counts }): Sample[] => [
    ...BOUNDS.map((bound): Sample => {
      const below = counts.bySize.slice(0, bound + 1).reduce((sum, one) => sum + one, 0);
      return [{ ...labels, le: bound }, below, '_bucket'];
    }),
    [{ ...labels, le: '+Inf' }, callsOf(counts), '_bucket'],
    [labels, packetsOf(counts), '_sum'],
    [labels, callsOf(counts), '_count'],
  ]);
}

function formatSample(name: string, [labels, value, suffix = '']: Sample): string {
  const text = Object.entries(labels).map(([label, of]) => `${label}="${escapeLabel(String(of))}"`);
  return `${name}${suffix}{${text.join(',')}} ${value}\n`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
}
