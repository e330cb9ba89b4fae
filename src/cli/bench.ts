/** `hone bench`: what hone and the other tools cost, measured on this machine. */
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { formatBenchHtml, formatBenchJson, formatBenchText, runBench } from '../bench/index.ts';
import { checkOutput } from '../output/index.ts';
import { untilSignal } from './until-signal.ts';
import { honeVersion } from './version.ts';
import { writePage } from './write-page.ts';

interface BenchFlags {
  readonly quick?: true;
  readonly json?: true;
  readonly html?: string;
}

export function registerBench(program: Command): void {
  program
    .command('bench')
    .summary('what hone, dpdk-dumpcap, bpftrace and LTTng cost, measured on this machine')
    .description(
      'Starts saturated DPDK applications on virtual devices and measures how much forwarding rate each tool takes: hone, and ' +
        'dpdk-dumpcap, bpftrace and LTTng where they are installed. Takes a whole processor for up to 15 minutes, uses no network ' +
        'and leaves nothing behind. Nothing else should run meanwhile.',
    )
    .option('--quick', 'one round, within 3 minutes: a first idea, without a spread')
    .option('--json', 'one JSON object instead of text: every turn')
    .option('--html <file>', 'a page for a browser into this file, too')
    .action((flags: BenchFlags) => run(flags));
}

async function run({ quick, json, html }: BenchFlags): Promise<void> {
  if (html !== undefined) checkOutput(html, false);
  const result = await untilSignal((signal, say) =>
    runBench({
      version: honeVersion(),
      hone: [process.execPath, realpathSync(process.argv[1]!)],
      exampleFolder: fileURLToPath(new URL('../../examples/forwarder', import.meta.url)),
      isQuick: quick === true,
      signal,
      onProgress: say,
    }),
  );
  if (html !== undefined) await writePage(html, formatBenchHtml(result));
  process.stdout.write(json === true ? formatBenchJson(result) : formatBenchText(result));
}
