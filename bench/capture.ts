/**
 * The price of a capture: forwarding rate of a saturated testpmd (net_null, 64 bytes, one lcore) before the agent is
 * in it, with an idle agent, with a filter that rejects everything, with everything captured; and the same for
 * dpdk-dumpcap. The machine is noisy and drifts, so each rate is held against those just before and after it, in the
 * same process.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { Cleanup } from '../src/bench/cleanup.ts';
import { type Dumpcap, findDumpcap, readCounts } from '../src/bench/dumpcap.ts';
import { type ApplicationMemory, prepareMemory } from '../src/bench/hugepages.ts';
import { benchName } from '../src/bench/leftovers.ts';
import { attachAgent, captureBeside, forwardingRate, hone, runBeside } from './beside.ts';
import { Comparison, formatRounds, lossPercent } from './comparison.ts';
import { startForwarder } from './forwarder.ts';
import { printTable } from './statistics.ts';

const comparison = new Comparison();

/** @param memory undefined: pages of 4 KiB */
async function honeRound(memory?: ApplicationMemory): Promise<void> {
  const pages = memory === undefined ? 'no hugepages' : 'hugepages';
  const forwarder = await startForwarder(memory === undefined ? {} : { memory });
  try {
    const before = await forwardingRate(forwarder);
    comparison.record(`no agent (${pages})`, { rate: before });
    attachAgent(forwarder);
    const loaded = await forwardingRate(forwarder);
    comparison.record(`agent, not yet used (${pages})`, { rate: loaded, baseline: before });
    // The first capture installs the callbacks, which stay.
    await captureBeside(forwarder, ['-a', 'packets:1'], '/dev/null');
    let idle = await forwardingRate(forwarder);
    comparison.record(`agent, idle after a capture (${pages})`, { rate: idle, baseline: loaded });
    for (let i = 0; i < 3; i++) {
      idle = await comparison.between(`agent, filter rejects all (in) (${pages})`, forwarder, idle, () =>
        captureBeside(forwarder, ['-Q', 'in', '-f', 'tcp port 80'], '/dev/null'),
      );
    }
    idle = await comparison.between(`agent, all captured (in) (${pages})`, forwarder, idle, () =>
      captureBeside(forwarder, ['-Q', 'in'], '/dev/null'),
    );
    await comparison.between(`agent, all captured (in and out) (${pages})`, forwarder, idle, () =>
      captureBeside(forwarder, [], '/dev/null'),
    );
  } finally {
    await forwarder.stop();
  }
}

/** For longer than its start and the rate beside it take. */
const DUMPCAP_SECONDS = 9;

async function dumpcapRound(memory: ApplicationMemory, { preload }: Dumpcap): Promise<void> {
  const forwarder = await startForwarder({ memory });
  const target = ['--file-prefix', forwarder.prefix, '-i', '0'];
  const until = ['-a', `duration:${DUMPCAP_SECONDS}`];
  const command = ['dpdk-dumpcap', ...target, '-q', ...until, '-w', '/dev/null'];
  const env = { ...process.env, LD_PRELOAD: preload.join(':') };
  try {
    const before = await forwardingRate(forwarder);
    await comparison.between('dpdk-dumpcap: all captured (in and out)', forwarder, before, async () => {
      const { rate, lastedSeconds, output } = await runBeside(forwarder, command, { env });
      if (lastedSeconds < DUMPCAP_SECONDS) throw new Error(`dpdk-dumpcap ended early:\n${output}`);
      const { recorded, dropped } = readCounts(output);
      return { rate, captured: recorded / DUMPCAP_SECONDS, dropped };
    });
  } finally {
    await forwarder.stop();
  }
}

/**
 * A virtual machine gets memory from its own host when it first writes to it, and that can take ten times as long as writing:
 * not what is measured.
 */
function touchMemory(file: string): void {
  const piece = new Uint8Array(64 << 20);
  const fd = openSync(file, 'w');
  for (let i = 0; i < 32; i++) writeSync(fd, piece);
  closeSync(fd);
  rmSync(file);
}

/** An application that forwards 2 Mpps, which a file on tmpfs can hold: are there losses? */
async function steadyRound(): Promise<void> {
  const noisy = ['--forward-mode=noisy', '--noisy-lkup-memory=64', '--noisy-lkup-num-reads=60'];
  const forwarder = await startForwarder({ below: [...hone, 'run', '--'], app: noisy });
  const file = `/dev/shm/${benchName('capture')}.pcapng`;
  touchMemory(file);
  try {
    const before = await forwardingRate(forwarder);
    await comparison.between('application at 2 Mpps, all captured (in) into tmpfs', forwarder, before, () =>
      captureBeside(forwarder, ['-Q', 'in'], file),
    );
  } finally {
    rmSync(file, { force: true });
    await forwarder.stop();
  }
}

export async function benchCapture(rounds = 3): Promise<void> {
  const cleanup = new Cleanup();
  try {
    const memory = prepareMemory(cleanup);
    const dumpcap = findDumpcap({ memory });
    if (dumpcap.absent !== undefined) console.error(`dpdk-dumpcap is not measured: ${dumpcap.absent}`);
    for (let round = 0; round < rounds; round++) {
      await honeRound();
      if (memory.whyOrdinary === undefined) await honeRound(memory);
      if (dumpcap.absent === undefined) await dumpcapRound(memory, dumpcap);
      await steadyRound();
    }
  } finally {
    cleanup.close();
  }
  printTable(
    [
      '64-byte packets, one lcore, port 0',
      'forwarded, Mpps',
      'off, %',
      'captured, Mpps',
      'dropped by a ring',
      'host memory, MiB',
    ],
    [...comparison.results].map(([name, list]) => [
      name,
      formatRounds(list, ({ rate }) => rate / 1e6),
      formatRounds(list, lossPercent),
      formatRounds(list, ({ captured }) => captured && captured / 1e6),
      list[0]?.dropped === undefined ? '' : list.map(({ dropped }) => dropped).join(', '),
      list[0]?.residentMiB === undefined
        ? ''
        : Math.max(...list.map((one) => one.residentMiB ?? 0)).toFixed(0),
    ]),
  );
}
