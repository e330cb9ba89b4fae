/** Paths become sources: every capture and every stream of every trace behind them, with the clock of each put right. */
import { UsageError } from '../base/index.ts';
import { CaptureInput, openSource } from '../read/index.ts';
import { CaptureSource } from './capture-source.ts';
import { type FoundInputs, findInputs } from './find-inputs.ts';
import type { ItemSource } from './item-source.ts';
import { type OpenTrace, openTrace } from './open-trace.ts';
import type { InputOffset } from './parse-offset.ts';
import { Places, type Process } from './place.ts';
import type { Session } from './session.ts';
import { TraceSource } from './trace-source.ts';

/**
 * The sources of all inputs: those of events before those of packets, so that of the same time they come first.
 * @param paths at least one
 * @throws SysError, FormatError, UsageError; then nothing is open
 */
export async function openInputs(
  paths: readonly string[],
  offsets: readonly InputOffset[],
): Promise<readonly ItemSource[]> {
  for (const { path } of offsets) {
    if (!paths.includes(path)) throw new UsageError(`--offset ${path}=...: expected one of the inputs`);
  }
  const places = new Places();
  const traces: TraceSource[] = [];
  const captures: CaptureSource[] = [];
  try {
    for (const path of paths) {
      const offsetNs = offsets.find((offset) => offset.path === path)?.offsetNs ?? 0n;
      await openInput(findInputs(path), { places, offsetNs, traces, captures });
    }
    return [...traces, ...captures];
  } catch (error) {
    for (const source of [...traces, ...captures]) source.close();
    throw error;
  }
}

interface Opening {
  readonly places: Places;
  readonly offsetNs: bigint;
  readonly traces: TraceSource[];
  readonly captures: CaptureSource[];
}

async function openInput(found: FoundInputs, { places, offsetNs, traces, captures }: Opening): Promise<void> {
  const session: Session = {
    name: found.path,
    hasPackets: found.captures.length > 0,
    hasEvents: found.traces.length > 0,
    lossUntilNs: -1n,
  };
  let owner: Process | undefined;
  for (const folder of found.traces) {
    const trace = openTrace(folder);
    const process = processOf(trace, places, found.path);
    owner ??= process;
    for (const stream of trace.streams) {
      traces.push(new TraceSource({ ...stream, session, process, places, offsetNs }));
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
