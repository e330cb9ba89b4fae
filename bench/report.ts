/**
 * The price of `hone report` on the example forwarder (net_pcap to net_null, one lcore, 2 million drops a second): what it forwards during
 * a whole report, start and end included, held against the time just before and after. In turns with as much time in which nothing is
 * done, which says how far such figures lie apart by themselves.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { benchName } from '../src/bench/leftovers.ts';
import { ProcessGroup } from '../src/processes/index.ts';
import { observeApplication } from '../src/report/index.ts';
import { resolveApplication } from '../src/target/index.ts';
import { hone } from './beside.ts';
import { lostMs, runOn, watchForwarding } from './forwarding.ts';
import { formatQuartiles, printTable, summaryRow } from './statistics.ts';

/** As long as the command takes without --duration. */
const REPORT_SECONDS = 10;
const BESIDE_MS = 1000;
const START_MS = 30_000;
const END_MS = 5000;

const example = fileURLToPath(new URL('../../examples/forwarder', import.meta.url));

/** @param rounds a report in each, and as long a time without */
export async function benchReport(rounds = 15): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), benchName('report')));
  const prefix = benchName('report');
  const program = join(folder, 'forwarder');
  execFileSync('make', ['-s', '-C', example, `OUT=${program}`]);
  const forwarder = new ProcessGroup([
    ...[...hone, 'run', '--', program, '-l', '0,1', '--no-huge', '-m', '128', '--no-pci'],
    ...['--file-prefix', prefix, `--vdev=net_pcap0,rx_pcap=${example}/traffic.pcap,infinite_rx=1`],
    '--vdev=net_null1,no-rx=1',
  ]);
  try {
    const isForwarding = () => (forwarder.output.includes('forwarding between') ? true : undefined);
    await forwarder.until(isForwarding, START_MS, new AbortController().signal);
    runOn('0');
    await measure(prefix, rounds);
  } finally {
    runOn(`0-${cpus().length - 1}`);
    await forwarder.end('SIGINT', END_MS);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(prefix: string, rounds: number): Promise<void> {
  const { target } = await resolveApplication(prefix);
  const report = async () => {
    const { signal } = new AbortController();
    const application = await resolveApplication(prefix);
    return (await observeApplication(application, { seconds: REPORT_SECONDS, signal, onProgress: () => {} }))
      .price;
  };
  const nothing = () => sleep(1000 * REPORT_SECONDS, undefined);
  const beside = () => watchForwarding(target, BESIDE_MS, async () => {});
  const lost: Record<'nothing' | 'report', number[]> = { nothing: [], report: [] };
  const said: number[] = [];
  const rates: number[] = [];
  try {
    // The first one installs the callbacks, which stay.
    await report();
    let before = await beside();
    for (let turn = 0; turn < 2 * rounds; turn++) {
      const what = turn % 2 === 0 ? 'nothing' : 'report';
      const during = await watchForwarding<number | undefined>(
        target,
        0,
        what === 'report' ? report : nothing,
      );
      const after = await beside();
      lost[what].push((100 * lostMs(during, before, after)) / during.ms);
      if (during.result !== undefined) said.push(100 * during.result);
      rates.push(before.rate / 1000);
      before = after;
    }
  } finally {
    target.close();
  }
  printTable(
    [`% in ${REPORT_SECONDS} s`, 'median (quartiles)', 'mean ± standard error', 'turns'],
    [
      summaryRow('lost with nothing', lost.nothing),
      summaryRow('lost with a report', lost.report),
      summaryRow('what the report says that it costs', said),
    ],
  );
  console.log(`\nforwarded, Mpps: ${formatQuartiles(rates, 1)}`);
}
