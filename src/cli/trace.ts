/**
 * `hone trace`: a script inside an application, on a recorded file, or in the kernel. The script is compiled and everything that can be
 * wrong is looked at before anything is attached.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import { formatEbpf } from '../bpf/index.ts';
import { checkOutput, ReaderGoneError } from '../output/index.ts';
import {
  type CompiledScript,
  compileScript,
  JsonFormat,
  type Naming,
  PrometheusFormat,
  parseScript,
  TextFormat,
  type TraceFormat,
} from '../script/index.ts';
import { realtimeNs, resolveApplication } from '../target/index.ts';
import { type KernelPoint, resolveKernelPoints } from '../target/kernel-target.ts';
import {
  AgentSource,
  FileFeed,
  KernelSource,
  pointFinder,
  Recording,
  RecordingFeed,
  TraceFile,
  type TraceResult,
  TraceSession,
  type TraceSource,
} from '../trace/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { checkPrice } from './kernel-price.ts';
import { addTraceOptions, type TraceOptions } from './trace-options.ts';
import { TraceReport } from './trace-report.ts';
import { OutputSink } from './trace-sink.ts';

/** Programs in applications and on files have the time since 1970. */
const REALTIME: Naming = { timeOffsetNs: 0n };

export function registerTrace(program: Command): void {
  const command = program
    .command('trace')
    .summary("bpftrace's language inside the application, or on recorded files")
    .description(
      "Runs a script in bpftrace's language on what a running DPDK application does (hone run, hone attach), or on a " +
        'recorded file, or in the kernel. Probes: dpdk:rx_poll, rx_burst, tx_burst, rx_packet, tx_packet, each with ' +
        ':PORT:QUEUE behind it for one place, and app:PROVIDER:NAME in the application; usdt, uprobe, uretprobe, ' +
        'tracepoint, software and profile in the kernel; BEGIN, END and interval in both.',
    )
    .allowExcessArguments();
  const parse = addTraceOptions(command);
  command.action((file: string | undefined, parameters: readonly string[]) =>
    run(parse(file === undefined ? [] : [file, ...parameters])),
  );
}

async function run(options: TraceOptions): Promise<void> {
  const text = options.script.kind === 'text' ? options.script.text : readScript(options.script.path);
  const providers = parseScript(text).clauses.flatMap(({ points }) =>
    points.map(({ parts }) => parts[0] ?? ''),
  );
  if (options.output !== '-' && !options.isDump) checkOutput(options.output, false);
  const { read } = options;
  if (read !== undefined) await (isRecording(read) ? traceRecording : traceFile)(text, read, options);
  else if (providers.some((provider) => OF_KERNEL.has(provider))) await traceKernel(text, options);
  else await traceApplication(text, providers.includes('app'), options);
}

/** First words of probes that need the kernel, with bpftrace's short forms. */
const OF_KERNEL: ReadonlySet<string> = new Set(
  'usdt U uprobe u uretprobe ur tracepoint t software s profile p'.split(' '),
);

/** @param points undefined for those of DPDK */
function compile(text: string, { positional }: TraceOptions, points = dpdkPoints, whose = 'an application') {
  return compileScript(text, { form: 'agent', positional, findPoints: pointFinder(points, whose) });
}

function readScript(path: string): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${(error as Error).message}`);
  }
}

function dump({ probes }: CompiledScript): void {
  process.stdout.write(
    probes.map(({ point, program }) => `${point.name}\n${formatEbpf(program)}`).join('\n'),
  );
}

/** A folder, or the metadata of a trace. */
function isRecording(path: string): boolean {
  return basename(path) === 'metadata' || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

async function traceRecording(text: string, path: string, options: TraceOptions): Promise<void> {
  const recording = await Recording.open(path);
  try {
    const script = compile(text, options, recording.points, path);
    if (options.isDump) return dump(script);
    const source = new AgentSource({
      script,
      startFeed: async (request) => new RecordingFeed(recording, request, script.events),
      nowNs: () => recording.nowNs,
      pid: process.pid,
    });
    await trace(script, source, { options, naming: REALTIME, nowNs: () => source.nowNs() });
    if (!options.quiet) for (const note of recording.notes) process.stderr.write(`${note}\n`);
    if (recording.damage !== undefined) throw recording.damage;
  } finally {
    recording.close();
  }
}

async function traceFile(text: string, path: string, options: TraceOptions): Promise<void> {
  const points = dpdkPoints.filter(({ kind }) => kind === 'packet');
  const script = compile(text, options, points, 'a recorded file');
  if (options.isDump) return dump(script);
  const file = await TraceFile.open(path);
  try {
    const source = new AgentSource({
      script,
      startFeed: async (request) => new FileFeed(file, request, script.events),
      nowNs: () => file.nowNs,
      pid: process.pid,
    });
    await trace(script, source, { options, naming: REALTIME, nowNs: () => source.nowNs() });
    if (file.passedOver > 0 && !options.quiet) {
      process.stderr.write(`${path}: ${file.passedOver} packets of other links than Ethernet passed over\n`);
    }
    if (file.damage !== undefined) throw file.damage;
  } finally {
    file.close();
  }
}

/** @param usesOwnPoints the script has points that only the application knows */
async function traceApplication(text: string, usesOwnPoints: boolean, options: TraceOptions): Promise<void> {
  // What is wrong with a script is said whether or not an application runs.
  let script = usesOwnPoints ? undefined : compile(text, options);
  if (script !== undefined && options.isDump) return dump(script);
  const isAttached = script === undefined || script.probes.some(({ runs }) => runs === 'target');
  const application = isAttached ? await resolveApplication(options.application) : undefined;
  try {
    script ??= compile(text, options, await application!.target.listTracePoints(), application!.label);
    if (options.isDump) return dump(script);
    const source = new AgentSource({
      script,
      startFeed: (request) => application!.target.startTrace(request),
      nowNs: realtimeNs,
      pid: process.pid,
    });
    const { end } = await trace(script, source, { options, naming: REALTIME, nowNs: realtimeNs });
    if (end === 'gone') process.stderr.write(`${application!.label} has ended\n`);
  } finally {
    application?.target.close();
  }
}

async function traceKernel(text: string, options: TraceOptions): Promise<void> {
  const { application, positional, isSure } = options;
  const pid = application === undefined ? undefined : Number(application);
  if (pid !== undefined && !Number.isInteger(pid)) {
    throw new UsageError(
      `--app ${application}: this script runs in the kernel, expected the number of a process by -p`,
    );
  }
  const points: KernelPoint[] = [];
  const script = compileScript(text, {
    form: 'kernel',
    positional,
    pid,
    findPoints: ({ parts }) => {
      const found = resolveKernelPoints(parts.join(':'), { pid });
      points.push(...found);
      return found;
    },
  });
  if (options.isDump) return dump(script);
  await checkPrice(points, pid, isSure);
  const source = new KernelSource({ script, pid });
  const { end } = await trace(script, source, { options, naming: source.naming, nowNs: realtimeNs });
  if (end === 'gone') process.stderr.write(`process ${pid} has ended\n`);
}

interface Run {
  readonly options: TraceOptions;
  readonly naming: Naming;
  readonly nowNs: () => bigint;
}

async function trace(
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
