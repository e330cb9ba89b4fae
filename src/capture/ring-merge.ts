/**
 * All rings of all sources as one sequence of bursts in time order. It decides what may be written; it writes
 * nothing itself. Promises:
 * - a burst is never split and never lost, and the bursts of one ring keep their order;
 * - the sequence is in time order, as long as no source's clock is stepped and no writer hangs in the middle of a
 *   burst: then completeness goes first. A writer whose rings are more than half full, or data that was held back for
 *   `HOLD_LIMIT_MS`, is let through however far behind another writer is.
 *
 * How far it is safe to go (see "Order in time" in native/agent/include/hone/abi.h): all rings are looked at twice.
 * A writer that is idle at the second look will read its clock later than the first look, so that what it
 * publishes is newer than everything the first look saw, on any ring that has the same clock. A writer that is
 * busy publishes nothing older than what it published last. Between applications, whose clocks only follow
 * CLOCK_REALTIME, the bound of an idle writer is the time of the look less `SLOP_NS`.
 */
import type { CaptureFeed, FeedEvent } from '../target/index.ts';
import { Lane } from './lane.ts';
import { groupByWriter, WriterGroup } from './writer-group.ts';

/** The agent's clock follows CLOCK_REALTIME with corrections: what it calls `now` may lag ours by less than this. */
const SLOP_NS = 1_000_000;
const HOLD_LIMIT_MS = 1000;

export interface SourceEvent {
  readonly source: number;
  readonly event: FeedEvent;
}

interface Source {
  readonly feed: CaptureFeed;
  /** The zero of its clock on the session's clock. */
  readonly baseNs: number;
  adoptedRings: number;
  gone: boolean;
  /** The bound of its idle writers. */
  idleNs: number;
}

export class RingMerge {
  /** The lane that the next run is taken from, after `next()` gave true. */
  lane!: Lane;
  /** Bursts of `lane` up to this time belong to the run. */
  untilNs = 0;

  readonly #sources: readonly Source[];
  readonly #clockMs: () => number;
  /** By source and ring: of two bursts of one time the first in this order goes first. */
  readonly #lanes: Lane[] = [];
  #groups: readonly WriterGroup[] = [];
  #tids: number[] = [];
  #watermarkNs = Number.NEGATIVE_INFINITY;
  /** What all writers agree on; it stands still while one hangs. */
  #agreedNs = Number.NEGATIVE_INFINITY;
  #heldSinceMs: number | undefined;

