/**
 * The price of `hone top`: what one of its readings takes from a saturated testpmd (net_null, 64 bytes, one lcore), held against the
 * short times just before and after, because rates drift within seconds by more than the price. Readings are made by its own
 * sampler, beside the forwarding lcore's processor; between them `hone top` sleeps.
 */
import { cpus } from 'node:os';
import { openApplications, type Target } from '../src/target/index.ts';
import { formatMetrics } from '../src/top/index.ts';
import { Sampler } from '../src/watch/index.ts';
import { hone } from './beside.ts';
import { startForwarder } from './forwarder.ts';
import { lostMs as lostOf, runOn, watchForwarding } from './forwarding.ts';
import { mean, printTable, standardError, summaryRow } from './statistics.ts';

/** A reading and what comes of it are over within this. */
const WINDOW_MS = 150;
const ROUND_SECONDS = 40;
/** Readings with a while, and readings without, in this time: an interval of a second, a while in two. */
const CYCLE_MS = 2000;

type Turn = 'nothing' | 'counters' | 'while';

export async function benchTop(rounds = 3): Promise<void> {
  const lostMs: Record<Turn, number[]> = { nothing: [], counters: [], while: [] };
  for (let round = 0; round < rounds; round++) {
    const forwarder = await startForwarder({ below: [...hone, 'run', '--'] });
    const applications = await openApplications();
    try {
      const target = applications.find(
        ({ target: { info } }) => info.filePrefix === forwarder.prefix,
      )?.target;
      if (target === undefined) throw new Error('dpdk-testpmd does not answer');
      runOn('0');
      await measure(target, lostMs);
    } finally {
      runOn(`0-${cpus().length - 1}`);
      for (const { target } of applications) target.close();
      await forwarder.stop();
    }
  }
  const percent = (ms: number) => ((100 * ms) / CYCLE_MS).toFixed(2);
  printTable(
    ['milliseconds of forwarding lost', 'median (quartiles)', 'mean ± standard error', 'turns'],
    [
      summaryRow('nothing', lostMs.nothing),
      summaryRow("a reading of the ports' counters", lostMs.counters),
      summaryRow('a reading that counts bursts and times threads', lostMs.while),
    ],
  );
  const together = mean(lostMs.counters) + mean(lostMs.while);
  const error = Math.hypot(standardError(lostMs.counters), standardError(lostMs.while));
  console.log(`\none of each in ${CYCLE_MS / 1000} s: ${percent(together)} ± ${percent(error)} %`);
}

async function measure(target: Target, lostMs: Record<Turn, number[]>): Promise<void> {
  const sampler = await Sampler.open(String(target.info.pid), () => {});
  try {
    // The first one installs the callbacks, which stay.
    let known = (await sampler.read())[0]?.recent;
    const nothing = async (): Promise<Turn> => 'nothing';
    const read = async (): Promise<Turn> => {
      const readings = await sampler.read();
      formatMetrics(readings, { cyclesPerNs: undefined });
      const recent = readings[0]?.recent;
      const turn = recent === known ? 'counters' : 'while';
      known = recent;
      return turn;
    };
    const end = performance.now() + 1000 * ROUND_SECONDS;
    const watch = (run: () => Promise<Turn>) => watchForwarding(target, WINDOW_MS, run);
    let before = await watch(nothing);
    for (let n = 0; performance.now() < end; n++) {
      const during = await watch(n % 3 === 0 ? nothing : read);
      const after = await watch(nothing);
      lostMs[during.result].push(lostOf(during, before, after));
      before = after;
    }
  } finally {
    sampler.close();
  }
}
