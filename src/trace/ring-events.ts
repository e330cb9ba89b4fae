/**
 * Events out of the rings of all writers, in the order of their time. A look takes what is older than all that can still
 * come: of a ring that is being written to, what is older than its newest; of all others, what is older than the look.
 */
import { PeerError } from '../base/index.ts';
import type { Ring } from '../target/index.ts';
import type { TraceEvent } from './trace-source.ts';

const HEAD_BYTES = 8;

interface Pending {
  readonly ring: number;
  readonly timeNs: number;
  readonly record: Uint8Array;
}

export class RingEvents {
  readonly #baseNs: bigint;
  /** Up to which time all of a ring's events were seen, by its id. */
  readonly #seenNs = new Map<number, number>();
  #release: (() => void)[] = [];

  constructor(baseNs: bigint) {
    this.#baseNs = baseNs;
  }

  /**
   * The events, borrowed until the next call, which gives their room back.
   * @param nowNs the time of the look, of the clock that events have; undefined when nobody writes any more: takes all
   * @throws PeerError PEER_PROTOCOL
   */
  take(rings: readonly Ring[], nowNs: bigint | undefined): TraceEvent[] {
    for (const release of this.#release) release();
    this.#release = [];
    const limitNs = this.#look(rings, nowNs);
    const pending: Pending[] = [];
    for (const [number, ring] of rings.entries()) this.#gather(number, ring, limitNs, pending);
    pending.sort((a, b) => a.timeNs - b.timeNs || a.ring - b.ring);
    return pending.map(({ timeNs, record }) => ({ timeNs: this.#baseNs + BigInt(timeNs), record }));
  }

  #look(rings: readonly Ring[], nowNs: bigint | undefined): number {
    const lookNs = nowNs === undefined ? Number.POSITIVE_INFINITY : Number(nowNs - this.#baseNs);
    let limitNs = lookNs;
    for (const ring of rings) {
      ring.refresh();
      const { ringId, pendingBursts } = ring;
      const newestNs = pendingBursts > 0 ? ring.burstTime(pendingBursts - 1) : 0;
      const seenNs = ring.idle ? lookNs : Math.max(this.#seenNs.get(ringId) ?? 0, newestNs);
      this.#seenNs.set(ringId, seenNs);
      if (nowNs !== undefined) limitNs = Math.min(limitNs, seenNs);
    }
    return limitNs;
  }

  #gather(number: number, ring: Ring, limitNs: number, pending: Pending[]): void {
    let bursts = 0;
    let bytes = 0;
    while (bursts < ring.pendingBursts && ring.burstTime(bursts) <= limitNs)
      bytes += ring.burstBytes(bursts++);
    if (bursts === 0) return;
    const view = ring.borrow(bytes);
    let at = 0;
    for (let burst = 0; burst < bursts; burst++) {
      const end = at + ring.burstBytes(burst);
      const timeNs = ring.burstTime(burst);
      while (at < end) {
        const length = recordLength(view, at, end);
        pending.push({ ring: number, timeNs, record: view.subarray(at + HEAD_BYTES, at + length) });
        at += length;
      }
    }
    this.#release.push(() => ring.release(bursts, bytes));
  }
}

function recordLength(view: Uint8Array, at: number, end: number): number {
  const length =
    end - at < HEAD_BYTES ? 0 : new DataView(view.buffer, view.byteOffset + at).getUint32(0, true);
  if (length >= HEAD_BYTES && length % 8 === 0 && length <= end - at) return length;
  throw new PeerError('PEER_PROTOCOL', `an event record has ${length} bytes of ${end - at}`);
}
