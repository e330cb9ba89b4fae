/**
 * What a running application says that it drops. It is counted all the time, so that none is missed, until counting takes a part of a
 * thread that is worth mentioning: where so much is dropped, a while of each second tells how much.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DropObservation } from '../findings/index.ts';
import type { DropFeed, DropReading } from '../watch/index.ts';

/** Of one thread's time. */
const MOST_SHARE = 0.005;
const WHILE_MS = 60;

type Feed = Pick<DropFeed, 'read' | 'programNs' | 'close'>;
type OpenFeed = () => Promise<Feed | undefined>;

interface Count {
  readonly drops: readonly DropReading[];
  readonly timeMs: number;
  readonly programNs: number;
}

export class DropLooks {
  readonly #open: OpenFeed;
  readonly #packets = new Map<string, DropReading>();
  #countedMs = 0;
  /** Undefined once it is counted in whiles. */
  #always: Feed | undefined;
  #last: Count;
  /** Packets a second when it was counted last. */
  pps: number | undefined;
  /** Time that counting took, of all threads together. */
  programNs = 0;

  private constructor(open: OpenFeed, feed: Feed, first: Count) {
    this.#open = open;
    this.#always = feed;
    this.#last = first;
  }

  /** Undefined when the application does not say. @throws PeerError */
  static async start(open: OpenFeed): Promise<DropLooks | undefined> {
    const feed = await open();
    return feed === undefined ? undefined : new DropLooks(open, feed, await countOf(feed));
  }

  /** Takes a while where it is counted in whiles. @throws PeerError when the application has gone */
  async look(): Promise<void> {
    if (this.#always !== undefined) return;
    const feed = await this.#open();
    if (feed === undefined) return;
    try {
      const before = await countOf(feed);
      await sleep(WHILE_MS);
      this.#add(before, await countOf(feed));
    } finally {
      feed.close();
    }
  }

  /** What was counted all the time since the read before. @throws PeerError when the application has gone */
  async read(): Promise<void> {
    if (this.#always === undefined) return;
    const now = await countOf(this.#always);
    const share = this.#add(this.#last, now);
    this.#last = now;
    if (share <= MOST_SHARE) return;
    this.#always.close();
    this.#always = undefined;
  }

  observe(): DropObservation[] {
    const countedSeconds = this.#countedMs / 1000;
    return [...this.#packets.values()].map((drop) => ({ ...drop, countedSeconds }));
  }

  close(): void {
    this.#always?.close();
  }

  /** @returns the share of a thread's time that counting took */
  #add(before: Count, now: Count): number {
    const earlier = new Map(before.drops.map((drop) => [keyOf(drop), drop.packets]));
    let sum = 0;
    for (const drop of now.drops) {
      const packets = drop.packets - (earlier.get(keyOf(drop)) ?? 0);
      if (packets === 0) continue;
      sum += packets;
      const known = this.#packets.get(keyOf(drop))?.packets ?? 0;
      this.#packets.set(keyOf(drop), { ...drop, packets: known + packets });
    }
    const ms = Math.max(1e-3, now.timeMs - before.timeMs);
    const ns = now.programNs - before.programNs;
    this.#countedMs += ms;
    this.programNs += ns;
    this.pps = (1000 * sum) / ms;
    return ns / (1e6 * ms);
  }
}

async function countOf(feed: Feed): Promise<Count> {
  const drops = await feed.read();
  return { drops, timeMs: performance.now(), programNs: feed.programNs };
}

function keyOf({ portId, reason }: DropReading): string {
  return `${portId} ${reason}`;
}
