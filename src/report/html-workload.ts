/** What an application had to do, as plots with their numbers: rates over time, packets, bursts and polls. */
import {
  barChart,
  type Column,
  formatCount,
  formatQuantity,
  histogramChart,
  html,
  type LineSeries,
  linearColumns,
  lineChart,
  log2Columns,
  type Markup,
} from '../chart/index.ts';
import type {
  LcoreObservation,
  Observation,
  QueueObservation,
  SeriesPoint,
  TrafficObservation,
} from '../findings/index.ts';
import { boundedTable, clip, figure, percent, shareOf } from './html-tables.ts';
import { lcoreName, queueName } from './resource-names.ts';

const MOST_PROTOCOLS = 12;
const MOST_QUEUES = 4;
const MOST_LCORES = 4;

type Rate = Exclude<keyof SeriesPoint, 'seconds'>;

export function formatRates({ series }: Observation): Markup {
  const packets = linesOf(series, [
    ['received', 'rxPps'],
    ['sent', 'txPps'],
    ['lost', 'dropPps'],
  ]);
  const bits = linesOf(series, [
    ['received', 'rxBps'],
    ['sent', 'txBps'],
  ]);
  const busy = linesOf(series, [['busiest lcore', 'busyShare']], 100);
  const charts = [
    ['Packets a second', 'pps', packets],
    ['Bits a second', 'bit/s', bits],
    ['Time that the busiest lcore spends on packets', '%', busy],
  ] as const;
  const known = charts.filter(([, , lines]) => lines.length > 0);
  if (known.length === 0) return html`<p>The rates over time are not known.</p>`;
  return html`${known.map(([title, unit, lines]) => {
    const description = `${lines.map(({ name }) => name).join(', ')}, over time`;
    return figure(title, lineChart({ title, description, unit, series: lines }), {
      caption: `${title}: least, average and most`,
      columns: [
        { title: 'what' },
        ...['least', 'average', 'most'].map((name) => ({ title: name, isNumber: true })),
      ],
      rows: lines.map(({ name, points }) => [
        name,
        ...spreadOf(points).map((value) => formatQuantity(value, unit)),
      ]),
    });
  })}`;
}

function linesOf(
  series: readonly SeriesPoint[],
  wanted: readonly (readonly [name: string, rate: Rate])[],
  factor = 1,
): LineSeries[] {
  return wanted
    .filter(([, rate]) => series.some((point) => point[rate] !== undefined))
    .map(([name, rate]) => ({
      name,
      points: series.map((point) => {
        const value = point[rate];
        return { seconds: point.seconds, value: value === undefined ? undefined : value * factor };
      }),
    }));
}

function spreadOf(points: LineSeries['points']): number[] {
  let [least, sum, most, count] = [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY, 0];
  for (const { value } of points) {
    if (value === undefined) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
    sum += value;
    count++;
  }
  return [least, sum / count, most];
}

export function formatTraffic({ traffic, source }: Observation): Markup {
  if (traffic === undefined) return html`<p>No packets were looked into.</p>`;
  const { packets, bytes, seconds } = traffic;
  const average = shareOf(bytes, packets);
  const which = source === 'recording' ? 'Of one direction all' : 'A sample';
  return html`<h3>Packets</h3>
<p>${which}: ${formatCount(packets)} packets in ${formatQuantity(seconds * 1e9, 'ns')}, ${formatQuantity(average, 'bytes')} on average.</p>
${formatSizes(traffic)}${formatProtocols(traffic)}${formatFlows(traffic)}${formatInterArrival(traffic)}`;
}

function formatSizes({ sizes, packets }: TrafficObservation): Markup {
  const columns = sizes.map(({ from, packets: count }, at): Column => {
    const next = sizes[at + 1]?.from;
    return { label: next === undefined ? `${from}+` : `${from}–${next - 1}`, count };
  });
  return histogram({ title: 'Sizes of packets', along: 'bytes on the wire', columns }, 'bytes', packets);
}

