/**
 * What a burst of 32 packets costs when one of two ways is looked at (pairs.c): the difference of both, less what it was before. A rate of
 * the whole application drifts by more than that from second to second, these two take turns within a millisecond. "Idle" is
 * after all of it: the callbacks stay.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Cleanup } from '../src/bench/cleanup.ts';
import { prepareMemory, removePages } from '../src/bench/hugepages.ts';
import { benchName } from '../src/bench/leftovers.ts';
import { hone } from './beside.ts';
import { formatSpread, median, printTable } from './statistics.ts';

const LINES_A_READING = 3;

/** Command lines of hone that look at port 0 alone. @param pid the application's */
const subjects: Record<string, (pid: string) => string[]> = {
  'dpdk:rx_burst { @ = hist(args.nb_rx); }': traceOf('dpdk:rx_burst:0 { @ = hist(args.nb_rx); }'),
  'dpdk:rx_burst { @ = count(); }': traceOf('dpdk:rx_burst:0 { @ = count(); }'),
  'dpdk:rx_packet { @ = count(); }': traceOf('dpdk:rx_packet:0 { @ = count(); }'),
  'dpdk:rx_packet { @[ip.proto] = count(); }': traceOf('dpdk:rx_packet:0 { @[ip.proto] = count(); }'),
  'a filter that rejects all': (pid) => [
    ...['capture', '-q', '-w', '/dev/null', '-i', `${pid}/0`, '-Q', 'in', '-f', 'tcp port 80'],
  ],
};

function traceOf(script: string): (pid: string) => string[] {
  return (pid) => ['trace', '-t', pid, '-o', '/dev/null', '-e', script];
}

interface Reading {
  readonly ticks: number;
  readonly difference: number;
}

class Pairs {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(program: string, options: readonly string[]) {
    const nulls = [0, 1, 2, 3].map((port) => `--vdev=net_null${port},size=64,copy=1`);
    const eal = ['-l', '1', '--no-pci', '--no-telemetry', ...options, ...nulls];
    this.#child = spawn(program, eal, { stdio: ['ignore', 'pipe', 'ignore'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): string {
    return String(this.#child.pid);
  }

  /** Of the next lines but the first, which began before. Lines of the EAL are left out. */
  async read(): Promise<Reading> {
    const readings: Reading[] = [];
    while (readings.length <= LINES_A_READING) {
      const { value, done } = await this.#lines.next();
      if (done === true) throw new Error('the application ended');
      const [ticks, , difference] = String(value).split(' ').map(Number);
      if (!Number.isNaN(difference)) readings.push({ ticks: ticks!, difference: difference! });
    }
    const counted = readings.slice(1);
    return {
      ticks: median(counted.map(({ ticks }) => ticks)),
      difference: median(counted.map(({ difference }) => difference)),
    };
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGINT');
    await once(this.#child, 'close');
  }
}

/** Lines that were printed meanwhile are of before: they are read, as are those of the first seconds. */
async function settle(pairs: Pairs): Promise<void> {
  await pairs.read();
}

async function beside(pairs: Pairs, args: readonly string[]): Promise<Reading> {
  const command = ['-c', '0', ...hone, ...args];
  const child = spawn('taskset', command, { stdio: 'ignore' });
  const closed = once(child, 'close');
  await settle(pairs);
  const reading = await pairs.read();
  if (child.exitCode !== null) throw new Error(`hone ${args.join(' ')} has ended`);
  child.kill('SIGINT');
  await closed;
  return reading;
}

function build(program: string): void {
  const source = fileURLToPath(new URL('../../bench/pairs.c', import.meta.url));
  const flags = (what: string) =>
    execFileSync('pkg-config', [what, 'libdpdk'], { encoding: 'utf8' }).trim().split(/\s+/);
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  const options = [
    '-std=gnu11',
    '-O3',
    ...warnings,
    ...flags('--cflags'),
    '-o',
    program,
    source,
    ...flags('--libs'),
  ];
  execFileSync('gcc', options);
}

export async function benchBursts(rounds = 3): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), benchName('pairs')));
  const cleanup = new Cleanup();
  cleanup.add(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'pairs');
  const ticks: number[] = [];
  const costs = new Map([...Object.keys(subjects), 'idle'].map((name) => [name, [] as number[]]));
  try {
    build(program);
    const memory = prepareMemory(cleanup);
    console.error(memory.name);
    for (let round = 0; round < rounds; round++) {
      const prefix = benchName(round);
      const pairs = new Pairs(program, [...memory.ealOptions, '--file-prefix', prefix]);
      try {
        await settle(pairs);
        const before = await pairs.read();
        ticks.push(before.ticks);
        execFileSync(hone[0]!, [...hone.slice(1), 'attach', pairs.pid], { stdio: 'ignore' });
        const note = (name: string, { difference }: Reading) => {
          costs.get(name)!.push(difference - before.difference);
          console.error(
            `${name}: ${(difference - before.difference).toFixed(0)} of ${before.ticks.toFixed(0)} ticks`,
          );
        };
        for (const [name, args] of Object.entries(subjects)) note(name, await beside(pairs, args(pairs.pid)));
        await settle(pairs);
        note('idle', await pairs.read());
      } finally {
        await pairs.stop();
        removePages(memory, prefix);
      }
    }
  } finally {
    cleanup.close();
  }
  const share = (list: readonly number[]) => list.map((cost, i) => (100 * cost) / (ticks[i]! + cost));
  printTable(
    ['32 packets of 64 bytes, net_null to net_null', 'ticks of the TSC a burst', 'off, %'],
    [
      ['nobody looks', formatSpread(ticks, 0), ''],
      ...[...costs].map(([name, list]) => [`\`${name}\``, formatSpread(list, 0), formatSpread(share(list))]),
    ],
  );
}
