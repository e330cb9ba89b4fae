/**
 * Recorded files, packets and events of one session together, as the same observation that a running application gives: what they tell, and
 * for what they do not tell the reason and what to record. Of a damaged file everything before the damage counts.
 */
import { setImmediate } from 'node:timers/promises';
import { FormatError, UsageError } from '../base/index.ts';
import {
  CaptureSource,
  findInputs,
  Merge,
  type OpenInputs,
  openInputs,
  TraceSource,
} from '../convert/index.ts';
import type { Observation, RecordedInput, RecordingLoss } from '../findings/index.ts';
import { recordedPoints } from '../trace/index.ts';
import { RecordedItems } from './recorded-items.ts';
import { unknownOfRecording } from './recorded-unknown.ts';

export interface RecordingOptions {
  /** Ends it early: what was read by then counts. */
  readonly signal: AbortSignal;
  /** @param sizeBytes undefined for what is read from a pipe */
  readonly onProgress: (takenBytes: number, sizeBytes: number | undefined) => void;
}

export interface ObservedRecording {
  readonly observation: Observation;
  /** What ended files before their end. */
  readonly damage: FormatError | undefined;
}

/** So many items before whoever waits (signals, progress) has its turn. */
const ITEMS_A_TURN = 4096;

/**
 * @param paths at least one: captures, folders of traces, or folders with any number of both
 * @throws SysError; FormatError for what is no recording; UsageError when nothing was recorded
 */
export async function observeRecording(
  paths: readonly string[],
  options: RecordingOptions,
): Promise<ObservedRecording> {
  const inputs = await openInputs(paths, []);
  const close = () => {
    for (const source of inputs.sources) source.close();
  };
  options.signal.addEventListener('abort', close, { once: true });
  try {
    const items = new RecordedItems(inputs.kinds);
    await read(inputs, items, options);
    const damages = [...new Set(inputs.sources.flatMap(({ damage }) => damage ?? []))];
    const damage = damages.length === 0 ? undefined : new FormatError(damages.join('; '), 0);
    if (items.packets + items.events === 0) {
      throw damage ?? new UsageError(`${paths.join(' ')}: nothing was recorded in it`);
    }
    return { observation: observe(paths, inputs, items, options.signal.aborted), damage };
  } finally {
    options.signal.removeEventListener('abort', close);
    close();
  }
}

async function read(
  { sources }: OpenInputs,
  items: RecordedItems,
  { signal, onProgress }: RecordingOptions,
): Promise<void> {
  const ofHone = new Set<CaptureSource>();
  const files = new Map<unknown, string>();
  for (const source of sources) {
    if (!(source instanceof CaptureSource)) continue;
    source.onOther = (record) => {
      if (record.type === 'section') {
        if (record.options.shb_userappl?.startsWith('hone ')) ofHone.add(source);
        else ofHone.delete(source);
      }
      if (record.type === 'interface') files.set(record.interface, source.name);
      items.addOther(record, source.name, ofHone.has(source));
    };
  }
  const merge = new Merge(sources);
  const sizes = sources.map(({ sizeBytes }) => sizeBytes);
  const sizeBytes = sizes.includes(undefined)
    ? undefined
    : sizes.reduce<number>((sum, size) => sum + size!, 0);
  for (let turn = 0; !signal.aborted; turn++) {
    if (turn % ITEMS_A_TURN === 0) {
      onProgress(
        sources.reduce((sum, { takenBytes }) => sum + takenBytes, 0),
        sizeBytes,
      );
      await setImmediate();
    }
    const item = merge.next();
    if (item === undefined) {
      if (!(await merge.fill())) return;
    } else if (item.kind === 'event') items.addEvent(item);
    else items.addPacket(item, files.get(item.packet.interface) ?? item.session.name);
  }
}

function observe(
  paths: readonly string[],
  { kinds, sources }: OpenInputs,
  items: RecordedItems,
  isCutShort: boolean,
): Observation {
  const { span, spans, sees, telling, losses, ports, traffic } = items;
  const { firstNs = 0n, seconds } = span;
  const trafficSeconds = spans.packets.seconds;
  for (const port of ports.all) port.missed = losses.missedOf(port.portId);
  const [pid, ...otherPids] = items.pids;
  const seen = {
    source: 'recording',
    label: paths.join(' '),
    pid: otherPids.length === 0 ? pid : undefined,
    startMs: Number(firstNs / 1_000_000n),
    ...{ seconds, countedSeconds: telling.has('rx-poll') || telling.has('tx-burst') ? seconds : 0 },
    ports: ports.all.map((port) => port.observe(sees, seconds)),
    queues: items.queues.observe(seconds, telling.hasEmptyPolls),
    lcores: items.threads.observe(),
    mempools: items.mempools.observe(),
    rings: items.rings.observe(),
    drops: items.drops(seconds),
    stages: items.stages.observe(seconds),
    traffic: traffic.in.observe(trafficSeconds) ?? traffic.out.observe(trafficSeconds),
    series: items.observeSeries(),
    recording: {
      inputs: paths.map((path) => inputOf(path, kinds)),
      ...{ packets: items.packets, events: items.events, isFiltered: items.isFiltered },
      losses: [
        ...sources.flatMap((source): RecordingLoss[] => {
          const lost = source instanceof TraceSource ? Number(source.discarded) : 0;
          return lost > 0 ? [{ name: source.name, what: 'events', lost }] : [];
        }),
        ...ports.all.flatMap(({ portId }): RecordingLoss[] => {
          const lost = losses.lostOf(portId);
          return lost > 0 ? [{ name: `port ${portId}`, what: 'packets', lost }] : [];
        }),
      ],
    },
  } satisfies Omit<Observation, 'unknown'>;
  const unknown = [
    ...sources.flatMap(({ damage }) => damage ?? []).map((damage) => `what lies behind damage: ${damage}`),
    ...(isCutShort ? ['the rest of the files: reading was ended early'] : []),
    ...sources.flatMap(({ notes }) =>
      notes.filter((note) => note.includes('clock') || note.includes('without a time')),
    ),
    ...unknownOfRecording(seen, items),
  ];
  return { ...seen, unknown: [...new Set(unknown)] };
}

/** What commands find in it. Standard input is gone when they run. */
function inputOf(path: string, kinds: OpenInputs['kinds']): RecordedInput {
  if (path === '-') return { path, captures: [], points: [], hasBytes: false };
  const { captures, traces } = findInputs(path);
  const mine = kinds.filter(({ trace }) => traces.includes(trace));
  const hasPacketEvents = mine.some(({ name }) => name === 'dpdk:rx_packet' || name === 'dpdk:tx_packet');
  return {
    ...{ path, captures },
    points: recordedPoints(mine, captures.length > 0).map(({ name }) => name),
    hasBytes: captures.length > 0 && !hasPacketEvents,
  };
}
