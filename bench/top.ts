/**
 * The price of `hone top`: what one of its readings takes from a saturated testpmd (net_null, 64 bytes, one lcore), held against the
 * short times just before and after, because rates drift within seconds by more than the price. Readings are made by its own
 * sampler, beside the forwarding lcore's processor; between them `hone top` sleeps.
 */
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openApplications, type Target } from '../src/target/index.ts';
import { formatMetrics } from '../src/top/index.ts';
import { Sampler } from '../src/watch/index.ts';
import { hone } from './beside.ts';
import { startForwarder } from './forwarder.ts';
import { formatQuartiles, mean, printTable, standardError } from './statistics.ts';

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
  const row = (name: string, values: readonly number[]) => [
    name,
    formatQuartiles(values, 2),
    `${mean(values).toFixed(2)} ± ${standardError(values).toFixed(2)}`,
    String(values.length),
  ];
  printTable(
    ['milliseconds of forwarding lost', 'median (quartiles)', 'mean ± standard error', 'turns'],
    [
      row('nothing', lostMs.nothing),
      row("a reading of the ports' counters", lostMs.counters),
      row('a reading that counts bursts and times threads', lostMs.while),
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
    const read = async (): Promise<Turn> => {
      const readings = await sampler.read();
      formatMetrics(readings, { cyclesPerNs: undefined });
      const recent = readings[0]?.recent;
      const turn = recent === known ? 'counters' : 'while';
      known = recent;
      return turn;
    };
    const end = performance.now() + 1000 * ROUND_SECONDS;
    let before = await watch(target);
    for (let n = 0; performance.now() < end; n++) {
      const during = await watch(target, n % 3 === 0 ? undefined : read);
      const after = await watch(target);
      lostMs[during.turn].push(during.ms * (1 - (2 * during.rate) / (before.rate + after.rate)));
      before = after;
    }
  } finally {
    sampler.close();
  }
}

/** All threads of this process. */
function runOn(processors: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', processors, String(process.pid)], { stdio: 'ignore' });
}

/** Packets a millisecond of port 0 over a window that begins with what `run` does. */
async function watch(target: Target, run?: () => Promise<Turn>) {
  const before = await countPackets(target);
  const turn = (await run?.()) ?? 'nothing';
  await sleep(Math.max(0, before.atMs + WINDOW_MS - performance.now()));
  const after = await countPackets(target);
  const ms = after.atMs - before.atMs;
  return { turn, ms, rate: (after.packets - before.packets) / ms };
}

async function countPackets(target: Target): Promise<{ readonly packets: number; readonly atMs: number }> {
  const askedMs = performance.now();
  const [port] = await target.listPorts();
  return { packets: Number(port?.counters?.ipackets), atMs: (askedMs + performance.now()) / 2 };
}
