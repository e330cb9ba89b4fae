/**
 * All rings of all sources as one sequence of bursts in time order. It decides what may be written; it writes
 * nothing itself. Promises:
 * - a burst is never split and never lost, and the bursts of one ring keep their order;
 * - the sequence is in time order, as long as no source's clock is stepped and no writer hangs in the middle of a
 *   burst: then completeness goes first. A ring that is more than half full, or data that was held back for
 *   `HOLD_LIMIT_MS`, is let through however far behind another writer is.
 * The bound that makes this safe is described in native/agent/include/hone/abi.h ("Order in time").
 */
import type { CaptureFeed, FeedEvent } from '../target/index.ts';
import { Lane } from './lane.ts';

/** The agent's clock follows CLOCK_REALTIME with corrections: what it calls `now` may lag ours by less than this. */
const SLOP_NS = 1_000_000;
const HOLD_LIMIT_MS = 1000;

export interface SourceEvent {
  readonly source: number;
  readonly event: FeedEvent;
}

export class RingMerge {
  /** The lane that the next run is taken from, after `next()` gave true. */
  lane!: Lane;
  /** Bursts of `lane` up to this time belong to the run. */
  untilNs = 0;

  readonly #feeds: readonly CaptureFeed[];
  readonly #baseNs: readonly number[];
  readonly #gone: boolean[];
  readonly #lanes: Lane[] = [];
  readonly #adopted: number[];
  readonly #clockMs: () => number;
  #lastLookNs: readonly number[];
  #watermarkNs = Number.NEGATIVE_INFINITY;
  /** What all lanes agree on; it stands still while a writer hangs. */
  #agreedNs = Number.NEGATIVE_INFINITY;
  #heldSinceMs: number | undefined;

  /** @param clockMs a monotonic clock */
  constructor(feeds: readonly CaptureFeed[], clockMs: () => number = () => performance.now()) {
    const zero = feeds[0]?.baseNs ?? 0n;
    this.#feeds = feeds;
    this.#baseNs = feeds.map((feed) => Number(feed.baseNs - zero));
    this.#gone = feeds.map(() => false);
    this.#adopted = feeds.map(() => 0);
    this.#lastLookNs = feeds.map(() => Number.NEGATIVE_INFINITY);
    this.#clockMs = clockMs;
  }

  /**
   * Looks at every ring, takes in what the feeds announced, and sets how far `next()` goes. The interfaces
   * of all packets that `next()` will give are among the events of this look or an earlier one.
   */
  look(): SourceEvent[] {
    this.release();
    const nowNs = this.#feeds.map((feed, source) => feed.nowNs() + this.#baseNs[source]! - SLOP_NS);
    for (const lane of this.#lanes) lane.look(nowNs[lane.source]!);
    const events: SourceEvent[] = [];
    const adopted = this.#poll(nowNs, events);
    // A new ring may hold what came after the first poll: its interfaces are announced by now.
    if (adopted) this.#poll(nowNs, events);
    this.#lastLookNs = nowNs;
    this.#setWatermark();
    return events;
  }

  /** The last look, after the feeds were stopped: everything that is pending may be taken. */
  lookFinally(): SourceEvent[] {
    const events = this.look();
    this.#watermarkNs = Number.POSITIVE_INFINITY;
    return events;
  }

  /** Chooses the next run: consecutive bursts of `lane` up to `untilNs`. False when no more may be taken. */
  next(): boolean {
    let first: Lane | undefined;
    let second = this.#watermarkNs;
    for (const lane of this.#lanes) {
      if (!lane.ready) continue;
      if (first === undefined || lane.timeNs < first.timeNs) {
        if (first !== undefined && first.timeNs < second) second = first.timeNs;
        first = lane;
      } else if (lane.timeNs < second) {
        second = lane.timeNs;
      }
    }
    if (first === undefined || first.timeNs > this.#watermarkNs) return false;
    this.lane = first;
    this.untilNs = second;
    return true;
  }

  /** Gives back the room of everything that was taken. */
  release(): void {
    for (const lane of this.#lanes) lane.release();
  }

  /** Bytes that were seen and have not been taken. */
  get leftBytes(): number {
    let bytes = 0;
    for (const lane of this.#lanes) bytes += lane.leftBytes;
    return bytes;
  }

  #poll(nowNs: readonly number[], events: SourceEvent[]): boolean {
    let adopted = false;
    for (const [source, feed] of this.#feeds.entries()) {
      for (const event of feed.poll()) {
        events.push({ source, event });
        if (event.kind === 'gone') this.#gone[source] = true;
      }
      for (; this.#adopted[source]! < feed.rings.length; this.#adopted[source]!++) {
        const ring = feed.rings[this.#adopted[source]!]!;
        // It was announced after the last look: so are its bursts.
        const lane = new Lane(ring, source, this.#baseNs[source]!, this.#lastLookNs[source]!);
        lane.look(nowNs[source]!);
        this.#lanes.push(lane);
        adopted = true;
      }
      if (this.#gone[source]) this.#lookForTheLastTime(source);
    }
    return adopted;
  }

  /** Nobody writes any more, so that nothing needs to be waited for. */
  #lookForTheLastTime(source: number): void {
    for (const lane of this.#lanes) {
      if (lane.source !== source || lane.boundNs === Number.POSITIVE_INFINITY) continue;
      lane.look(Number.POSITIVE_INFINITY);
      lane.boundNs = Number.POSITIVE_INFINITY;
    }
  }

  #setWatermark(): void {
    let agreed = Number.POSITIVE_INFINITY;
    // With one ring there is nothing to wait for.
    if (this.#lanes.length > 1) {
      for (const lane of this.#lanes) agreed = Math.min(agreed, lane.boundNs);
    }
    let watermark = agreed;
    let held = false;
    for (const lane of this.#lanes) {
      if (!lane.ready) continue;
      const latestNs = Math.max(lane.timeNs, lane.newestNs);
      if (latestNs <= watermark) continue;
      if (lane.leftBytes > lane.ring.dataBytes / 2) watermark = latestNs;
      else held ||= lane.timeNs > watermark;
    }
    this.#watermarkNs = this.#isStuck(agreed, held) ? Number.POSITIVE_INFINITY : watermark;
  }

  #isStuck(agreedNs: number, held: boolean): boolean {
    const nowMs = this.#clockMs();
    if (!held || agreedNs > this.#agreedNs) this.#heldSinceMs = undefined;
    else this.#heldSinceMs ??= nowMs;
    this.#agreedNs = agreedNs;
    return this.#heldSinceMs !== undefined && nowMs - this.#heldSinceMs > HOLD_LIMIT_MS;
  }
}
