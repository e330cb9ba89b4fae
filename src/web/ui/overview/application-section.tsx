/** One application of the Overview. */
import type { JSX } from 'preact';
import type { ApplicationView, PortView } from '../../protocol/index.ts';
import { Bars } from '../bars.tsx';
import { HeatMap } from '../heat-map.tsx';
import { TimeChart } from '../time-chart.tsx';
import { formatDuration, formatPercent, formatShort } from '../units.ts';
import { type Moment, sumOf } from './history.ts';
import { LcoreTable, lcoreName, QueueTable } from './lcore-table.tsx';
import { PacketCards } from './packet-cards.tsx';
import { PortTable } from './port-table.tsx';

const BURST_LABELS: readonly string[] = [
  '0',
  ...Array.from({ length: 16 }, (_, n) => `${4 * n + 1}–${4 * n + 4}`),
  '> 64',
];

export function ApplicationSection({ moments }: { readonly moments: readonly Moment[] }): JSX.Element {
  const now = moments.at(-1)!.application;
  const { pid, name, filePrefix, version, uptimeSeconds } = now;
  return (
    <section aria-labelledby={`app-${pid}`}>
      <h2 id={`app-${pid}`}>
        {name} {pid}
        <small>
          {[filePrefix, version, uptimeSeconds === null ? '' : `up ${formatDuration(uptimeSeconds)}`]
            .filter((part) => part !== '')
            .join(' · ')}
        </small>
      </h2>
      {now.agent === 'yes' ? <Details now={now} moments={moments} /> : null}
    </section>
  );
}

function Details({
  now,
  moments,
}: {
  readonly now: ApplicationView;
  readonly moments: readonly Moment[];
}): JSX.Element {
  const times = moments.map(({ timeMs }) => timeMs);
  const series = (name: string, of: (port: PortView) => number | null) => ({
    name,
    values: moments.map(({ application }) => sumOf(application.ports, of)),
  });
  const lost = [
    series('adapter', ({ drops }) => drops.missed),
    series('no mbuf', ({ drops }) => drops.noMbuf),
    series('not sent', ({ drops }) => drops.refused),
    series('application', ({ drops }) => drops.application),
    series('capture ring', ({ drops }) => drops.ring),
  ];
  const bursts = sumBuckets(now);
  return (
    <>
      <div class="grid">
        <section class="card" aria-label="Traffic">
          <TimeChart
            title="Packets a second"
            times={times}
            series={[series('received', ({ rxPps }) => rxPps), series('sent', ({ txPps }) => txPps)]}
            format={formatShort}
          />
        </section>
        <section class="card" aria-label="Losses">
          <TimeChart
            title="Lost a second"
            times={times}
            // Causes of which nothing is known would be lines without points.
            series={lost.filter(({ values }, n) => n < 3 || values.some((value) => value !== null))}
            format={formatShort}
          />
        </section>
        <section class="card" aria-label="Utilisation">
          <TimeChart
            title="Time that lcores are busy"
            times={times}
            series={now.lcores.map((lcore) => ({
              name: lcoreName(lcore),
              values: moments.map(({ application }) => {
                const then = application.lcores.find(({ tid }) => tid === lcore.tid);
                return then?.busyShare ?? null;
              }),
            }))}
            format={formatPercent}
            most={1}
          />
        </section>
      </div>
      <div class="card">
        <PortTable application={now} />
      </div>
      <div class="grid two">
        <div class="card">
          <LcoreTable application={now} />
        </div>
        <div class="card">
          <QueueTable application={now} />
        </div>
      </div>
      <div class="grid two">
        <section class="card" aria-label="Burst sizes">
          <Bars
            title="Polls a second by packets received (empty polls left out)"
            labels={BURST_LABELS.slice(1)}
            values={bursts.slice(1)}
            format={(value) => formatShort(value, '/s')}
          />
        </section>
        <section class="card" aria-label="Burst sizes over time">
          <HeatMap
            title="Bursts over time"
            labels={BURST_LABELS.slice(1)}
            columns={moments.map(({ application }) => sumBuckets(application).slice(1))}
          />
        </section>
      </div>
      <OwnDrops drops={now.drops} />
      <PacketCards moments={moments} />
      <Price price={now.price} />
    </>
  );
}

function sumBuckets({ queues }: ApplicationView): number[] {
  return BURST_LABELS.map((_, bucket) => sumOf(queues, ({ bursts }) => bursts[bucket] ?? 0) ?? 0);
}

function OwnDrops({ drops }: Pick<ApplicationView, 'drops'>): JSX.Element | null {
  if (drops === null || drops.length === 0) return null;
  return (
    <section class="card" aria-label="Dropped by the application">
      <Bars
        title="Packets a second that the application says it drops, by reason"
        labels={drops.map(({ reason }) => reason)}
        values={drops.map(({ pps }) => pps)}
        format={(value) => formatShort(value, '/s')}
      />
    </section>
  );
}

function Price({ price }: Pick<ApplicationView, 'price'>): JSX.Element {
  return (
    <p class="note">
      The programs of this page take{' '}
      {price === null
        ? 'what is not measured yet'
        : `${formatPercent(price)} of the time of its polling lcores`}
      .
    </p>
  );
}