function formatProtocols({ protocols, packets }: TrafficObservation): Markup {
  const title = 'Protocols';
  const bars = protocols.slice(0, MOST_PROTOCOLS).map(({ name, packets: count }) => {
    return { label: clip(name), median: 100 * (shareOf(count, packets) ?? 0) };
  });
  return figure(title, barChart({ title, description: 'Share of packets', unit: '%', bars }), {
    caption: 'Protocols by packets',
    columns: [
      { title: 'protocol' },
      ...['packets', 'share', 'bytes'].map((name) => ({ title: name, isNumber: true })),
    ],
    rows: protocols.map((one) => [one.name, one.packets, percent(shareOf(one.packets, packets)), one.bytes]),
  });
}

function formatFlows({ flows, flowCount, bytes }: TrafficObservation): Markup {
  const all = flowCount === undefined ? 'too many to count' : formatCount(flowCount);
  return boundedTable({
    caption: `Largest flows (of ${all})`,
    columns: [
      { title: 'flow' },
      ...['packets', 'bytes', 'share'].map((name) => ({ title: name, isNumber: true })),
    ],
    rows: flows.map((flow) => [flow.name, flow.packets, flow.bytes, percent(shareOf(flow.bytes, bytes))]),
  });
}

function formatInterArrival({ interArrival }: TrafficObservation): Markup | undefined {
  if (interArrival === undefined) return undefined;
  return histogram(
    {
      title: 'Time from one packet of a queue to its next one',
      along: 'at least so long, each column twice the one before; counts on a logarithmic scale',
      columns: log2Columns(interArrival, 'ns'),
      isLogarithmic: true,
    },
    'at least',
  );
}

export function formatBursts({ queues, lcores }: Observation): Markup {
  const counted = queues.filter(({ bySize }) => bySize.length > 0);
  const drawn = counted.toSorted((a, b) => b.packets - a.packets).slice(0, MOST_QUEUES);
  const polled = lcores.filter(hasGaps).slice(0, MOST_LCORES);
  if (drawn.length === 0 && polled.length === 0) return html`<p>Neither bursts nor polls were seen.</p>`;
  const rest = counted.length - drawn.length;
  return html`${drawn.map(formatQueueBursts)}
${rest > 0 ? html`<p class="muted">And ${rest} queues with fewer packets.</p>` : undefined}
${polled.map(formatPollGaps)}`;
}

function formatQueueBursts(queue: QueueObservation): Markup {
  return histogram(
    {
      title: `Bursts, ${queueName(queue)}`,
      along: queue.direction === 'in' ? 'packets that a poll gave' : 'packets that were offered at once',
      columns: linearColumns(queue.bySize),
    },
    'packets',
  );
}

function formatPollGaps(lcore: LcoreObservation): Markup {
  return histogram(
    {
      title: `From one poll to the next, ${lcoreName(lcore)}`,
      along: 'at least so long, each column twice the one before; counts on a logarithmic scale',
      columns: log2Columns(lcore.pollGaps ?? [], 'ns'),
      isLogarithmic: true,
    },
    'at least',
  );
}

function hasGaps({ pollGaps }: LcoreObservation): boolean {
  return pollGaps?.some((count) => count > 0) ?? false;
}

interface Histogram {
  readonly title: string;
  readonly along: string;
  readonly columns: readonly Column[];
  readonly isLogarithmic?: boolean;
}

/** With its numbers; those that are 0 left out. */
function histogram(options: Histogram, first: string, whole?: number): Markup {
  const all = whole ?? options.columns.reduce((sum, { count }) => sum + count, 0);
  const most = options.columns.reduce((best, one) => (one.count > best.count ? one : best), {
    label: '',
    count: 0,
  });
  const description = most.count === 0 ? 'Nothing' : `Most frequent: ${most.label}`;
  return figure(options.title, histogramChart({ ...options, title: clip(options.title), description }), {
    caption: options.title,
    columns: [{ title: first }, { title: 'count', isNumber: true }, { title: 'share', isNumber: true }],
    rows: options.columns
      .filter(({ count }) => count > 0)
      .map(({ label, count }) => [label, count, percent(shareOf(count, all))]),
  });
}