  /** @param clockMs a monotonic clock */
  constructor(feeds: readonly CaptureFeed[], clockMs: () => number = () => performance.now()) {
    const zero = feeds[0]?.baseNs ?? 0n;
    this.#sources = feeds.map((feed) => ({
      feed,
      baseNs: Number(feed.baseNs - zero),
      adoptedRings: 0,
      gone: false,
      idleNs: Number.NEGATIVE_INFINITY,
    }));
    this.#clockMs = clockMs;
  }

  /**
   * Looks at every ring, takes in what the feeds announced, and sets how far `next()` goes. The interfaces
   * of all packets that `next()` will give are among the events of this look or an earlier one.
   */
  look(): SourceEvent[] {
    this.release();
    const idleNs = this.#sources.map((source) => source.feed.nowNs() + source.baseNs - SLOP_NS);
    for (const lane of this.#lanes) {
      lane.look();
      // Only one clock: no need to trust it to a millisecond.
      if (this.#sources.length === 1) idleNs[0] = Math.max(idleNs[0]!, lane.newestNs);
    }
    for (const lane of this.#lanes) lane.look();
    const events: SourceEvent[] = [];
    // A new ring may hold what came after the first poll: its interfaces are announced by then.
    if (this.#poll(events)) this.#poll(events);
    this.#regroup();
    for (const [n, source] of this.#sources.entries()) source.idleNs = Math.max(source.idleNs, idleNs[n]!);
    for (const group of this.#groups) {
      const { gone, idleNs } = this.#sources[group.source]!;
      if (gone) group.boundNs = Number.POSITIVE_INFINITY;
      else group.raiseBound(idleNs);
    }
    this.#setWatermark();
    return events;
  }

  /** A look after the feeds were stopped: everything that is pending may be taken. */
  lookFinally(): SourceEvent[] {
    const events = this.look();
    this.#watermarkNs = Number.POSITIVE_INFINITY;
    return events;
  }

  /** Chooses the next run: consecutive bursts of `lane` up to `untilNs`. False when no more may be taken. */
  next(): boolean {
    let first: Lane | undefined;
    let untilNs = this.#watermarkNs;
    for (const lane of this.#lanes) {
      if (!lane.ready) continue;
      if (first === undefined) {
        first = lane;
      } else if (lane.timeNs < first.timeNs) {
        // Of two bursts of one time, that of the earlier lane goes first.
        untilNs = Math.min(untilNs, first.timeNs - 1);
        first = lane;
      } else {
        untilNs = Math.min(untilNs, lane.timeNs);
      }
    }
    if (first === undefined || first.timeNs > this.#watermarkNs) return false;
    this.lane = first;
    this.untilNs = untilNs;
    return true;
  }

  /** Gives back the room of everything that was taken. */
  release(): void {
    for (const lane of this.#lanes) lane.release();
  }

  /** True when rings appeared. */
  #poll(events: SourceEvent[]): boolean {
    const before = this.#lanes.length;
    for (const [n, source] of this.#sources.entries()) {
      for (const event of source.feed.poll()) {
        events.push({ source: n, event });
        source.gone ||= event.kind === 'gone';
      }
      const { rings } = source.feed;
      for (; source.adoptedRings < rings.length; source.adoptedRings++) {
        const lane = new Lane(rings[source.adoptedRings]!, n, source.baseNs);
        lane.look();
        this.#lanes.push(lane);
      }
      // What was published between the look and the end.
      if (source.gone) for (const lane of this.#lanes) if (lane.source === n) lane.look();
    }
    return this.#lanes.length > before;
  }

  /** Groups the lanes anew when rings appeared or were taken by a writer. */
  #regroup(): void {
    const isSame =
      this.#tids.length === this.#lanes.length &&
      this.#lanes.every(({ ring }, n) => ring.writerTid === this.#tids[n]);
    if (isSame) return;
    this.#lanes.sort((a, b) => a.source - b.source || a.ring.ringId - b.ring.ringId);
    this.#tids = this.#lanes.map(({ ring }) => ring.writerTid);
    const known = new Map(this.#groups.flatMap((group) => group.lanes.map((lane) => [lane, group.boundNs])));
    this.#groups = groupByWriter(this.#lanes).map((lanes) => {
      // A new ring was announced after the last look: so are its bursts.
      const bounds = lanes.map((lane) => known.get(lane) ?? this.#sources[lane.source]!.idleNs);
      return new WriterGroup(lanes, Math.max(...bounds));
    });
  }

  #setWatermark(): void {
    let agreedNs = Number.POSITIVE_INFINITY;
    // With one writer there is nothing to wait for.
    if (this.#groups.length > 1) {
      for (const group of this.#groups) agreedNs = Math.min(agreedNs, group.boundNs);
    }
    let watermarkNs = agreedNs;
    let held = false;
    for (const group of this.#groups) {
      if (!group.ready) continue;
      const { oldest, newest } = group.leftSpanNs;
      if (newest > watermarkNs && group.isHalfFull) watermarkNs = newest;
      held ||= oldest > watermarkNs;
    }
    this.#watermarkNs = this.#isStuck(agreedNs, held) ? Number.POSITIVE_INFINITY : watermarkNs;
  }

  #isStuck(agreedNs: number, held: boolean): boolean {
    const nowMs = this.#clockMs();
    if (!held || agreedNs > this.#agreedNs) this.#heldSinceMs = undefined;
    else this.#heldSinceMs ??= nowMs;
    this.#agreedNs = agreedNs;
    return this.#heldSinceMs !== undefined && nowMs - this.#heldSinceMs > HOLD_LIMIT_MS;
  }
}
