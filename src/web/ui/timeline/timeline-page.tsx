/** The Timeline: what happened when, on which lcore; from a running application, the capture of this page, or a file. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { HoneError } from '../../../base/index.ts';
import { ApplicationSelect } from '../application-select.tsx';
import { type HostConnection, useLatest } from '../host-connection.ts';
import { formatCount } from '../units.ts';
import { setParameters, useUrlState } from '../url-state.ts';
import type { TimeRange } from './draw-lanes.ts';
import { EventStore } from './event-store.ts';
import { fileSource, liveSource, type TimelineSource } from './sources.ts';
import { TimelineView } from './timeline-view.tsx';

/** Events that the page holds: some 30 MiB. */
const MOST_EVENTS = 1_200_000;
const DEFAULT_POINTS = 'dpdk:rx_burst,dpdk:tx_burst';

interface Running {
  readonly store: EventStore;
  readonly name: string;
  readonly isLive: boolean;
}

export function TimelinePage({ host }: { readonly host: HostConnection }): JSX.Element {
  const { parameters } = useUrlState();
  const pid = Number(parameters.get('app') ?? 0);
  const chosen = (parameters.get('points') ?? DEFAULT_POINTS).split(',').filter((name) => name !== '');
  const points = useLatest(host, 'points')?.points ?? [];
  const capture = useLatest(host, 'capture');
  const [running, setRunning] = useState<Running>();
  const [isOver, setOver] = useState(true);
  const [news, setNews] = useState(0);
  const [fault, setFault] = useState('');
  const source = useRef<TimelineSource>();
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open' && pid > 0) host.send({ type: 'list-points', pid });
      }),
    [host, pid],
  );
  useEffect(
    () =>
      host.on('refused', ({ what, message }) => {
        if (what !== 'start-timeline') return;
        setFault(message);
        setOver(true);
      }),
    [host],
  );
  useEffect(() => () => source.current?.stop(), []);
  const open = async (name: string, isLive: boolean, opened: TimelineSource) => {
    source.current?.stop();
    source.current = opened;
    const store = new EventStore(MOST_EVENTS);
    setRunning({ store, name, isLive });
    setFault('');
    setOver(false);
    setParameters({ from: undefined, to: undefined });
    try {
      await opened.run(store, () => setNews((count) => count + 1));
    } catch (error) {
      if (!(error instanceof HoneError) && !(error instanceof TypeError)) throw error;
      setFault(`${name}: ${error.message}`);
    }
    if (source.current === opened) setOver(true);
  };
  const openCapture = () => {
    const off = host.on('download', async ({ path }) => {
      off();
      const { body } = await fetch(path);
      if (body !== null) await open('capture of this page', false, fileSource(body, false));
    });
    host.send({ type: 'get-download' });
  };
  const toggle = (name: string) => {
    const others = chosen.filter((one) => one !== name);
    setParameters({ points: (chosen.includes(name) ? others : [...chosen, name]).join(',') });
  };
  const isLive = (running?.isLive ?? false) && !isOver;
  return (
    <>
      <div class="bar-row">
        <h1>Timeline</h1>
        <ApplicationSelect host={host} pid={pid} onChoose={(app) => setParameters({ app: String(app) })} />
        <fieldset class="ports" disabled={isLive}>
          <legend class="hidden">Points</legend>
          {points.map(({ name, meaning }) => (
            <label key={name} title={meaning}>
              <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} /> {name}
            </label>
          ))}
        </fieldset>
        <span class="spread" />
        {isLive ? (
          <button type="button" class="primary" onClick={() => source.current?.stop()}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={pid === 0 || chosen.length === 0}
            onClick={() => open(`application ${pid}`, true, liveSource(host, pid, chosen))}
          >
            Watch live
          </button>
        )}
      </div>
      <div class="bar-row">
        <label>
          Recorded file{' '}
          <input
            type="file"
            accept=".pcap,.pcapng,.gz"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file !== undefined)
                void open(file.name, false, fileSource(file.stream(), file.name.endsWith('.gz')));
            }}
          />
        </label>
        <button type="button" disabled={capture === undefined || capture.packets === 0} onClick={openCapture}>
          The capture of this page
        </button>
      </div>
      {fault === '' ? null : (
        <p class="problem bad" role="alert">
          <span class="pre">{fault}</span>
        </p>
      )}
      {running === undefined ? (
        <section class="card empty">
          <p>
            Watch an application live, or open a recorded file: it is read in this page and sent nowhere.
            Every burst, packet or event stands on the lane of its lcore or queue.
          </p>
        </section>
      ) : (
        <>
          <Counts host={host} running={running} isLive={isLive} />
          <TimelineView
            store={running.store}
            news={news}
            range={rangeOf(parameters)}
            isLive={isLive}
            onRange={(range) =>
              setParameters({ from: range && textOf(range.fromNs), to: range && textOf(range.toNs) })
            }
          />
        </>
      )}
    </>
  );
}

function rangeOf(parameters: URLSearchParams): TimeRange | undefined {
  const [fromNs, toNs] = [
    Number(parameters.get('from') ?? Number.NaN),
    Number(parameters.get('to') ?? Number.NaN),
  ];
  return toNs > fromNs ? { fromNs, toNs } : undefined;
}

function textOf(timeNs: number): string {
  return timeNs.toFixed(0);
}

function Counts({
  host,
  running,
  isLive,
}: {
  readonly host: HostConnection;
  readonly running: Running;
  readonly isLive: boolean;
}): JSX.Element {
  const told = useLatest(host, 'timeline');
  const live = running.isLive ? told : undefined;
  const { count, forgotten } = running.store;
  return (
    <section class="counts" aria-label="Counts">
      <span class={isLive ? 'live' : ''}>{isLive ? 'Live' : 'Recorded'}</span>
      <span>{running.name}</span>
      <span>
        Events <b>{formatCount(count)}</b>
      </span>
      {forgotten > 0 ? <span>Older ones forgotten {formatCount(forgotten)}</span> : null}
      {live === undefined ? null : (
        <>
          <span class={live.lostEvents > 0 ? 'lost' : ''}>
            Lost by the ring <b>{formatCount(live.lostEvents)}</b>
          </span>
          <span class={live.leftOut > 0 ? 'lost' : ''}>
            Left out for this page <b>{formatCount(live.leftOut)}</b>
          </span>
          {live.costs.map(({ probe, nsPerHit }) => (
            <span key={probe}>
              <span class="mono">{probe}</span>{' '}
              <b>{nsPerHit === null ? '?' : `${nsPerHit.toFixed(1)} ns a hit`}</b>
            </span>
          ))}
          {live.note === '' ? null : <span role="status">{live.note}</span>}
        </>
      )}
    </section>
  );
}
