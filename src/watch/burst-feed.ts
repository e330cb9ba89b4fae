/**
 * A running count of bursts on one application, and the short whiles in which the time of its threads is measured. Both are
 * ordinary traces: closing them, or losing the host, takes everything away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompiledScript, MapPlan } from '../script/index.ts';
import type { Target, TraceFeed, TraceWriter } from '../target/index.ts';
import { startRequest } from '../trace/index.ts';
import { type BurstScript, compileTimeScript, LARGEST_COUNTED, mapOf } from './burst-script.ts';
import { programNs } from './program-time.ts';
import type { QueueReading, Thread, ThreadTime } from './reading.ts';

/** For which threads measure their time; the target's own preparation comes before. */
const WINDOW_MS = 25;
/**
 * A while in which no thread polled is gone on with for so long: the kernel may have taken their processors away. Nobody pays for
 * that, as nobody runs the programs.
 */
export const LONGEST_WHILE_MS = 250;

interface Counted {
  readonly thread: Thread;
  /** For each hook. */
  readonly hooks: readonly { readonly bySize: Float64Array; bursts: number; packets: number }[];
}

export class BurstFeed {
  readonly #burst: BurstScript;
  readonly #feed: TraceFeed;
  readonly #plans: readonly { readonly sizes: MapPlan; readonly large: MapPlan }[];
  readonly #counted = new Map<number, Counted>();

  private constructor(burst: BurstScript, feed: TraceFeed) {
    this.#burst = burst;
    this.#feed = feed;
    this.#plans = burst.hooks.map(({ sizes, large }) => ({
      sizes: mapOf(burst.script, sizes),
      large: mapOf(burst.script, large),
    }));
  }

  /** @throws PeerError, UsageError when the target refuses */
  static async start(target: Pick<Target, 'startTrace'>, burst: BurstScript): Promise<BurstFeed> {
    return new BurstFeed(burst, await target.startTrace(requestOf(burst.script)));
  }

  /** Calls that no thread's memory was found for. */
  get unplacedCalls(): bigint {
    return this.#feed.unplacedHits;
  }

  /** What the programs took since the start. */
  get programNs(): number {
    return programNs(this.#feed);
  }

  /** What has been counted since the start. @throws PeerError when the application goes away or breaks the protocol */
  async read(): Promise<QueueReading[]> {
    await this.#feed.snapshot();
    for (const writer of this.#feed.writers) this.#take(writer);
    return [...this.#counted.values()].flatMap(({ thread, hooks }) =>
      this.#burst.hooks.flatMap(({ portId, queueId, direction }, n) => {
        const { bySize, bursts, packets } = hooks[n]!;
        if (bursts === 0 && bySize.every((count) => count === 0)) return [];
        const counts = { bySize: [...bySize], largeBursts: bursts, largePackets: packets };
        return [{ portId, queueId, direction, thread, ...counts }];
      }),
    );
  }

  close(): void {
    this.#feed.close();
  }

  #take(writer: TraceWriter): void {
    const counted = this.#countedOf(writer);
    for (const [n, { sizes, large }] of this.#plans.entries()) {
      const sums = counted.hooks[n]!;
      const counts = numbersOf(writer.quiet, sizes, LARGEST_COUNTED + 1);
      for (let size = 0; size <= LARGEST_COUNTED; size++) sums.bySize[size]! += Number(counts[size]!);
      counts.fill(0n);
      const [packets, bursts] = takeSum(writer.quiet, large);
      sums.packets += packets;
      sums.bursts += bursts;
    }
  }

  #countedOf(writer: TraceWriter): Counted {
    const known = this.#counted.get(writer.number);
    if (known !== undefined) return known;
    const hooks = this.#plans.map(() => ({
      bySize: new Float64Array(LARGEST_COUNTED + 1),
      bursts: 0,
      packets: 0,
    }));
    const counted = { thread: threadOf(writer), hooks };
    this.#counted.set(writer.number, counted);
    return counted;
  }
}

/** Measures for a short while what threads do with their time. @throws as BurstFeed */
export async function measureTime(
  target: Pick<Target, 'startTrace'>,
): Promise<{ readonly times: ThreadTime[]; readonly programNs: number }> {
  timeScript ??= compileTimeScript();
  const [busy, idle, packets] = ['@busy', '@idle', '@packets'].map((name) => mapOf(timeScript!, name));
  const feed = await target.startTrace(requestOf(timeScript));
  try {
    const startMs = performance.now();
    let times: ThreadTime[];
    do {
      await sleep(WINDOW_MS);
      await feed.snapshot();
      // No thread has more time than there was, whatever its memory says.
      const mostNs = 2e6 * (performance.now() - startMs) + 1e9;
      times = feed.writers.flatMap((writer) => {
        const [busyNs] = takeSum(writer.quiet, busy!);
        const [idleNs] = takeSum(writer.quiet, idle!);
        const [count] = takeSum(writer.quiet, packets!);
        if (busyNs + idleNs === 0 || busyNs + idleNs > mostNs) return [];
        return [{ thread: threadOf(writer), busyNs, idleNs, packets: count }];
      });
    } while (times.length === 0 && performance.now() - startMs < LONGEST_WHILE_MS);
    return { times, programNs: programNs(feed) };
  } finally {
    feed.close();
  }
}

let timeScript: CompiledScript | undefined;

function requestOf(script: CompiledScript) {
  const state = new Uint8Array(script.contextBytes - script.stateOffset);
  return startRequest(script, 0, state);
}

function threadOf({ tid, lcore, name }: TraceWriter): Thread {
  return { tid, lcore, name };
}

/** Those of a map that is no table; borrowed. */
function numbersOf(context: Uint8Array, { name, place }: MapPlan, count: number): BigUint64Array {
  if (place.kind !== 'indexed' && place.kind !== 'flat') throw new Error(`${name} is ${place.kind}`);
  return new BigUint64Array(context.buffer, context.byteOffset + place.offset, count);
}

/** A sum and how many updates it had; zeros stay behind. */
function takeSum(context: Uint8Array, plan: MapPlan): [sum: number, updates: number] {
  const numbers = numbersOf(context, plan, 2);
  const taken: [number, number] = [Number(numbers[0]!), Number(numbers[1]!)];
  numbers.fill(0n);
  return taken;
}
