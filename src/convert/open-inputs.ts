/** Paths become sources: every capture and every stream of every trace behind them, with the clock of each put right. */
import { UsageError } from '../base/index.ts';
import { CaptureInput, openSource } from '../read/index.ts';
import { CaptureSource } from './capture-source.ts';
import { type FoundInputs, findInputs } from './find-inputs.ts';
import type { ItemSource } from './item-source.ts';
import { type EventKind, type OpenTrace, openTraceFolder } from './open-trace.ts';
import type { InputOffset } from './parse-offset.ts';
import { Places, type Process } from './place.ts';
import type { Session } from './session.ts';
import { TraceSource } from './trace-source.ts';

export interface OpenInputs {
  /** Those of events before those of packets, so that of the same time they come first. */
  readonly sources: readonly ItemSource[];
  /** Events that the metadata of traces describe. */
  readonly kinds: readonly EventKind[];
  readonly hasPackets: boolean;
}

/**
 * @param paths at least one
 * @throws SysError, FormatError, UsageError; then nothing is open
 */
export async function openInputs(
  paths: readonly string[],
  offsets: readonly InputOffset[],
): Promise<OpenInputs> {
  for (const { path } of offsets) {
    if (!paths.includes(path)) throw new UsageError(`--offset ${path}=...: expected one of the inputs`);
  }
  const places = new Places();
  const kinds: EventKind[] = [];
  const traces: TraceSource[] = [];
  const captures: CaptureSource[] = [];
  try {
    for (const path of paths) {
      const offsetNs = offsets.find((offset) => offset.path === path)?.offsetNs ?? 0n;
      await openInput(findInputs(path), { places, offsetNs, kinds, traces, captures });
    }
    return { sources: [...traces, ...captures], kinds, hasPackets: captures.length > 0 };
  } catch (error) {
    for (const source of [...traces, ...captures]) source.close();
    throw error;
  }
}

interface Opening {
  readonly places: Places;
  readonly offsetNs: bigint;
  readonly kinds: EventKind[];
  readonly traces: TraceSource[];
  readonly captures: CaptureSource[];
}

async function openInput(
  found: FoundInputs,
  { places, offsetNs, kinds, traces, captures }: Opening,
): Promise<void> {
  const session: Session = {
    name: found.path,
    hasPackets: found.captures.length > 0,
    hasEvents: found.traces.length > 0,
    lossUntilNs: -1n,
  };
  let owner: Process | undefined;
  for (const folder of found.traces) {
    const trace = openTraceFolder(folder);
    kinds.push(...trace.kinds);
    const process = processOf(trace, places, found.path);
    owner ??= process;
    for (const stream of trace.streams) {
      traces.push(new TraceSource({ ...stream, trace: folder, session, process, places, offsetNs }));
    }
  }
  for (const path of found.captures) {
    const input = new CaptureInput(await openSource(path));
    const process = owner ?? places.process(undefined, found.path);
    captures.push(new CaptureSource({ input, session, process, places, offsetNs }));
  }
}

/** As hone's recordings and LTTng's buffers of a process name it. */
function processOf({ environment }: OpenTrace, places: Places, name: string): Process {
  const { pid, vpid, procname } = environment;
  const number = typeof vpid === 'number' ? vpid : typeof pid === 'number' ? pid : undefined;
  return places.process(number, typeof procname === 'string' && procname !== '' ? procname : name);
}
