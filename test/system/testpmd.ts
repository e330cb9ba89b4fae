/** dpdk-testpmd under test: started plain or with the agent, told what to do on its prompt, ended by pid. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ealFolder } from '../../src/processes/index.ts';
import { openFiles } from '../fakes/open-files.ts';
import { sleep, until } from './hone.ts';

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let started = 0;

export interface TestpmdOptions {
  /** 'none': plain; 'run': below `hone run`; 'plugin': EAL's -d. */
  readonly agent?: 'none' | 'run' | 'plugin';
  readonly lcores?: readonly string[];
  readonly vdevs: readonly string[];
  readonly eal?: readonly string[];
  readonly app?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

export interface Testpmd {
  readonly pid: number;
  readonly prefix: string;
  output(): string;
  /** Types a line and returns what came until the next prompt. */
  command(line: string): Promise<string>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Why tests with a real application cannot run here, or undefined. */
export function missingDpdk(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const [command, wanted] of [
    ['dpdk-testpmd', 'dpdk'],
    ['pkg-config', 'pkg-config'],
    ['gcc', 'gcc'],
    ['gdb', 'gdb'],
    ['tshark', 'tshark'],
    ['tcpdump', 'tcpdump'],
    ['ip', 'iproute2'],
  ]) {
    try {
      execFileSync('which', [command!], { stdio: 'ignore' });
    } catch {
      return `needs ${command}: apt-get install ${wanted}`;
    }
  }
  try {
    execFileSync('pkg-config', ['--exists', 'libdpdk']);
  } catch {
    return 'needs the headers of DPDK: apt-get install libdpdk-dev';
  }
  return undefined;
}

export async function startTestpmd(options: TestpmdOptions): Promise<Testpmd> {
  const prefix = `hone-test-${process.pid}-${++started}`;
  const agent = options.agent ?? 'run';
  const plugin =
    agent === 'plugin'
      ? ['-d', execFileSync(process.execPath, [main, 'agent', 'path'], { encoding: 'utf8' }).trim()]
      : [];
  const args = [
    ...(options.lcores ?? ['-l', '0,1']),
    ...['--no-huge', '-m', '256', '--no-pci', '--file-prefix', prefix],
    ...plugin,
    ...options.vdevs.flatMap((vdev) => ['--vdev', vdev]),
    ...(options.eal ?? []),
    ...['--', '-i', '--no-flush-rx', '--total-num-mbufs=8192'],
    ...(options.app ?? []),
  ];
  // Its prompt is written at once, the rest through stdio: without stdbuf answers come after the next prompt.
  const testpmd = ['stdbuf', '-o0', 'dpdk-testpmd', ...args];
  const [command, ...rest] = agent === 'run' ? [process.execPath, main, 'run', '--', ...testpmd] : testpmd;
  const child = spawn(command!, rest, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...options.env },
  });
  return ready(child, agent === 'run', prefix);
}

async function ready(child: ChildProcess, below: boolean, prefix: string): Promise<Testpmd> {
  const closed = once(child, 'close');
  let output = '';
  let ended = false;
  void closed.then(() => {
    ended = true;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const prompts = () => output.split('testpmd> ').length - 1;
  const prompt = (count: number) =>
    until(
      `a prompt of testpmd, which said:\n${output.slice(-2000)}`,
      () => {
        if (ended) throw new Error(`testpmd ended:\n${output.slice(-4000)}`);
        return prompts() >= count;
      },
      60_000,
    );
  await prompt(1);
  const removeLeft = () => rmSync(ealFolder(prefix), { recursive: true, force: true });
  const pid = below ? childOf(child.pid!) : child.pid!;
  return {
    pid,
    prefix,
    output: () => output,
    async command(line) {
      const from = output.length;
      const seen = prompts();
      child.stdin?.write(`${line}\n`);
      await prompt(seen + 1);
      await sleep(20);
      return output.slice(from);
    },
    async stop() {
      if (!ended) child.stdin?.end('quit\n');
      await closed;
      removeLeft();
    },
    async kill() {
      if (!ended) process.kill(pid, 'SIGKILL');
      await closed;
      removeLeft();
    },
  };
}

/** EAL options of a small application of two lcores. */
export function smallEal(prefix: string): string[] {
  return ['-l', '0,1', '--no-huge', '-m', '64', '--no-pci', '--file-prefix', prefix];
}

/** Of `hone run`: the application. */
export function childOf(parent: number): number {
  return Number(
    execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' })
      .trim()
      .split('\n')[0],
  );
}

/** Memory of ours that the application holds: mappings and descriptors. */
export function heldMemory(pid: number): string[] {
  const maps = readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n');
  return [...maps, ...openFiles(pid)].filter((line) => line.includes('memfd:hone'));
}

/** A counter of a port as the application shows it: `RX-packets`, `TX-packets` ... */
export async function portCounter(app: Testpmd, port: number, name: string): Promise<number> {
  const text = await app.command(`show port stats ${port}`);
  return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1]);
}

/** Ends when the application has received more on port 0 than it had. */
export async function forwardsOn(app: Testpmd): Promise<void> {
  const before = await portCounter(app, 0, 'RX-packets');
  await until(
    `more than ${before} packets forwarded`,
    async () => (await portCounter(app, 0, 'RX-packets')) > before,
  );
}
