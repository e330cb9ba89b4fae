/** A program that captures or traces beside a saturated forwarder, and what it did while the forwarding rate was taken. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Forwarder } from './forwarder.ts';
import { median } from './statistics.ts';

/** The command line of this package, as it was built. */
export const hone: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url)),
];

export interface Measured {
  /** Forwarded packets a second on port 0. */
  readonly rate: number;
  readonly captured?: number;
  readonly dropped?: number;
  readonly residentMiB?: number;
  /** As the tracer itself says. */
  readonly nsPerHit?: number;
}

export async function forwardingRate(forwarder: Forwarder): Promise<number> {
  return median(await forwarder.rates(forwarder.rateSeconds));
}

/** Loads the agent into a forwarder that ran without it. */
export function attachAgent(forwarder: Forwarder): void {
  execFileSync(hone[0]!, [...hone.slice(1), 'attach', String(forwarder.pid)], { stdio: 'ignore' });
}

export interface BesideRun {
  readonly rate: number;
  /** From the program's start, or from when it said that it works, to its end. */
  readonly lastedSeconds: number;
  readonly residentMiB: number;
  readonly output: string;
}

export interface BesideOptions {
  /** What the program says when it works. It is interrupted then, after the rate was taken; else it ends by itself. */
  readonly sign?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program off the forwarding lcore's processor. */
export async function runBeside(
  forwarder: Forwarder,
  command: readonly string[],
  { sign, env = process.env }: BesideOptions = {},
): Promise<BesideRun> {
  const child = spawn('taskset', ['-c', '0', ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close').then(() => performance.now());
  let output = '';
  let begun = performance.now();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (sign !== undefined && !output.includes(sign)) begun = performance.now();
      output += text;
    });
  }
  await forwarder.rates(2);
  const rate = await forwardingRate(forwarder);
  const residentMiB = child.exitCode === null ? ownMiB(child.pid!) : 0;
  const interrupted = performance.now();
  if (sign !== undefined) child.kill('SIGINT');
  const ended = await closed;
  const lastedSeconds = ((sign === undefined ? ended : interrupted) - begun) / 1000;
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
  const run = await runBeside(forwarder, command, { sign: 'Capturing on' });
  const captured = numberIn(run.output, /Packets captured: (\d+)/) / run.lastedSeconds;
  const dropped = numberIn(run.output, /dropped by ring:(\d+)/);
  return { rate: run.rate, captured, dropped, residentMiB: run.residentMiB };
}

/** What the pattern's group is in a program's output. */
export function numberIn(text: string, pattern: RegExp): number {
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
