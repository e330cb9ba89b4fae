/**
 * The price of a capture: forwarding rate of a saturated testpmd (net_null, 64 bytes, one lcore) before the agent is
 * in it, with an idle agent, with a filter that rejects everything, with everything captured; and the same for
 * dpdk-dumpcap. The machine is noisy and drifts, so each rate is held against those just before and after it, in the
 * same process.
 */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { benchName } from '../src/bench/leftovers.ts';
import { attachAgent, captureBeside, forwardingRate, hone, runBeside } from './beside.ts';
import { Comparison, formatRounds, lossPercent } from './comparison.ts';
import { startForwarder } from './forwarder.ts';
import { printTable } from './statistics.ts';

const comparison = new Comparison();

const pagesName = (hugepages: boolean): string => (hugepages ? 'hugepages' : 'no hugepages');

async function honeRound(hugepages: boolean): Promise<void> {
  const pages = pagesName(hugepages);
  const forwarder = await startForwarder({ hugepages });
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

/** The library whose presence makes the mempool operations' numbers of Debian's two programs agree. */
const mempool = '/usr/lib/x86_64-linux-gnu/dpdk/pmds-23.0/librte_mempool_dpaa.so.23';

function prepareHugepages(): boolean {
  if (!existsSync(mempool)) return false;
  try {
    writeFileSync('/proc/sys/vm/nr_hugepages', '400');
    mkdirSync('/dev/hugepages', { recursive: true });
    if (!readFileSync('/proc/mounts', 'utf8').includes('hugetlbfs')) {
      execFileSync('mount', ['-t', 'hugetlbfs', 'nodev', '/dev/hugepages']);
    }
    return Number(readFileSync('/proc/sys/vm/nr_hugepages', 'utf8')) >= 300;
  } catch {
    return false;
  }
}

async function dumpcapRound(): Promise<void> {
  const forwarder = await startForwarder({ hugepages: true });
  // Its counts of a stopped capture include what it dropped; how long a known number takes does not.
  const capture = (packets: number) => {
    const args = [
      '--file-prefix',
      forwarder.prefix,
      '-i',
      '0',
      '-q',
      '-c',
      String(packets),
      '-w',
      '/dev/null',
    ];
    const env = { ...process.env, LD_PRELOAD: mempool };
    return runBeside(forwarder, ['dpdk-dumpcap', ...args], { env });
  };
  try {
    const packets = 100_000_000;
    const startup = (await capture(1)).lastedSeconds;
    const before = await forwardingRate(forwarder);
    await comparison.between('dpdk-dumpcap: all captured (in and out)', forwarder, before, async () => {
      const run = await capture(packets);
      return { rate: run.rate, captured: packets / (run.lastedSeconds - startup) };
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
  const peer = prepareHugepages();
  if (!peer) console.error('dpdk-dumpcap is not measured: no hugepages, or another DPDK than Debian 12 has');
  for (let round = 0; round < rounds; round++) {
    await honeRound(false);
    if (peer) await honeRound(true);
    if (peer) await dumpcapRound();
    await steadyRound();
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
