/** What traces have in common wherever they run: the session, its output, signals, what is said at the end. */
import { formatEbpf } from '../bpf/index.ts';
import { ReaderGoneError } from '../output/index.ts';
import {
  type CompiledScript,
  JsonFormat,
  type Naming,
  PrometheusFormat,
  TextFormat,
  type TraceFormat,
} from '../script/index.ts';
import { type TraceResult, TraceSession, type TraceSource } from '../trace/index.ts';
import type { TraceOptions } from './trace-options.ts';
import { TraceReport } from './trace-report.ts';
import { OutputSink } from './trace-sink.ts';

/** Programs in applications and on files have the time since 1970. */
export const REALTIME: Naming = { timeOffsetNs: 0n };

interface Run {
  readonly options: TraceOptions;
  readonly naming: Naming;
  readonly nowNs: () => bigint;
}

/** Prints the eBPF of each probe. */
export function dumpPrograms({ probes }: CompiledScript): void {
  process.stdout.write(
    probes.map(({ point, program }) => `${point.name}\n${formatEbpf(program)}`).join('\n'),
  );
}

/** Runs the trace to its end. @throws what ended it before its time */
export async function runTrace(
  script: CompiledScript,
  source: TraceSource,
  { options, naming, nowNs }: Run,
): Promise<TraceResult> {
  const hurry = { isHurried: false };
  const sink = await OutputSink.open(options.output, () => hurry.isHurried);
  const report = new TraceReport(source);
  const session = new TraceSession({
    script,
    source,
    format: formatOf(options, naming),
    naming,
    sink,
    nowNs,
    durationMs: options.durationMs,
    snapshotMs: options.snapshotMs,
  });
  let stops = 0;
  const onStop = () => {
    // The second time a slow reader of our output is not waited for any more.
    hurry.isHurried = ++stops > 1;
    session.stop();
  };
  process.on('SIGINT', onStop).on('SIGTERM', onStop);
  if (options.cost) report.showPrice();
  const result = await session.run();
  report.end();
  process.off('SIGINT', onStop).off('SIGTERM', onStop);
  await sink.close().catch((error: unknown) => {
    if (!(error instanceof ReaderGoneError)) throw error;
  });
  if (!options.quiet) report.summary(result, options.cost);
  if (result.error !== undefined) throw result.error;
  return result;
}

function formatOf({ format, order }: TraceOptions, naming: Naming): TraceFormat {
  switch (format) {
    case 'text':
      return new TextFormat(naming, order);
    case 'json':
      return new JsonFormat(naming, order);
    case 'prometheus':
      return new PrometheusFormat(naming, order);
  }
}
