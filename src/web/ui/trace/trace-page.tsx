/** The Trace: a script written with help, run in an application, its maps drawn as they grow and its price beside them. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { FIELDS } from '../../../packet/index.ts';
import type { CostView, HostMessage, PointView, PriceView } from '../../protocol/index.ts';
import { ApplicationSelect } from '../application-select.tsx';
import { type HostConnection, useLatest } from '../host-connection.ts';
import { Scroll } from '../scroll.tsx';
import { formatCount, formatShort } from '../units.ts';
import { setParameters, useUrlState } from '../url-state.ts';
import { EXAMPLES } from './examples.ts';
import { MapCard } from './map-card.tsx';
import { type MapView, parseMaps } from './map-lines.ts';
import { ScriptEditor } from './script-editor.tsx';

type TraceState = Extract<HostMessage, { readonly type: 'trace' }>;
type ScriptState = Extract<HostMessage, { readonly type: 'script' }>;

/** A minute. */
const KEPT = 120;
const MOST_LINES = 500;
const MOST_FIELDS = 20;

export function TracePage({ host }: { readonly host: HostConnection }): JSX.Element {
  const { parameters } = useUrlState();
  const script = parameters.get('script') ?? EXAMPLES[0]!.script;
  const pid = Number(parameters.get('app') ?? 0);
  const trace = useLatest(host, 'trace');
  const points = useLatest(host, 'points')?.points ?? [];
  const process = processOf(parameters.get('process'));
  const checked = useChecked(host, pid, process, script);
  const isOfKernel = checked?.where === 'kernel';
  const refusal = useRefusal(host);
  const isRunning = trace?.isRunning ?? false;
  useEffect(
    () =>
      host.onState((state) => {
        if (state === 'open' && pid > 0) host.send({ type: 'list-points', pid });
      }),
    [host, pid],
  );
  const [asked, setAsked] = useState<PriceView>();
  useEffect(() => host.on('trace-price', ({ price }) => setAsked(price)), [host]);
  useEffect(() => setAsked(undefined), [script, process]);
  const run = (isSure: boolean) => {
    setAsked(undefined);
    host.send({ type: 'start-trace', pid, process, script, isSure });
  };
  const isGood = checked !== undefined && checked.diagnostics.length === 0;
  return (
    <>
      <div class="bar-row">
        <h1>Trace</h1>
        <ApplicationSelect host={host} pid={pid} onChoose={(app) => setParameters({ app: String(app) })} />
        <label>
          Examples{' '}
          <select
            value=""
            onChange={(event) => {
              const example = EXAMPLES[Number(event.currentTarget.value)];
              if (event.currentTarget.value !== '' && example !== undefined)
                setParameters({ script: example.script });
              event.currentTarget.value = '';
            }}
          >
            <option value="">choose a question …</option>
            {EXAMPLES.map(({ title }, n) => (
              <option key={title} value={String(n)}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <span class="spread" />
        {isRunning ? (
          <button type="button" class="primary" onClick={() => host.send({ type: 'stop-trace' })}>
            Stop
          </button>
        ) : (
          <button
            type="button"
            class="primary"
            disabled={!isGood || (pid === 0 && !isOfKernel)}
            onClick={() => run(false)}
          >
            Run
          </button>
        )}
      </div>
      <div class="grid">
        <section class="card wide" aria-label="Script">
          <ScriptEditor
            script={script}
            onChange={(text) => setParameters({ script: text })}
            diagnostics={checked?.diagnostics ?? []}
            points={points}
            isOfKernel={isOfKernel}
          />
          {isOfKernel ? (
            <label>
              Only in process{' '}
              <input
                type="number"
                min={1}
                placeholder="any"
                value={process ?? ''}
                onInput={(event) => setParameters({ process: event.currentTarget.value || undefined })}
              />
            </label>
          ) : null}
          {isGood ? (
            <p class="note">
              Compiles: {checked.probes.join(', ')}, {checked.instructions} instructions
            </p>
          ) : null}
        </section>
        <Reference points={points} />
      </div>
      {asked === undefined ? null : (
        <PriceQuestion price={asked} onSure={() => run(true)} onLeave={() => setAsked(undefined)} />
      )}
      {refusal === '' ? null : (
        <p class="problem bad" role="alert">
          <span class="pre">{refusal}</span>
        </p>
      )}
      {trace === undefined ? null : <Price trace={trace} />}
      <Maps host={host} />
      <Output host={host} />
    </>
  );
}

/** A process by its number; null for all of the machine. */
function processOf(text: string | null): number | null {
  const pid = Number(text ?? 0);
  return Number.isInteger(pid) && pid > 0 && pid <= 0x7fff_ffff ? pid : null;
}

function formatPercent(percent: number): string {
  return `${percent < 10 ? percent.toFixed(1) : percent.toFixed(0)} %`;
}

/** Before something hot is probed. The kernel's probes stop what they are put on for as long as they run. */
function PriceQuestion({
  price,
  onSure,
  onLeave,
}: {
  readonly price: PriceView;
  readonly onSure: () => void;
  readonly onLeave: () => void;
}): JSX.Element {
  const { point, hitsPerSecond, percent } = price;
  const leave = useRef<HTMLButtonElement>(null);
  useEffect(() => leave.current?.focus(), []);
  return (
    <div class="problem" role="alertdialog" aria-label="Price" aria-describedby="price-question">
      <p id="price-question">
        <span class="mono">{point}</span> is hit {formatCount(Math.round(hitsPerSecond))} times a second: this
        trace will take about {formatPercent(percent)} of a processor from what it traces. Nothing is attached
        yet.
      </p>
      <div class="bar-row">
        <button type="button" onClick={onSure}>
          Attach it
        </button>
        <button ref={leave} type="button" onClick={onLeave}>
          Leave it
        </button>
      </div>
    </div>
  );
}

/** What the host says of the script as it stands; undefined until it says something. */
function useChecked(
  host: HostConnection,
  pid: number,
  process: number | null,
  script: string,
): ScriptState | undefined {
  const [checked, setChecked] = useState<ScriptState>();
  const points = useLatest(host, 'points');
  useEffect(() => {
    let request = 0;
    const off = host.on('script', (message) => {
      if (message.request === request) setChecked(message);
    });
    const offState = host.onState((state) => {
      if (state !== 'open') return;
      request = host.nextRequest();
      host.send({ type: 'check-script', request, pid, process, script });
    });
    return () => {
      off();
      offState();
    };
  }, [host, pid, process, script, points]);
  return checked;
}

function useRefusal(host: HostConnection): string {
  const [refusal, setRefusal] = useState('');
  useEffect(
    () =>
      host.on('refused', ({ what, message }) => {
        if (what === 'start-trace' || what === 'list-points') setRefusal(message);
      }),
    [host],
  );
  useEffect(() => host.on('trace', () => setRefusal('')), [host]);
  return refusal;
}

function Reference({ points }: { readonly points: readonly PointView[] }): JSX.Element {
  return (
    <section class="card reference" aria-label="Probes">
      <Scroll name="Probes and their arguments">
        {points.length === 0 ? (
          <p class="note">Choose an application to see what scripts can be put on.</p>
        ) : null}
        {points.map((point) => (
          <details key={point.name}>
            <summary class="mono">{point.name}</summary>
            <p class="note">{point.meaning}</p>
            <ul>
              {point.arguments.map(({ name, type, meaning }) => (
                <li key={name}>
                  <code>args.{name}</code> <small>{`${type} ${meaning}`}</small>
                </li>
              ))}
            </ul>
          </details>
        ))}
        <FieldSearch />
      </Scroll>
    </section>
  );
}

function FieldSearch(): JSX.Element {
  const [text, setText] = useState('tcp');
  const found = FIELDS.filter(
    ({ name, description, places }) =>
      places.length > 0 && `${name} ${description}`.includes(text.toLowerCase()),
  );
  return (
    <>
      <label>
        Fields of packets{' '}
        <input
          class="mono"
          type="search"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <ul>
        {found.slice(0, MOST_FIELDS).map(({ name, description }) => (
          <li key={name}>
            <code>{name}</code> <small>{description}</small>
          </li>
        ))}
      </ul>
      {found.length > MOST_FIELDS ? <p class="note">{found.length - MOST_FIELDS} more</p> : null}
    </>
  );
}

/** What the probes take, always in sight. */
function Price({ trace }: { readonly trace: TraceState }): JSX.Element {
  const { isRunning, costs, threads, lostEvents, withoutRoom, note, price } = trace;
  return (
    <section class="counts" aria-label="Price">
      <span class={isRunning ? 'live' : ''}>{isRunning ? 'Running' : 'Stopped'}</span>
      {costs.map((cost) => (
        <span key={cost.probe}>
          <span class="mono">{cost.probe}</span> {priceOf(cost)}
        </span>
      ))}
      {price === null ? (
        <span>
          Threads <b>{threads}</b>
        </span>
      ) : (
        <span>
          Before it began <span class="mono">{price.point}</span> was hit{' '}
          <b>{formatShort(price.hitsPerSecond)}</b> times a second: about{' '}
          <b>{formatPercent(price.percent)}</b> of a processor
        </span>
      )}
      <span class={lostEvents > 0 ? 'lost' : ''}>
        Lost events <b>{formatCount(lostEvents)}</b>
      </span>
      <span class={withoutRoom > 0 ? 'lost' : ''}>
        Updates without room <b>{formatCount(withoutRoom)}</b>
      </span>
      {note === '' ? null : <span role="status">{note}</span>}
    </section>
  );
}

function priceOf({ hits, nsPerHit }: CostView): JSX.Element {
  return (
    <>
      <b>{nsPerHit === null ? 'not timed yet' : `${nsPerHit.toFixed(1)} ns a hit`}</b> × {formatShort(hits)}
    </>
  );
}

function Maps({ host }: { readonly host: HostConnection }): JSX.Element {
  const [history, setHistory] = useState<readonly (readonly MapView[])[]>([]);
  useEffect(() => {
    let last = '';
    const take = ({ maps, isRunning }: TraceState) => {
      // The host tells more often than maps change.
      if (maps === last && isRunning) return;
      last = maps;
      const parsed = parseMaps(maps);
      setHistory((before) => [...before, parsed].slice(-KEPT));
    };
    const latest = host.latest('trace');
    if (latest !== undefined) take(latest);
    return host.on('trace', take);
  }, [host]);
  const now = history.at(-1) ?? [];
  return (
    <div class="grid">
      {[...now.filter(isHistogram), ...now.filter((map) => !isHistogram(map))].map((map) => (
        <MapCard
          key={map.name}
          map={map}
          history={history.flatMap((then) => then.filter(({ name }) => name === map.name))}
        />
      ))}
    </div>
  );
}

function isHistogram({ kind }: MapView): boolean {
  return kind === 'histograms';
}

function Output({ host }: { readonly host: HostConnection }): JSX.Element | null {
  const [lines, setLines] = useState<readonly string[]>([]);
  const [leftOut, setLeftOut] = useState(0);
  useEffect(
    () =>
      host.on('trace-output', (message) => {
        const texts = message.lines === '' ? [] : message.lines.split('\n').map(textOf);
        setLines((before) => [...before, ...texts].slice(-MOST_LINES));
        setLeftOut((count) => count + message.leftOut);
      }),
    [host],
  );
  if (lines.length === 0) return null;
  return (
    <section class="card" aria-label="Output">
      <h2>Printed</h2>
      <Scroll name="What the script printed">
        <pre class="output">{lines.join('')}</pre>
      </Scroll>
      {leftOut > 0 ? (
        <p class="note">{formatCount(leftOut)} lines left out: they came faster than the page takes them</p>
      ) : null}
    </section>
  );
}

/** `{"type": "printf", "data": "text\n"}` */
function textOf(line: string): string {
  const { type, data } = JSON.parse(line) as { readonly type: string; readonly data: unknown };
  const text = typeof data === 'string' ? data : JSON.stringify(data);
  return type === 'printf' ? text : `${text}\n`;
}
