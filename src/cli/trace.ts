/**
 * `hone trace`: a script inside an application, or on a recorded file. The script is compiled and everything that can be
 * wrong is looked at before anything is attached.
 */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UnsupportedError, UsageError } from '../base/index.ts';
import { formatEbpf } from '../bpf/index.ts';
import { checkOutput, ReaderGoneError } from '../output/index.ts';
import {
  type CompiledScript,
  compileScript,
  JsonFormat,
  PrometheusFormat,
  TextFormat,
  type TraceFormat,
} from '../script/index.ts';
import { type OpenApplication, realtimeNs, resolveApplication } from '../target/index.ts';
import { AgentSource, FileFeed, pointFinder, TraceFile, TraceSession } from '../trace/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { addTraceOptions, type TraceOptions } from './trace-options.ts';
import { TraceReport } from './trace-report.ts';
import { OutputSink } from './trace-sink.ts';

/** Values hold the time as CLOCK_REALTIME. */
const NAMING = { timeOffsetNs: 0n } as const;

export function registerTrace(program: Command): void {
  const command = program
    .command('trace')
    .summary("bpftrace's language inside the application, or on recorded files")
    .description(
      "Runs a script in bpftrace's language on what a running DPDK application does (hone run, hone attach), or on a " +
        'recorded file. Probes: dpdk:rx_poll, rx_burst, tx_burst, rx_packet, tx_packet, each with :PORT:QUEUE behind it ' +
        'for one place; BEGIN, END and interval.',
    )
    .allowExcessArguments();
  const parse = addTraceOptions(command);
  command.action((file: string | undefined, parameters: readonly string[]) =>
    run(parse(file === undefined ? [] : [file, ...parameters])),
  );
}

async function run(options: TraceOptions): Promise<void> {
  const script = compile(options);
  if (options.isDump) {
    process.stdout.write(dump(script));
    return;
  }
  if (options.output !== '-') checkOutput(options.output, false);
  if (options.read !== undefined) await traceFile(script, options.read, options);
  else await traceApplication(script, options);
}

function compile({ script, positional, read }: TraceOptions): CompiledScript {
  const points = read === undefined ? dpdkPoints : dpdkPoints.filter(({ kind }) => kind === 'packet');
  return compileScript(script.kind === 'text' ? script.text : readScript(script.path), {
    form: 'agent',
    positional,
    findPoints: pointFinder(points, read === undefined ? 'an application' : 'a recorded file'),
  });
}

function readScript(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function dump({ probes }: CompiledScript): string {
  return probes.map(({ point, program }) => `${point.name}\n${formatEbpf(program)}`).join('\n');
}

async function traceFile(script: CompiledScript, path: string, options: TraceOptions): Promise<void> {
  const file = await TraceFile.open(path);
  try {
    const source = new AgentSource({
      script,
      startFeed: async (request) => new FileFeed(file, request, script.events),
      nowNs: () => file.nowNs,
      pid: process.pid,
    });
    await trace(script, source, options);
    if (file.passedOver > 0 && !options.quiet) {
      process.stderr.write(`${path}: ${file.passedOver} packets of other links than Ethernet passed over\n`);
    }
    if (file.damage !== undefined) throw file.damage;
  } finally {
    file.close();
  }
}

async function traceApplication(script: CompiledScript, options: TraceOptions): Promise<void> {
  const isAttached = script.probes.some(({ runs }) => runs === 'target');
  const application = isAttached ? await resolveApplication(options.application) : undefined;
  try {
    const source = new AgentSource({
      script,
      startFeed: (request) => startIn(application!, request),
      nowNs: realtimeNs,
      pid: process.pid,
    });
    const { end } = await trace(script, source, options);
    if (end === 'gone') process.stderr.write(`${application!.label} has ended\n`);
  } finally {
    application?.target.close();
  }
}

function startIn(
  { target, label }: OpenApplication,
  request: Parameters<NonNullable<typeof target.startTrace>>[0],
) {
  if (target.startTrace !== undefined) return target.startTrace(request);
  throw new UnsupportedError(`${label} does not run trace programs`, 'an application with the agent');
}

async function trace(script: CompiledScript, source: AgentSource, options: TraceOptions) {
  const hurry = { isHurried: false };
  const sink = await OutputSink.open(options.output, () => hurry.isHurried);
  const report = new TraceReport(source);
  const session = new TraceSession({
    script,
    source,
    format: formatOf(options),
    naming: NAMING,
    sink,
    nowNs: () => source.nowNs(),
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

function formatOf({ format, order }: TraceOptions): TraceFormat {
  switch (format) {
    case 'text':
      return new TextFormat(NAMING, order);
    case 'json':
      return new JsonFormat(NAMING, order);
    case 'prometheus':
      return new PrometheusFormat(NAMING, order);
  }
}
