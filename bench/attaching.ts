/** From the start of `hone trace` until its script is attached, and until it has seen the first hit. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { attachAgent, hone } from './beside.ts';
import { type Forwarder, startForwarder } from './forwarder.ts';
import { formatSpread, printTable } from './statistics.ts';

interface Attaching {
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
function measureBareNode(): number {
  const begunMs = performance.now();
  spawnSync('taskset', ['-c', '0', hone[0]!, '-e', '0']);
  return performance.now() - begunMs;
}

/** Starts of both kinds in turns. */
export class StartTimes {
  readonly #nodeMs: number[] = [];
  readonly #attachedMs: number[] = [];
  readonly #hitMs: number[] = [];

  async measure(forwarder: Forwarder): Promise<void> {
    this.#nodeMs.push(measureBareNode());
    const { attachedMs, hitMs } = await measureAttaching(forwarder);
    this.#attachedMs.push(attachedMs);
    this.#hitMs.push(hitMs);
  }

  rows(): string[][] {
    return [
      ['node alone, with an empty program, ms', formatSpread(this.#nodeMs, 0)],
      ['from script to attached, ms', formatSpread(this.#attachedMs, 0)],
      ['from script to the first hit printed, ms', formatSpread(this.#hitMs, 0)],
    ];
  }
}

export async function benchStarts(rounds = 20): Promise<void> {
  const times = new StartTimes();
  const forwarder = await startForwarder();
  try {
    attachAgent(forwarder);
    // The first trace installs the callbacks, which stay.
    await measureAttaching(forwarder);
    for (let i = 0; i < rounds; i++) await times.measure(forwarder);
  } finally {
    await forwarder.stop();
  }
  printTable(['starts of hone trace', 'median (lowest to highest)'], times.rows());
}
