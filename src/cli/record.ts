/**
 * `hone record`: events of a running application as a CTF trace, and its packets beside it. Everything that can be wrong is
 * looked at before anything is attached or any file is made.
 */
import type { Command } from 'commander';
import {
  checkFolder,
  openRecording,
  planRecording,
  type Recording,
  type RecordingPlan,
  type RecordResult,
  type RecordSession,
} from '../record/index.ts';
import { compileSelection } from '../script/index.ts';
import type { AnsweringApplication } from '../target/index.ts';
import { pointFinder } from '../trace/index.ts';
import { dpdkPoints } from '../tracepoints/index.ts';
import { ApplicationEndedError } from './exit-codes.ts';
import { Beside } from './record-beside.ts';
import { addRecordOptions, type RecordOptions } from './record-options.ts';
import { formatFolder, RecordReport } from './record-report.ts';
import { findRecorded } from './record-sources.ts';
import { honeVersion } from './version.ts';

export function registerRecord(program: Command): void {
  const command = program
    .command('record')
    .summary('events of a running application as a CTF trace, with its packets beside it')
    .description(
      'Records what happens at trace points of a running DPDK application (hone run, hone attach; hone tracepoints lists them) ' +
        'as a trace in the Common Trace Format, which babeltrace2 and Trace Compass read. A predicate in the language of ' +
        'hone trace says which hits are recorded. With --overwrite a flight recorder: the last events, when they are asked for.',
    );
  const parse = addRecordOptions(command);
  command.action(() => record(parse()));
}

async function record(options: RecordOptions): Promise<void> {
  const { events, triggers } = options;
  // From the start: Node's own answer to this signal is its debugger.
  process.on('SIGUSR1', () => {});
  checkFolder(options.folder);
  // What is wrong with a predicate is said whether or not an application runs.
  const findPoints = pointFinder(dpdkPoints, 'an application');
  for (const texts of [events, triggers]) {
    if (!texts.some((text) => /^\s*app:/.test(text)))
      compileSelection(texts, { findPoints, purpose: 'watch' });
  }
  const { application, portIds } = await findRecorded(options);
  try {
    const points = await application.target.listTracePoints();
    const of = { findPoints: pointFinder(points, application.label), ports: portIds };
    const plan = planRecording({
      selection: compileSelection(events, { ...of, purpose: 'record' }),
      trigger: triggers.length === 0 ? undefined : compileSelection(triggers, { ...of, purpose: 'watch' }),
      ringBytes: options.ringBytes,
    });
    await recordFrom(application, plan, options);
  } finally {
    application.target.close();
  }
}

async function recordFrom(
  application: AnsweringApplication,
  plan: RecordingPlan,
  options: RecordOptions,
): Promise<void> {
  const { isFlightRecorder, quiet } = options;
  const report = new RecordReport(!quiet);
  const beside = await Beside.start(application, options, (text) => report.note(text));
  try {
    const recording = await startRecording(application, plan, options, report);
    // Events of packets lie between the first and the last packet: the capture begins before and ends behind.
    beside.onEnd(() => recording.session.stop());
    const result = await run(recording.session, report, options, () => beside.hurry());
    const found = await beside.finish(result.end === 'gone');
    if (!quiet) {
      report.summary(plan, result, isFlightRecorder);
      if (recording.folder !== undefined) report.note(formatFolder(recording.folder.path));
      for (const line of found.lines) report.note(line);
    }
    const error = result.error ?? found.error;
    if (error !== undefined) throw error;
    if (result.end === 'gone') {
      throw new ApplicationEndedError(`${application.label} ended: what it recorded is complete`);
    }
  } finally {
    await beside.close();
  }
}

async function startRecording(
  application: AnsweringApplication,
  plan: RecordingPlan,
  options: RecordOptions,
  report: RecordReport,
): Promise<Recording> {
  const { folder, conditions, isFlightRecorder, ctf } = options;
  return openRecording({
    ...{ plan, folder, conditions, isFlightRecorder, ctf },
    feed: await application.target.startTrace(plan.request),
    info: application.target.info,
    application: application.name,
    honeVersion: honeVersion(),
    onSnapshot: (path) => report.note(`Snapshot: ${path}`),
  });
}

/** @param onHurry asked to stop while it was ending */
async function run(
  session: RecordSession,
  report: RecordReport,
  { events, folder, isFlightRecorder }: RecordOptions,
  onHurry: () => void,
): Promise<RecordResult> {
  let stops = 0;
  const onStop = () => {
    if (++stops > 1) onHurry();
    session.stop();
  };
  const onUser = () => (isFlightRecorder ? session.requestSnapshot() : report.progress(session));
  process.on('SIGINT', onStop).on('SIGTERM', onStop).on('SIGUSR1', onUser);
  report.note(`Recording ${events.join(', ')} into ${folder}`);
  report.begin(session);
  const result = await session.run();
  report.end();
  process.off('SIGUSR1', onUser);
  return result;
}
