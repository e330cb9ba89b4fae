/** `hone report`: a first analysis of a running application: targets, findings, workload, resources, losses. */
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
  type Report,
} from '../report/index.ts';
import { type AnsweringApplication, resolveApplication } from '../target/index.ts';
import { honeVersion } from './version.ts';
import { writePage } from './write-page.ts';

interface ReportFlags {
  readonly duration: number;
  readonly target?: readonly Goal[];
  readonly json?: true;
  readonly html?: string;
}

const DEFAULT_SECONDS = 10;

export function registerReport(program: Command): void {
  program
    .command('report')
    .summary('what looks wrong with a running application, how that is known, what to do next')
    .description(
      'Looks at a running DPDK application for some seconds and says whether targets are met, what looks wrong and by which ' +
        'numbers, and which command tells more; then what the application is given to do, how much of each resource it uses, and ' +
        'where packets are lost. It only reads; what it costs is said at the end.',
    )
    .argument('[app]', 'the application: its pid, file prefix or name; may be left out when one runs')
    .addOption(
      new Option('--duration <seconds>', 'look for so long').argParser(parseSeconds).default(DEFAULT_SECONDS),
    )
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
  const { observation, price } = await observe(await resolveApplication(wanted), flags);
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
async function observe(application: AnsweringApplication, { duration }: ReportFlags): Promise<Observed> {
  const stop = new AbortController();
  const onStop = () => stop.abort();
  for (const signal of SIGNALS) process.on(signal, onStop);
  const isShown = process.stderr.isTTY;
  const onProgress = (seconds: number) => {
    if (isShown) process.stderr.write(`\rlooking at ${application.label}: ${seconds} of ${duration} s`);
  };
  try {
    return await observeApplication(application, { seconds: duration, signal: stop.signal, onProgress });
  } finally {
    if (isShown) process.stderr.write('\r\u001b[K');
    for (const signal of SIGNALS) process.off(signal, onStop);
  }
}
