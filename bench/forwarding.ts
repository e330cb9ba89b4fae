/**
 * What an application forwards in a short time, by port 0's own counter, held against the times just before and after, because rates
 * drift within seconds by more than most prices are.
 */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from '../src/target/index.ts';

export interface Forwarding<T = void> {
  readonly ms: number;
  /** Packets a millisecond. */
  readonly rate: number;
  /** Of what was done meanwhile. */
  readonly result: T;
}

/** For what `run` takes, and at least for `leastMs`. */
export async function watchForwarding<T>(
  target: Target,
  leastMs: number,
  run: () => Promise<T>,
): Promise<Forwarding<T>> {
  const before = await countPackets(target);
  const result = await run();
  await sleep(Math.max(0, before.atMs + leastMs - performance.now()));
  const after = await countPackets(target);
  const ms = after.atMs - before.atMs;
  return { result, ms, rate: (after.packets - before.packets) / ms };
}

/** Milliseconds of forwarding that are missing. */
export function lostMs(
  { ms, rate }: Forwarding<unknown>,
  before: Forwarding<unknown>,
  after: Forwarding<unknown>,
): number {
  return ms * (1 - (2 * rate) / (before.rate + after.rate));
}

/** All threads of this process. */
export function runOn(processors: string): void {
  execFileSync('taskset', ['-a', '-p', '-c', processors, String(process.pid)], { stdio: 'ignore' });
}

async function countPackets(target: Target): Promise<{ readonly packets: number; readonly atMs: number }> {
  const askedMs = performance.now();
  const [port] = await target.listPorts();
  return { packets: Number(port?.counters?.ipackets), atMs: (askedMs + performance.now()) / 2 };
}
