/** One application of the Overview. */
import type { JSX } from 'preact';
import type { ApplicationView } from '../../protocol/index.ts';
import { Bars } from '../bars.tsx';
import { HeatMap } from '../heat-map.tsx';
import { TimeChart } from '../time-chart.tsx';
import { formatDuration, formatPercent, formatShort } from '../units.ts';
import { type Moment, perSecond, sumOf } from './history.ts';
import { busyShare, LcoreTable, lcoreName, QueueTable } from './lcore-table.tsx';
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
  const series = (of: (application: ApplicationView) => number) =>
    moments.map(({ application }) =>
      application.intervalMs === 0 ? null : perSecond(of(application), application),
    );
  const ofPorts = (key: 'rxPackets' | 'txPackets' | 'missed' | 'noMbuf') => (application: ApplicationView) =>
    sumOf(application.ports, ({ rates }) => rates?.[key] ?? 0);
  const notSent = (application: ApplicationView) =>
    sumOf(application.ports, ({ notSent: count }) => count ?? 0);
  const bursts = sumBuckets(now);
  return (
    <>
      <div class="grid">
        <section class="card" aria-label="Traffic">
          <TimeChart
            title="Packets a second"
            times={times}
            series={[
              { name: 'received', values: series(ofPorts('rxPackets')) },
              { name: 'sent', values: series(ofPorts('txPackets')) },
            ]}
            format={formatShort}
          />
        </section>
        <section class="card" aria-label="Losses">
          <TimeChart
            title="Lost a second"
            times={times}
            series={[
              { name: 'adapter', values: series(ofPorts('missed')) },
              { name: 'no mbuf', values: series(ofPorts('noMbuf')) },
              { name: 'not sent', values: series(notSent) },
            ]}
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
                return then === undefined ? null : busyShare(then);
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
            values={bursts.slice(1).map((count) => perSecond(count, now))}
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
      <PacketCards moments={moments} />
      <Price application={now} />
    </>
  );
}

function sumBuckets({ queues }: ApplicationView): number[] {
  return BURST_LABELS.map((_, bucket) => sumOf(queues, ({ bursts }) => bursts[bucket] ?? 0));
}

function Price({ application }: { readonly application: ApplicationView }): JSX.Element {
  const { price, lcores } = application;
  const known = price.filter(({ nsPerHit }) => nsPerHit !== null);
  const share =
    sumOf(known, ({ hits, nsPerHit }) => perSecond(hits, application) * nsPerHit! * 1e-9) /
    Math.max(1, lcores.length);
  const parts = known.map(
    ({ probe, hits, nsPerHit }) =>
      `${probe} ${nsPerHit!.toFixed(1)} ns × ${formatShort(perSecond(hits, application), '/s')}`,
  );
  return (
    <p class="note">
      What this page takes from the application:{' '}
      {known.length === 0
        ? 'not measured yet'
        : `${formatPercent(share)} of its polling lcores (${parts.join(', ')})`}
    </p>
  );
}
