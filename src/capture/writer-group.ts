/**
 * The lanes of one writer: a thread of the application has a small ring that stays in the cache and a large one for when
 * that is full, and writes bursts to either. For the order in time they are one.
 */
import type { Lane } from './lane.ts';

export class WriterGroup {
  readonly source: number;
  readonly lanes: readonly Lane[];
  /** Whatever comes later from this writer is not older than this (ns on the session's clock). */
  boundNs: number;

  constructor(lanes: readonly Lane[], boundNs: number) {
    this.source = lanes[0]!.source;
    this.lanes = lanes;
    this.boundNs = boundNs;
  }

  /**
   * After all lanes were looked at.
   * @param idleNs the bound of a writer that was writing no burst at the look
   */
  raiseBound(idleNs: number): void {
    const isIdle = this.lanes.every(({ ring }) => ring.idle);
    this.boundNs = Math.max(this.boundNs, isIdle ? idleNs : this.newestNs);
  }

  get newestNs(): number {
    let newestNs = Number.NEGATIVE_INFINITY;
    for (const lane of this.lanes) newestNs = Math.max(newestNs, lane.newestNs);
    return newestNs;
  }

  get ready(): boolean {
    return this.lanes.some(({ ready }) => ready);
  }

  /** Time of the oldest and of the newest burst left; only while `ready`. */
  get leftSpanNs(): { oldest: number; newest: number } {
    let [oldest, newest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const lane of this.lanes) {
      if (!lane.ready) continue;
      oldest = Math.min(oldest, lane.timeNs);
      newest = Math.max(newest, lane.timeNs, lane.newestNs);
    }
    return { oldest, newest };
  }

  get isHalfFull(): boolean {
    let [left, room] = [0, 0];
    for (const { leftBytes, ring } of this.lanes) {
      left += leftBytes;
      room += ring.dataBytes;
    }
    return left > room / 2;
  }
}

/** The lanes by writer. A ring that nobody has taken yet is a group of its own. */
export function groupByWriter(lanes: readonly Lane[]): Lane[][] {
  const groups = new Map<string, Lane[]>();
  for (const lane of lanes) {
    const { ringId, writerTid } = lane.ring;
    const key = writerTid === 0 ? `${lane.source} ring ${ringId}` : `${lane.source} thread ${writerTid}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [lane]);
    else group.push(lane);
  }
  return [...groups.values()];
}
