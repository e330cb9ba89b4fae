/**
 * Packets of a running application for its report: in a short while of each second the agent puts the heads of what arrives into
 * small rings, and what does not fit is not looked at. The while is the shorter the more arrives.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TrafficObservation } from '../findings/index.ts';
import { EpbCursor } from '../pcapng/index.ts';
import type { CaptureFeed, Ring, Target } from '../target/index.ts';
import { TrafficCounter } from './traffic-counter.ts';

/** A thousand packets a thread, and more where they are short. */
const RING_BYTES = 256 << 10;
const SNAPLEN = 128;
const PACKETS_WANTED = 2000;
const [SHORTEST_MS, LONGEST_MS] = [1, 200];
const ETHERNET = 1;

export class TrafficLooks {
  readonly #target: Target;
  readonly #counter = new TrafficCounter();
  #seconds = 0;

  constructor(target: Target) {
    this.#target = target;
  }

  /** @param pps packets a second that arrive @throws PeerError */
  async look(pps: number): Promise<void> {
    const ms = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, (1000 * PACKETS_WANTED) / Math.max(1, pps)));
    const ports = await this.#target.listPorts();
    const feed = await this.#target.startCapture({
      ports: ports.map(({ portId }) => ({
        portId,
        directions: ['in'],
        snaplen: SNAPLEN,
        programs: { in: undefined, out: undefined },
      })),
      ringBytes: RING_BYTES,
      meta: false,
      hostClock: false,
    });
    try {
      const startMs = performance.now();
      await sleep(ms);
      await feed.stop();
      this.#seconds += (performance.now() - startMs) / 1000;
      this.#take(feed);
    } finally {
      feed.close();
    }
  }

  observe(): TrafficObservation | undefined {
    return this.#counter.observe(this.#seconds);
  }

  #take(feed: CaptureFeed): void {
    feed.poll();
    for (const ring of feed.rings) this.#takeRing(ring);
  }

  #takeRing(ring: Ring): void {
    ring.refresh();
    const cursor = new EpbCursor();
    let before: number | undefined;
    let bytes = 0;
    for (let n = 0; n < ring.pendingBursts; n++) {
      const time = ring.burstTime(n);
      if (before !== undefined) this.#counter.addInterArrival(time - before);
      before = time;
      bytes += ring.burstBytes(n);
    }
    cursor.reset(ring.borrow(bytes));
    while (cursor.next()) {
      const { originalLength } = cursor;
      this.#counter.add({ data: cursor.borrowData(), originalLength, linkType: ETHERNET });
    }
  }
}
