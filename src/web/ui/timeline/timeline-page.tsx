/** The Timeline: what happened when, on which lcore; from a running application, the capture of this page, or a file. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { HoneError, UsageError } from '../../../base/index.ts';
import { ApplicationSelect } from '../application-select.tsx';
import { type HostConnection, useLatest } from '../host-connection.ts';
import { formatCount } from '../units.ts';
import { setParameters, useUrlState } from '../url-state.ts';
import type { TimeRange } from './draw-lanes.ts';
import { EventStore } from './event-store.ts';
import { RecordingBox } from './recording-box.tsx';
import { captureSource, fileSource, liveSource, recordingSource, type TimelineSource } from './sources.ts';
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
  const recording = parameters.get('recording') ?? '';
  const points = useLatest(host, 'points')?.points ?? [];
  const capture = useLatest(host, 'capture');
  const [running, setRunning] = useState<Running>();
  const [isOver, setOver] = useState(true);
  const [news, setNews] = useState(0);
  const [fault, setFault] = useState('');
  const source = useRef<TimelineSource>();
  /** The recording that was opened last. */
  const opened = useRef('');
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open' && pid > 0) host.send({ type: 'list-points', pid });
      }),
    [host, pid],
  );
  useEffect(() => () => source.current?.stop(), []);
  // An address that names a recording shows it, as far in as it says.
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open' && recording !== '' && recording !== opened.current)
          void openRecording(recording);
      }),
    [host, recording],
  );
  const openNew = (...what: Parameters<typeof open>) => {
    setParameters({ from: undefined, to: undefined, recording: undefined });
    opened.current = '';
    return open(...what);
  };
  const openRecording = (path: string) => {
    opened.current = path;
    return open(path, false, recordingSource(host, path));
  };
  const open = async (name: string, isLive: boolean, opened: TimelineSource) => {
    source.current?.stop();
    source.current = opened;
    const store = new EventStore(MOST_EVENTS);
    setRunning({ store, name, isLive });
    setFault('');
    setOver(false);
    try {
      await opened.run(store, () => setNews((count) => count + 1));
    } catch (error) {
      if (!(error instanceof HoneError) && !(error instanceof TypeError)) throw error;
      if (source.current === opened)
        setFault(error instanceof UsageError ? error.message : `${name}: ${error.message}`);
    }
    if (source.current === opened) setOver(true);
  };
  const openCapture = () => {
    const off = host.on('download', async ({ path }) => {
      off();
      const { body } = await fetch(path);
      if (body !== null) await openNew('capture of this page', false, captureSource(body, false));
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
            onClick={() => openNew(`application ${pid}`, true, liveSource(host, pid, chosen))}
          >
            Watch live
          </button>
        )}
      </div>
      <div class="bar-row">
        <RecordingBox
          path={recording}
          isReading={!isOver && running?.name === recording}
          onOpen={(path) => {
            void openRecording(path);
            setParameters({ from: undefined, to: undefined, recording: path });
          }}
          onStop={() => source.current?.stop()}
        />
        <label>
          File of this browser{' '}
          <input
            type="file"
            accept=".pcap,.pcapng,.cap,.gz"
            onChange={(event) => {
              const file = event.currentTarget.files?.[0];
              if (file !== undefined) void openNew(file.name, false, fileSource(file));
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
            Watch an application live, or open what was recorded: a folder of <code>hone record</code>, LTTng
            or rte_trace, or a capture. Every burst, packet or event stands on the lane of its lcore or queue.
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
  const read = told === undefined || running.isLive || told.sizeBytes === 0 ? undefined : told;
  const { count, forgotten } = running.store;
  return (
    <section class="counts" aria-label="Counts">
      <span class={isLive ? 'live' : ''}>{isLive ? 'Live' : 'Recorded'}</span>
      <span>{running.name}</span>
      <span>
        Events <b>{formatCount(count)}</b>
      </span>
      {read?.isRunning ? <span>Read {Math.floor((100 * read.readBytes) / read.sizeBytes)} %</span> : null}
      {read === undefined || read.note === '' ? null : (
        <span class="pre lost" role="status">
          {read.note}
        </span>
      )}
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
