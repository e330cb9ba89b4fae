/** `hone report`: a first analysis of a running application or of recorded files: targets, findings, workload, resources, losses. */
import { type Command, Option } from 'commander';
import { type FormatError, UsageError } from '../base/index.ts';
import { evaluateGoals, findFindings, type Goal, parseGoals } from '../findings/index.ts';
import { checkOutput } from '../output/index.ts';
import {
  formatReportHtml,
  formatReportJson,
  formatReportText,
  type Observed,
  observeApplication,
  observeRecording,
  type Report,
} from '../report/index.ts';
import type { AnsweringApplication } from '../target/index.ts';
import { findReportInput } from './report-inputs.ts';
import { untilSignal } from './until-signal.ts';
import { honeVersion } from './version.ts';
import { writePage } from './write-page.ts';

interface ReportFlags {
  readonly duration?: number;
  readonly read: readonly string[];
  readonly target?: readonly Goal[];
  readonly json?: true;
  readonly html?: string;
}

const DEFAULT_SECONDS = 10;

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('what looks wrong with an application, running or recorded, how that is known, what to do next')
    .description(
      'Looks at a running DPDK application for some seconds and says whether targets are met, what looks wrong and by which ' +
        'numbers, and which command tells more; then what the application is given to do, how much of each resource it uses, and ' +
        'where packets are lost. It only reads; what it costs is said at the end. Recorded files (pcap, pcapng, CTF), several of one ' +
        'session together, give the same report as far as they tell; for what they do not tell it says what to record.',
    )
    .argument(
      '[app|file...]',
      'the application: its pid, file prefix or name; may be left out when one runs; or recorded files and folders',
    )
    .addOption(
      new Option('-r, --read <file>', 'a recorded file or folder, whatever it is called; repeatable')
        .argParser((path: string, paths: readonly string[]) => [...paths, path])
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--duration <seconds>',
        `look for so long at a running application (default: ${DEFAULT_SECONDS})`,
      ).argParser(parseSeconds),
    )
    .addOption(
      new Option('--target <goals>', "what you want of it: 'drop=0, pps>=5M, util<80%'").argParser(
        parseGoals,
      ),
    )
    .option('--json', 'one JSON object instead of text')
    .option('--html <file>', 'a page for a browser into this file, too')
    .action((words: readonly string[], flags: ReportFlags) => run(words, flags));
}

function parseSeconds(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 86_400) return value;
  throw new UsageError(`--duration ${text}: expected seconds, 1 to 86400`);
}

async function run(words: readonly string[], flags: ReportFlags): Promise<void> {
  if (flags.html !== undefined) checkOutput(flags.html, false);
  const { observation, price, damage } = await observe(words, flags);
  const report: Report = {
    version: honeVersion(),
    observation,
    goals: evaluateGoals(flags.target ?? [], observation),
    findings: findFindings(observation),
    price,
  };
  if (flags.html !== undefined) await writePage(flags.html, formatReportHtml(report));
  process.stdout.write(flags.json ? formatReportJson(report) : formatReportText(report));
  if (damage !== undefined) throw damage;
}

interface Seen extends Observed {
  /** Of recorded files, said after the report. */
  readonly damage: FormatError | undefined;
}

async function observe(words: readonly string[], { read, duration }: ReportFlags): Promise<Seen> {
  const input = await findReportInput(words, read);
  if (input.kind === 'application') {
    return { ...(await observeRunning(input.application, duration ?? DEFAULT_SECONDS)), damage: undefined };
  }
  if (duration !== undefined) {
    throw new UsageError(
      `--duration ${duration}: got ${input.paths.join(' ')}, recorded files, which are read whole: leave it out`,
    );
  }
  return observeFiles(input.paths);
}

/** A signal ends it early: what was seen by then is reported. */
function observeRunning(application: AnsweringApplication, seconds: number): Promise<Observed> {
  return untilSignal((signal, say) => {
    const onProgress = (done: number) => say(`looking at ${application.label}: ${done} of ${seconds} s`);
    return observeApplication(application, { seconds, signal, onProgress });
  });
}

const MEGABYTE = 1e6;

async function observeFiles(paths: readonly string[]): Promise<Seen> {
  const { observation, damage } = await untilSignal((signal, say) => {
    const onProgress = (takenBytes: number, sizeBytes: number | undefined) => {
      const share = sizeBytes ? ` (${Math.floor((100 * takenBytes) / sizeBytes)} %)` : '';
      say(`reading ${paths.join(' ')}: ${(takenBytes / MEGABYTE).toFixed(1)} MB${share}`);
    };
    return observeRecording(paths, { signal, onProgress });
  });
  return { observation, price: undefined, damage };
}
