/** What the application is given to do: rates, sizes, protocols, flows, bursts, times between arrivals. */
import {
  formatCount,
  formatPercent,
  formatTime,
  type Observation,
  type QueueObservation,
} from '../findings/index.ts';
import { type Bar, formatBars, formatColumns } from './text-table.ts';

const PROTOCOLS_SHOWN = 8;
const FLOWS_SHOWN = 5;

export function formatWorkload(observation: Observation): string[] {
  const { traffic, queues } = observation;
  return [
    ...formatRates(observation),
    ...queues.filter(({ direction }) => direction === 'in').flatMap(formatBursts),
    ...(traffic === undefined
      ? []
      : [
          '',
          `packets that were looked into: ${formatCount(traffic.packets)}` +
            (traffic.packets === 0
              ? ''
              : `, ${formatCount(traffic.bytes / traffic.packets)} bytes on average`),
          'size in bytes:',
          ...indent(formatBars(sizeBars(traffic.sizes, traffic.packets))),
          'protocols:',
          ...indent(
            formatBars(
              traffic.protocols.slice(0, PROTOCOLS_SHOWN).map(({ name, packets }) => ({
                label: name,
                value: packets,
                note: formatPercent(packets / traffic.packets),
              })),
            ),
          ),
          `flows: ${traffic.flowCount === undefined ? 'too many to count' : formatCount(traffic.flowCount)}; the largest by bytes:`,
          ...indent(
            formatColumns(
              ['flow', 'packets', 'of the bytes'],
              traffic.flows
                .slice(0, FLOWS_SHOWN)
                .map(({ name, packets, bytes }) => [
                  name,
                  formatCount(packets),
                  formatPercent(bytes / traffic.bytes),
                ]),
            ),
          ),
          ...(traffic.interArrival === undefined
            ? []
            : ['time from one arrival to the next:', ...indent(formatBars(timeBars(traffic.interArrival)))]),
        ]),
  ];
}

/** Of powers of two in nanoseconds. */
function timeBars(counts: readonly number[]): Bar[] {
  return withoutEmptyEnds(
    counts.map((count, n) => ({
      label: `from ${formatTime(2 ** n)}`,
      value: count,
      note: formatCount(count),
    })),
  );
}

/** From the first that has any to the last. */
function withoutEmptyEnds(bars: readonly Bar[]): Bar[] {
  const first = bars.findIndex(({ value }) => value > 0);
  const last = bars.findLastIndex(({ value }) => value > 0);
  return first < 0 ? [] : bars.slice(first, last + 1);
}

function formatRates({ ports, series }: Observation): string[] {
  const lines = formatColumns(
    ['port', 'in packets/s', 'in bit/s', 'bytes a packet', 'out packets/s', 'out bit/s'],
    ports.map(({ portId, seconds, name, rxPackets, rxBytes, txPackets, txBytes }) => {
      const rate = (count: number | undefined, scale = 1) =>
        count === undefined || seconds === 0 ? '-' : formatCount((scale * count) / seconds);
      return [
        `${portId} ${name}`,
        rate(rxPackets),
        rate(rxBytes, 8),
        rxPackets === undefined || rxBytes === undefined || rxPackets === 0
          ? '-'
          : formatCount(rxBytes / rxPackets),
        rate(txPackets),
        rate(txBytes, 8),
      ];
    }),
  );
  const rates = series.map(({ rxPps }) => rxPps).filter((pps) => pps !== undefined);
  if (rates.length < 2) return lines;
  const [low, high] = [Math.min(...rates), Math.max(...rates)];
  const step = series[1]!.seconds - series[0]!.seconds;
  const which = step < 1.5 ? 'from second to second' : `every ${formatCount(step)} s`;
  return [...lines, `${which}: ${formatCount(low)} to ${formatCount(high)} packets/s in`];
}

/** Without empty polls: these are no bursts. */
function formatBursts({ portId, queueId, bySize }: QueueObservation): string[] {
  const counts = bySize.slice(1);
  if (counts.every((count) => count === 0)) return [];
  const bars: Bar[] = [];
  for (let from = 1; from < bySize.length; from *= 2) {
    const count = bySize.slice(from, 2 * from).reduce((sum, one) => sum + one, 0);
    bars.push({
      label: from === 1 ? '1' : `${from} to ${2 * from - 1}`,
      value: count,
      note: formatCount(count),
    });
  }
  return [
    `packets a burst, port ${portId}${queueId === undefined ? '' : ` queue ${queueId}`}:`,
    ...indent(formatBars(withoutEmptyEnds(bars))),
  ];
}

function sizeBars(sizes: readonly { readonly from: number; readonly packets: number }[], all: number): Bar[] {
  return sizes
    .map(({ from, packets }, n) => {
      const next = sizes[n + 1]?.from;
      return {
        label: next === undefined ? `${from} and more` : `${from} to ${next - 1}`,
        value: packets,
        note: formatPercent(packets / Math.max(1, all)),
      };
    })
    .filter(({ value }) => value > 0);
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
