/** From the start of `hone trace` until its script is attached, and until it has seen the first hit. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { hone } from './beside.ts';
import type { Forwarder } from './forwarder.ts';

export interface Attaching {
  readonly attachedMs: number;
  readonly hitMs: number;
}

/** The line "Attaching" is flushed when all probes are attached. */
export async function measureAttaching(forwarder: Forwarder): Promise<Attaching> {
  const script = 'dpdk:rx_burst { printf("hit\\n"); exit(); }';
  const args = [...hone.slice(1), 'trace', '-q', '-t', String(forwarder.pid), '-e', script];
  const begunMs = performance.now();
  const child = spawn('taskset', ['-c', '0', hone[0]!, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const seenMs = new Map<string, number>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const sign of ['Attaching', 'hit\n']) {
        if (output.includes(sign) && !seenMs.has(sign)) seenMs.set(sign, performance.now() - begunMs);
      }
    });
  }
  await once(child, 'close');
  const [attachedMs, hitMs] = [seenMs.get('Attaching'), seenMs.get('hit\n')];
  if (attachedMs === undefined || hitMs === undefined) throw new Error(`hone trace: no hit:\n${output}`);
  return { attachedMs, hitMs };
}

/** What no program for Node can be faster than, in ms. */
export function measureBareNode(): number {
  const begunMs = performance.now();
  spawnSync('taskset', ['-c', '0', hone[0]!, '-e', '0']);
  return performance.now() - begunMs;
}
