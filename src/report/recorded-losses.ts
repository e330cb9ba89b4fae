/**
 * What a capture says of packets that it did not get: Interface Statistics Blocks, and the counts in packets. hone writes what the adapter
 * missed as isb_ifdrop, and what it could not keep up with as isb_osdrop; for others both are packets that the capture lost.
 */
import type { CaptureInterface, CaptureRecord, PacketRecord } from '../pcapng/index.ts';

type Statistics = Extract<CaptureRecord, { readonly type: 'statistics' }>;

interface Counts {
  /** Told by packets. */
  dropped: number;
  /** By the start of the capture: files that follow each other count on. */
  readonly lost: Map<bigint, number>;
  readonly missed: Map<bigint, number>;
}

/** Of a hostile file that names more starts: they are one. */
const MOST_STARTS = 1024;

export class RecordedLosses {
  readonly #ofPorts = new Map<number, Counts>();

  addPacket(portId: number, { options }: PacketRecord): void {
    const { epb_dropcount } = options;
    if (epb_dropcount !== undefined) this.#countsOf(portId).dropped += Number(epb_dropcount);
  }

  /** @param isOfHone whether hone made the capture */
  addStatistics(portId: number, { options }: Statistics, isOfHone: boolean): void {
    const { isb_starttime = 0n, isb_ifdrop, isb_osdrop } = options;
    const { lost, missed } = this.#countsOf(portId);
    const ofCapture = (isb_osdrop ?? 0n) + (isOfHone ? 0n : (isb_ifdrop ?? 0n));
    raise(lost, isb_starttime, Number(ofCapture));
    if (isOfHone && isb_ifdrop !== undefined) raise(missed, isb_starttime, Number(isb_ifdrop));
  }

  /** Packets of a port that the captures lost. */
  lostOf(portId: number): number {
    const counts = this.#ofPorts.get(portId);
    return counts === undefined ? 0 : Math.max(counts.dropped, sum(counts.lost));
  }

  /** Undefined when no capture says. */
  missedOf(portId: number): number | undefined {
    const missed = this.#ofPorts.get(portId)?.missed;
    return missed === undefined || missed.size === 0 ? undefined : sum(missed);
  }

  #countsOf(portId: number): Counts {
    const known = this.#ofPorts.get(portId);
    if (known !== undefined) return known;
    const made = { dropped: 0, lost: new Map(), missed: new Map() };
    this.#ofPorts.set(portId, made);
    return made;
  }
}

/** Whether a filter took only some of the packets, as the interface says. */
export function isFiltered({ options: { if_filter } }: CaptureInterface): boolean {
  return if_filter !== undefined && if_filter !== '';
}

function raise(counts: Map<bigint, number>, start: bigint, count: number): void {
  const key = counts.size < MOST_STARTS ? start : 0n;
  counts.set(key, Math.max(count, counts.get(key) ?? 0));
}

function sum(counts: ReadonlyMap<bigint, number>): number {
  return [...counts.values()].reduce((all, count) => all + count, 0);
}
