/**
 * `hone read`: recorded files, filtered and in order, as lines, fields, JSON, counts, or another file. Everything that can
 * be wrong with the options and the files is looked at before anything is written.
 */
import * as fs from 'node:fs';
import { Command } from 'commander';
import { CompileError, UsageError } from '../base/index.ts';
import type { RecordFormat } from '../bpf/index.ts';
import { checkOutput } from '../output/index.ts';
import {
  BulkSession,
  type ByteSource,
  CaptureInput,
  CaptureWalk,
  collectFor,
  FilterMatcher,
  fileForm,
  openFileSink,
  openSource,
  openTextSink,
  ReadSession,
  type RecordSink,
  WalkedInput,
  walkCompiler,
} from '../read/index.ts';
import type { ProgramMatcher } from '../read/program-matcher.ts';
import { addReadOptions, fileLike, type ReadOptions } from './read-options.ts';
import { ReadReport } from './read-report.ts';
import { rewriteHabits } from './read-words.ts';
import { systemNames } from './system-names.ts';
import { honeVersion } from './version.ts';

/** Takes what tcpdump's users type. */
class ReadCommand extends Command {
  override parseOptions(argv: string[]): ReturnType<Command['parseOptions']> {
    return super.parseOptions(rewriteHabits(argv));
  }
}

export function registerRead(program: Command): void {
  const command = new ReadCommand('read')
    .summary('recorded files: filter, merge, convert, print, count')
    .description(
      'Reads pcap and pcapng files, also compressed with gzip or zstd, merged in time order. The words after the files are ' +
        'a filter. Without -w, -T, --stats or --count: a line a packet.',
    )
    .copyInheritedSettings(program);
  program.addCommand(command);
  const parse = addReadOptions(command);
  command.action((words: readonly string[]) => run(parse(words)));
}

async function run(options: ReadOptions): Promise<void> {
  const sources: ByteSource[] = [];
  try {
    if (options.output.kind === 'write') checkWrite(options.output.path, options.files);
    for (const path of options.files) sources.push(await openSource(path));
    await read(options, sources);
  } finally {
    for (const source of sources) source.close();
  }
}

async function read(options: ReadOptions, sources: readonly ByteSource[]): Promise<void> {
  const { filter, bpf, output, quiet } = options;
  const program = bpf === undefined ? undefined : await loadProgram(bpf);
  const hurry = { isHurried: false };
  const session = await openSession(options, program, sources, hurry);
  const shows = output.kind === 'write' || output.kind === 'count' || !process.stdout.isTTY;
  const report = new ReadReport(session, sources, !quiet && shows);
  const onStop = () => {
    hurry.isHurried = true;
    session.stop();
  };
  process.on('SIGINT', onStop).on('SIGTERM', onStop);
  try {
    await session.run();
  } catch (error) {
    throw hinted(error, filter);
  } finally {
    process.off('SIGINT', onStop).off('SIGTERM', onStop);
    report.end();
    if (output.kind === 'count') process.stdout.write(`${session.passed} packets\n`);
  }
  if (program !== undefined) printMaps(program, output);
  if (output.kind === 'write' && !quiet) report.summary();
}

/** Extended BPF takes long to load: only who brings a program waits for it. */
async function loadProgram(file: NonNullable<ReadOptions['bpf']>): Promise<ProgramMatcher> {
  const { useProgramFile } = await import('./program-file.ts');
  const { ProgramMatcher } = await import('../read/program-matcher.ts');
  return useProgramFile(file, (object, name) => new ProgramMatcher(object, name));
}

/** Where they are not in the way of what another program reads. */
function printMaps(program: ProgramMatcher, output: ReadOptions['output']): void {
  const isForPeople =
    output.kind === 'write' ? output.path !== '-' : ['lines', 'stats', 'count'].includes(output.kind);
  (isForPeople ? process.stdout : process.stderr).write(program.formatMaps());
}

interface Hurry {
  /** A slow reader of our output is not waited for any more. */
  isHurried: boolean;
}

/** The fastest that does what is asked for. */
async function openSession(
  options: ReadOptions,
  program: ProgramMatcher | undefined,
  sources: readonly ByteSource[],
  hurry: Hurry,
): Promise<ReadSession | BulkSession> {
  const { order, filter, selection, output } = options;
  const names = systemNames();
  const matcher = program ?? (filter === '' ? undefined : new FilterMatcher(filter, names));
  const givesUp = () => hurry.isHurried;
  const isLookedAt = program !== undefined || needsEveryPacket(options);
  const compile = isLookedAt ? undefined : walkCompiler(filter, names);
  const [source] = sources;
  if (compile !== undefined && sources.length === 1 && isBulk(options)) {
    const walk = new CaptureWalk(source!, { compile, mostMatches: selection.packets });
    const format = await walk.open();
    const collect = output.kind === 'write' ? collectFor(output.format, format) : 'nothing';
    return new BulkSession({ walk, collect, matcher, openSink: () => openSink(options, format, givesUp) });
  }
  return new ReadSession({
    inputs: sources.map((one) =>
      compile === undefined
        ? new CaptureInput(one)
        : new WalkedInput(new CaptureWalk(one, { compile }), matcher),
    ),
    order,
    selection,
    // What is walked over is filtered there.
    matcher: compile === undefined ? matcher : undefined,
    openSink: (first) => openSink(options, first && fileForm(first.bytes), givesUp),
  });
}

/** Numbers count packets that do not pass as well. */
function needsEveryPacket({ filter, selection, output }: ReadOptions): boolean {
  if (selection.ranges !== undefined) return true;
  const isNumbered = output.kind === 'fields' || output.kind === 'json' || output.kind === 'ek';
  return isNumbered || (filter === '' && output.kind !== 'write' && output.kind !== 'count');
}

/** Packets go where they go many at a time. */
function isBulk({ selection, output }: ReadOptions): boolean {
  const { fromNs, beforeNs } = selection;
  const isTimed = fromNs !== undefined || beforeNs !== undefined;
  return !isTimed && (output.kind === 'write' || output.kind === 'count');
}

async function openSink(
  { output, files }: ReadOptions,
  form: RecordFormat | undefined,
  givesUp: () => boolean,
): Promise<RecordSink> {
  if (output.kind === 'count') return NOWHERE;
  if (output.kind !== 'write') return openTextSink(output, givesUp);
  return openFileSink(output, {
    inputForm: files.length > 1 ? undefined : form,
    application: `hone ${honeVersion()}`,
    comment: files.length > 1 ? `merged from ${files.join(', ')}` : undefined,
    givesUp,
  });
}

const NOWHERE: RecordSink = {
  putPacket: () => undefined,
  flush: async () => {},
  finish: async () => {},
};

/** @throws UsageError for an output that is one of the inputs; SysError for one that cannot be written */
function checkWrite(path: string, files: readonly string[]): void {
  checkOutput(path, false);
  const output = path === '-' ? undefined : fs.statSync(path, { throwIfNoEntry: false });
  if (output === undefined || !output.isFile()) return;
  for (const file of files) {
    const input = file === '-' ? fs.fstatSync(0) : fs.statSync(file, { throwIfNoEntry: false });
    if (input?.ino === output.ino && input.dev === output.dev) {
      throw new UsageError(`-w ${path}: is the file that is read (${file})`);
    }
  }
}

/** A filter that is no filter may be the name of a file that is not there. */
function hinted(error: unknown, filter: string): unknown {
  const file = fileLike(filter);
  if (!(error instanceof CompileError) || file === undefined) return error;
  return new UsageError(`cannot read ${file}: no such file`);
}
