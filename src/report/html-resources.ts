/** Utilisation, saturation and errors of each resource, one table a kind. */
import { formatQuantity, html, type Markup } from '../chart/index.ts';
import type {
  LcoreObservation,
  LevelObservation,
  Observation,
  PortObservation,
  QueueObservation,
} from '../findings/index.ts';
import { boundedTable, percent, shareOf } from './html-tables.ts';
import { lcoreName, queueName } from './resource-names.ts';

export function formatResources(observation: Observation): Markup {
  const { ports, queues, lcores, mempools, rings } = observation;
  const parts = [
    ports.length > 0 ? formatPorts(ports) : undefined,
    queues.length > 0 ? formatQueues(queues) : undefined,
    lcores.length > 0 ? formatLcores(lcores) : undefined,
    mempools.length > 0 ? formatLevels('Mempools', 'free', mempools) : undefined,
    rings.length > 0 ? formatLevels('Rings', 'used', rings) : undefined,
  ];
  if (parts.every((part) => part === undefined)) return html`<p>No resource was seen.</p>`;
  return html`<p class="muted">Utilisation first, then saturation, then errors.</p>${parts}`;
}

function numbers(...titles: readonly string[]) {
  return titles.map((title) => ({ title, isNumber: true }));
}

function formatPorts(ports: readonly PortObservation[]): Markup {
  return boundedTable({
    caption: 'Ports',
    columns: [
      { title: 'port' },
      { title: 'driver' },
      { title: 'link' },
      ...numbers(
        'received',
        'sent',
        'of its speed',
        'missed',
        'refused',
        'no buffer',
        'rx errors',
        'tx errors',
      ),
    ],
    rows: ports.map((port) => [
      `${port.portId} ${port.name}`,
      port.driver,
      formatLink(port),
      rate(port.rxPackets, port.seconds),
      rate(port.txPackets, port.seconds),
      percent(speedShare(port)),
      port.missed,
      percent(shareOf(port.refused, port.offered)),
      port.noMbuf,
      port.rxErrors,
      port.txErrors,
    ]),
  });
}

function rate(packets: number | undefined, seconds: number): string | undefined {
  const perSecond = shareOf(packets, seconds);
  return perSecond === undefined ? undefined : formatQuantity(perSecond, 'pps');
}

function formatLink({ isUp, speedMbps }: PortObservation): string | undefined {
  if (isUp === undefined) return undefined;
  if (!isUp) return 'down';
  return speedMbps === undefined ? 'up' : `up, ${formatQuantity(speedMbps * 1e6, 'bit/s')}`;
}

/** Of the busier direction; of the frames' bytes as the driver counts them. */
function speedShare({ seconds, rxBytes, txBytes, speedMbps }: PortObservation): number | undefined {
  const bytes =
    rxBytes === undefined && txBytes === undefined ? undefined : Math.max(rxBytes ?? 0, txBytes ?? 0);
  return shareOf(
    bytes === undefined ? undefined : bytes * 8,
    speedMbps === undefined ? undefined : speedMbps * 1e6 * seconds,
  );
}

function formatQueues(queues: readonly QueueObservation[]): Markup {
  return boundedTable({
    caption: 'Queues, while bursts were counted',
    columns: [
      { title: 'queue' },
      ...numbers('packets', 'packets a burst', 'empty polls', 'asked for', 'full bursts'),
    ],
    rows: queues.map((queue) => {
      const { bySize, packets, askedBurst, direction, countsEmptyPolls } = queue;
      const calls = bySize.reduce((sum, count) => sum + count, 0);
      const empty = bySize[0] ?? 0;
      const average = shareOf(packets, calls - empty);
      const full =
        askedBurst === undefined
          ? undefined
          : bySize.slice(askedBurst).reduce((sum, count) => sum + count, 0);
      return [
        queueName(queue),
        packets,
        average === undefined ? undefined : average.toFixed(1),
        direction === 'in' && countsEmptyPolls ? percent(shareOf(empty, calls)) : undefined,
        askedBurst,
        percent(shareOf(full, calls)),
      ];
    }),
  });
}

function formatLcores(lcores: readonly LcoreObservation[]): Markup {
  return boundedTable({
    caption: 'Lcores and threads that poll',
    columns: [
      { title: 'lcore' },
      { title: 'thread' },
      ...numbers('busy', 'a packet', 'longest time between polls', 'taken off its processor'),
    ],
    rows: lcores.map((lcore) => {
      const { name, tid, busyNs, idleNs, packets, longestGapNs, involuntarySwitches } = lcore;
      const perPacket = shareOf(busyNs, packets);
      return [
        lcoreName(lcore),
        `${name} (${tid})`,
        percent(shareOf(busyNs, busyNs + idleNs)),
        perPacket === undefined ? undefined : formatQuantity(perPacket, 'ns'),
        longestGapNs === undefined ? undefined : formatQuantity(longestGapNs, 'ns'),
        involuntarySwitches,
      ];
    }),
  });
}

function formatLevels(caption: string, kind: 'free' | 'used', levels: readonly LevelObservation[]): Markup {
  return boundedTable({
    caption: `${caption}: ${kind === 'free' ? 'elements that are free' : 'elements that are used'}`,
    columns: [
      { title: 'name' },
      ...numbers(
        'size',
        'least',
        'average',
        'most',
        kind === 'free' ? 'used at most' : 'full at most',
        'samples',
      ),
    ],
    rows: levels.map(({ name, size, least, average, most, samples }) => [
      name,
      size,
      least,
      Number(average.toFixed(1)),
      most,
      percent(shareOf(kind === 'free' ? size - least : most, size)),
      samples,
    ]),
  });
}
