/**
 * `hone capture`: packets of running applications into files, standard output, or lines of text. Everything that can be
 * wrong is looked at before anything is attached or any file is made.
 */
import type { Command } from 'commander';
import { HoneError } from '../base/index.ts';
import { CaptureSession, type CaptureSource, openFileWriter, openTextWriter } from '../capture/index.ts';
import { checkOutput } from '../output/index.ts';
import { addCaptureOptions, type CaptureOptions, type CaptureRequest } from './capture-options.ts';
import { CaptureReport } from './capture-report.ts';
import { planSources, startSources } from './capture-sources.ts';
import { printStatistics } from './capture-statistics.ts';
import { ApplicationEndedError } from './exit-codes.ts';
import { printPorts } from './ports.ts';
import { honeVersion } from './version.ts';

export function registerCapture(program: Command): void {
  const command = program
    .command('capture')
    .summary('packets of running applications into a file, or as lines')
    .description(
      'Captures packets that pass the ports of running DPDK applications which have the agent (hone run, hone attach), ' +
        'or of a replay. -f, --bpf, -s, --ifname and --ifdescr belong to the -i before them; before any -i, ' +
        'the first three are the default. Without -i: all ports of the only application.',
    );
  const parse = addCaptureOptions(command);
  command.action((words: readonly string[]) => run(parse(words)));
}

async function run(request: CaptureRequest): Promise<void> {
  switch (request.kind) {
    case 'list-ports':
      return printPorts('text');
    case 'statistics':
      return printStatistics(request.options);
    case 'capture':
      return capture(request.options);
  }
}

async function capture(options: CaptureOptions): Promise<void> {
  // From the start: Node's own answer to this signal is its debugger.
  process.on('SIGUSR1', () => {});
  if (options.path !== undefined) checkOutput(options.path, options.rotate !== undefined);
  const plans = await planSources(options.choices);
  try {
    await captureFrom(await startSources(plans, options), options);
  } finally {
    for (const { application } of plans) application.target.close();
  }
}

async function captureFrom(sources: readonly CaptureSource[], options: CaptureOptions): Promise<void> {
  const report = new CaptureReport(options.path !== undefined && !options.quiet);
  const session = new CaptureSession({
    sources,
    durationMs: options.stop.durationMs,
    openWriter: (opening) => {
      report.begin(opening);
      return openWriter(opening, options, report);
    },
    onNote: (text) => report.note(text),
  });
  const onStop = () => session.stop();
  const onCounts = () => {
    try {
      session.takeCounters();
    } catch (error) {
      // Then the last ones are shown.
      if (!(error instanceof HoneError)) throw error;
    }
    report.summary(session);
  };
  process.on('SIGINT', onStop).on('SIGTERM', onStop).on('SIGUSR1', onCounts);
  const { error, gone } = await session.run();
  process.off('SIGINT', onStop).off('SIGTERM', onStop).off('SIGUSR1', onCounts);
  report.end();
  report.summary(session);
  if (error !== undefined) throw error;
  if (gone.length > 0) throw new ApplicationEndedError(`${gone.join(', ')} ended: what it sent is complete`);
}

function openWriter(session: CaptureSession, options: CaptureOptions, report: CaptureReport) {
  const { path, stop } = options;
  if (path === undefined) return openTextWriter(session, { ...options, packets: stop.packets });
  return openFileWriter(session, {
    ...options,
    path,
    honeVersion: honeVersion(),
    onFile: (file) => report.file(file),
  });
}
