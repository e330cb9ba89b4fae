/**
 * The price of a capture: forwarding rate of a saturated testpmd (net_null, 64 bytes, one lcore) without an agent, with
 * an idle one, with a filter that rejects everything, with everything captured; and the same for dpdk-dumpcap. Rounds
 * alternate, because the machine is noisy and drifts.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const rounds = Number(process.env.ROUNDS ?? 3);
const seconds = 4;

interface Measured {
  /** Forwarded packets a second on port 0. */
  readonly rate: number;
  readonly captured?: number;
  readonly dropped?: number;
  readonly residentMiB?: number;
}

const results = new Map<string, Measured[]>();

function record(name: string, measured: Measured): void {
  const list = results.get(name) ?? [];
  list.push(measured);
  results.set(name, list);
  const captured =
    measured.captured === undefined ? '' : `, captured ${(measured.captured / 1e6).toFixed(2)}`;
  console.error(`${name}: ${(measured.rate / 1e6).toFixed(2)} Mpps${captured}`);
}

async function forwarding(forwarder: Forwarder): Promise<Measured> {
  return { rate: median(await forwarder.rates(seconds)) };
}

/** Memory of the process that is not shared with the agent. */
function ownMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return (kib('RssAnon') + kib('RssFile')) / 1024;
}

interface CaptureRun {
  readonly rate: number;
  /** From the program's start, or from when it said that it captures, to its end. */
  readonly lastedSeconds: number;
  readonly residentMiB: number;
  readonly output: string;
}

/** Runs a capture program beside the forwarder, off the forwarding lcore's processor, while the rate is taken. */
async function besideForwarder(
  forwarder: Forwarder,
  command: readonly string[],
  end: 'interrupt' | 'wait',
  env: NodeJS.ProcessEnv = process.env,
): Promise<CaptureRun> {
  const child = spawn('taskset', ['-c', '0', ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close').then(() => performance.now());
  let output = '';
  let begun = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (end === 'interrupt' && !output.includes('Capturing on')) begun = performance.now();
      output += text;
    });
  }
  await forwarder.rates(2);
  const rate = median(await forwarder.rates(seconds));
  const residentMiB = child.exitCode === null ? ownMiB(child.pid!) : 0;
  const interrupted = performance.now();
  if (end === 'interrupt') child.kill('SIGINT');
  const ended = await closed;
  const lastedSeconds = ((end === 'interrupt' ? interrupted : ended) - begun) / 1000;
  return { rate, lastedSeconds, residentMiB, output };
}

async function withCapture(forwarder: Forwarder, args: readonly string[], file: string): Promise<Measured> {
  const port = `${forwarder.prefix}/0`;
  const command = [process.execPath, main, 'capture', '-i', port, '-q', '-w', file, ...args];
  const run = await besideForwarder(forwarder, command, 'interrupt');
  const captured = number(run.output, /Packets captured: (\d+)/) / run.lastedSeconds;
  const dropped = number(run.output, /dropped by ring:(\d+)/);
  return { rate: run.rate, captured, dropped, residentMiB: run.residentMiB };
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern} in:\n${text}`);
  return Number(found);
}

async function agentRound(hugepages: boolean): Promise<void> {
  const forwarder = await startForwarder({ below: [process.execPath, main, 'run', '--'], hugepages });
  try {
    record('agent, idle', await forwarding(forwarder));
    record(
      'agent, filter rejects all (in)',
      await withCapture(forwarder, ['-Q', 'in', '-f', 'tcp port 80'], '/dev/null'),
    );
    record('agent, idle', await forwarding(forwarder));
    record('agent, all captured (in)', await withCapture(forwarder, ['-Q', 'in'], '/dev/null'));
    record('agent, idle', await forwarding(forwarder));
    record('agent, all captured (in and out)', await withCapture(forwarder, [], '/dev/null'));
  } finally {
    await forwarder.stop();
  }
}

async function plainRound(hugepages: boolean): Promise<void> {
  const forwarder = await startForwarder({ hugepages });
  try {
    record('no agent', await forwarding(forwarder));
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
  try {
    record('dpdk-dumpcap: before', await forwarding(forwarder));
    // Its counts of a stopped capture include what it dropped; how long a known number takes does not.
    const env = { ...process.env, LD_PRELOAD: mempool };
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
      return besideForwarder(forwarder, ['dpdk-dumpcap', ...args], 'wait', env);
    };
    const packets = 100_000_000;
    const startup = (await capture(1)).lastedSeconds;
    const run = await capture(packets);
    const captured = packets / (run.lastedSeconds - startup);
    record('dpdk-dumpcap: all captured (in and out)', { rate: run.rate, captured });
  } finally {
    await forwarder.stop();
  }
}

/** A slower application, so that a file on tmpfs can hold what it forwards: are there losses? */
async function steadyRound(): Promise<void> {
  const noisy = ['--forward-mode=noisy', '--noisy-lkup-memory=64', '--noisy-lkup-num-reads=36'];
  const forwarder = await startForwarder({ below: [process.execPath, main, 'run', '--'], app: noisy });
  const file = '/dev/shm/hone-bench.pcapng';
  try {
    record('steady: before', await forwarding(forwarder));
    record('steady: all captured (in) into tmpfs', await withCapture(forwarder, ['-Q', 'in'], file));
  } finally {
    rmSync(file, { force: true });
    await forwarder.stop();
  }
}

export async function benchCapture(): Promise<void> {
  const peer = prepareHugepages();
  if (!peer) console.error('dpdk-dumpcap is not measured: no hugepages, or another DPDK than Debian 12 has');
  for (let round = 0; round < rounds; round++) {
    await plainRound(peer);
    await agentRound(peer);
    if (peer) await dumpcapRound();
    await steadyRound();
  }
  const mega = (values: readonly (number | undefined)[]) =>
    formatSpread(values.filter((value) => value !== undefined).map((value) => value / 1e6));
  printTable(
    [
      '64-byte packets, one lcore, port 0',
      'forwarded, Mpps',
      'captured, Mpps',
      'dropped by a ring',
      'host memory, MiB',
    ],
    [...results].map(([name, list]) => [
      name,
      mega(list.map(({ rate }) => rate)),
      list[0]?.captured === undefined ? '' : mega(list.map(({ captured }) => captured)),
      list[0]?.dropped === undefined ? '' : list.map(({ dropped }) => dropped).join(', '),
      list[0]?.residentMiB === undefined
        ? ''
        : Math.max(...list.map((one) => one.residentMiB ?? 0)).toFixed(0),
    ]),
  );
}
