/** `hone convert`: captures and traces of every kind, merged on one clock, in the form of another tool. */
import * as fs from 'node:fs';
import type { Command } from 'commander';
import { UsageError } from '../base/index.ts';
import { Conversion, checkFolder, type ItemSource, openInputs, openItemSink } from '../convert/index.ts';
import { checkOutput } from '../output/index.ts';
import { addConvertOptions, type ConvertOptions } from './convert-options.ts';
import { ConvertReport } from './convert-report.ts';
import { honeVersion } from './version.ts';

export function registerConvert(program: Command): void {
  const command = program
    .command('convert')
    .summary('captures and traces merged, for Perfetto and other tools')
    .description(
      'Merges captures (pcap, pcapng) and traces (CTF: of hone record, LTTng, rte_trace) on one clock, and writes them as a ' +
        'timeline for Perfetto or Chrome, as a CTF trace, as text, JSON or CSV, or their packets as pcapng.',
    );
  const parse = addConvertOptions(command);
  command.action((inputs: readonly string[]) => run(parse(inputs)));
}

async function run(options: ConvertOptions): Promise<void> {
  if (options.format === 'ctf') checkFolder(options.path);
  else checkFile(options);
  const { sources } = await openInputs(options.inputs, options.offsets);
  try {
    checkInputs(options, sources);
    await convert(options, sources);
  } finally {
    for (const source of sources) source.close();
  }
}

async function convert(options: ConvertOptions, sources: readonly ItemSource[]): Promise<void> {
  const hurry = { isHurried: false };
  const sink = await openItemSink(
    { ...options, application: `hone ${honeVersion()}`, givesUp: () => hurry.isHurried },
    sources,
  );
  const conversion = new Conversion(sources, options.selection);
  const isShown = options.path !== '-' || !process.stdout.isTTY;
  const report = new ConvertReport(conversion, !options.quiet && isShown);
  const onStop = () => {
    hurry.isHurried = true;
    conversion.stop();
  };
  process.on('SIGINT', onStop).on('SIGTERM', onStop);
  try {
    await conversion.run(sink);
  } finally {
    process.off('SIGINT', onStop).off('SIGTERM', onStop);
    report.end();
    if (!options.quiet) report.notes(sink.notes);
  }
  if (!options.quiet && options.path !== '-') report.summary();
}

/** @throws UsageError; SysError for a file that cannot be written */
function checkFile({ path, format }: ConvertOptions): void {
  if (path !== '-') checkOutput(path, false);
  else if (process.stdout.isTTY && (format === 'perfetto' || format === 'pcapng')) {
    throw new UsageError(`-w -: standard output is a terminal, expected a file for ${format}`);
  }
}

/** @throws UsageError for an output that is one of the files that are read */
function checkInputs({ path, inputs }: ConvertOptions, sources: readonly ItemSource[]): void {
  const output = path === '-' ? undefined : fs.statSync(path, { throwIfNoEntry: false });
  if (output === undefined || !output.isFile()) return;
  const isOutput = (stat: fs.Stats | undefined) => stat?.ino === output.ino && stat.dev === output.dev;
  const same =
    inputs.includes('-') && isOutput(fs.fstatSync(0))
      ? 'standard input'
      : sources
          .map(({ name }) => name)
          .find((name) => isOutput(fs.statSync(name, { throwIfNoEntry: false })));
  if (same !== undefined) throw new UsageError(`-w ${path}: is the file that is read (${same})`);
}
