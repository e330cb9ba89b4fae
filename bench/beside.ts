/** A capture program beside a saturated forwarder, and what it captured while the forwarding rate was taken. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Forwarder } from './forwarder.ts';
import { median } from './statistics.ts';

/** The command line of this package, as it was built. */
export const hone: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../dist/cli/main.js', import.meta.url)),
];

/** For how long a rate is taken. */
const seconds = 4;

export interface Measured {
  /** Forwarded packets a second on port 0. */
  readonly rate: number;
  readonly captured?: number;
  readonly dropped?: number;
  readonly residentMiB?: number;
}

export async function forwardingRate(forwarder: Forwarder): Promise<number> {
  return median(await forwarder.rates(seconds));
}

export interface CaptureRun {
  readonly rate: number;
  /** From the program's start, or from when it said that it captures, to its end. */
  readonly lastedSeconds: number;
  readonly residentMiB: number;
  readonly output: string;
}

/** Runs a capture program off the forwarding lcore's processor. It is interrupted, or ends by itself. */
export async function runBeside(
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
  const rate = await forwardingRate(forwarder);
  const residentMiB = child.exitCode === null ? ownMiB(child.pid!) : 0;
  const interrupted = performance.now();
  if (end === 'interrupt') child.kill('SIGINT');
  const ended = await closed;
  const lastedSeconds = ((end === 'interrupt' ? interrupted : ended) - begun) / 1000;
  return { rate, lastedSeconds, residentMiB, output };
}

/** `hone capture` of port 0. */
export async function captureBeside(
  forwarder: Forwarder,
  args: readonly string[],
  file: string,
): Promise<Measured> {
  const port = `${forwarder.prefix}/0`;
  const command = [...hone, 'capture', '-i', port, '-q', '-w', file, ...args];
  const run = await runBeside(forwarder, command, 'interrupt');
  const captured = number(run.output, /Packets captured: (\d+)/) / run.lastedSeconds;
  const dropped = number(run.output, /dropped by ring:(\d+)/);
  return { rate: run.rate, captured, dropped, residentMiB: run.residentMiB };
}

function number(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern} in:\n${text}`);
  return Number(found);
}

/** Memory of the process that is not shared with the agent. */
function ownMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (field: string) => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return (kib('RssAnon') + kib('RssFile')) / 1024;
}
