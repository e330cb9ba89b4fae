/** `hone report`: a first analysis of a running application, or of a recording: targets, findings, workload, resources, losses. */
import { type Command, Option } from 'commander';
import { UsageError } from '../base/index.ts';
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
import { resolveApplication } from '../target/index.ts';
import { honeVersion } from './version.ts';
import { writePage } from './write-page.ts';

interface ReportFlags {
  readonly read?: string;
  readonly duration?: number;
  readonly target?: readonly Goal[];
  readonly json?: true;
  readonly html?: string;
}

const DEFAULT_SECONDS = 10;

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('what looks wrong with an application, how that is known, what to do next')
    .description(
      'Looks at a running DPDK application for some seconds and says whether targets are met, what looks wrong and by which ' +
        'numbers, and which command tells more; then what the application is given to do, how much of each resource it uses, and ' +
        'where packets are lost. It only reads; what it costs is said at the end. With --read it says of a recording what that knows.',
    )
    .argument('[app]', 'the application: its pid, file prefix or name; may be left out when one runs')
    .addOption(
      new Option('--duration <seconds>', `look for so long (default: ${DEFAULT_SECONDS})`).argParser(
        parseSeconds,
      ),
    )
    .option('-r, --read <path>', 'a recording instead: a capture, a CTF trace, a folder with both')
    .addOption(
      new Option('--target <goals>', "what you want of it: 'drop=0, pps>=5M, util<80%'").argParser(
        parseGoals,
      ),
    )
    .option('--json', 'one JSON object instead of text')
    .option('--html <file>', 'a page for a browser into this file, too')
    .action((wanted: string | undefined, flags: ReportFlags) => run(wanted, flags));
}

function parseSeconds(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 86_400) return value;
  throw new UsageError(`--duration ${text}: expected seconds, 1 to 86400`);
}

async function run(wanted: string | undefined, flags: ReportFlags): Promise<void> {
  if (flags.html !== undefined) checkOutput(flags.html, false);
  const { observation, price } = await observe(wanted, flags);
  const report: Report = {
    version: honeVersion(),
    observation,
    goals: evaluateGoals(flags.target ?? [], observation),
    findings: findFindings(observation),
    price,
  };
  if (flags.html !== undefined) await writePage(flags.html, formatReportHtml(report));
  process.stdout.write(flags.json ? formatReportJson(report) : formatReportText(report));
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A signal ends it early: what was seen by then is reported. */
async function observe(wanted: string | undefined, { read, duration }: ReportFlags): Promise<Observed> {
  if (read !== undefined && wanted !== undefined)
    throw new UsageError(`${wanted}: expected an application or --read, not both`);
  if (read !== undefined && duration !== undefined)
    throw new UsageError('--duration: a recording is read as a whole');
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onStop);
  try {
    if (read === undefined) return await observeRunning(wanted, duration ?? DEFAULT_SECONDS, stop.signal);
    const onProgress = (share: number | undefined) =>
      showProgress(`reading ${read}${share === undefined ? '' : `: ${Math.floor(100 * share)} %`}`);
    return {
      observation: await observeRecording(read, { signal: stop.signal, onProgress }),
      price: undefined,
    };
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    for (const signal of SIGNALS) process.off(signal, onStop);
  }
}

async function observeRunning(
  wanted: string | undefined,
  seconds: number,
  signal: AbortSignal,
): Promise<Observed> {
  const application = await resolveApplication(wanted);
  const onProgress = (done: number) =>
    showProgress(`looking at ${application.label}: ${done} of ${seconds} s`);
  return observeApplication(application, { seconds, signal, onProgress });
}

function showProgress(words: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${words}\u001b[K`);
}
