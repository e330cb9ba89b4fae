/** Rates over the time of a recording, in so many intervals as a chart shows; they become longer as the recording does. */
import type { SeriesPoint } from '../../findings/index.ts';

interface Interval {
  rxPackets: number;
  rxBytes: number;
  txPackets: number;
  txBytes: number;
  drops: number;
}

const MOST = 240;
const NS_PER_SECOND = 1_000_000_000;

export class RateSeries {
  readonly #intervals: Interval[] = [];
  #lengthNs = NS_PER_SECOND;
  readonly #startNs: bigint;

  constructor(startNs: bigint) {
    this.#startNs = startNs;
  }

  /** The interval that a time lies in; times before the start belong to the first one. */
  at(timeNs: bigint): Interval {
    const sinceNs = Math.max(0, Number(timeNs - this.#startNs));
    while (sinceNs >= MOST * this.#lengthNs) this.#halve();
    const index = Math.floor(sinceNs / this.#lengthNs);
    while (this.#intervals.length <= index) this.#intervals.push(newInterval());
    return this.#intervals[index]!;
  }

  /** @param seconds of the whole recording: the last interval may be cut */
  points(seconds: number, knows: { readonly packets: boolean; readonly drops: boolean }): SeriesPoint[] {
    const length = this.#lengthNs / NS_PER_SECOND;
    return this.#intervals.map(({ rxPackets, rxBytes, txPackets, txBytes, drops }, n) => {
      const lasted = Math.max(1e-3, Math.min(length, seconds - n * length));
      const rate = (count: number) => (knows.packets ? count / lasted : undefined);
      return {
        seconds: Math.min(seconds, (n + 1) * length),
        ...{ rxPps: rate(rxPackets), txPps: rate(txPackets) },
        ...{ rxBps: rate(8 * rxBytes), txBps: rate(8 * txBytes) },
        dropPps: knows.drops ? drops / lasted : undefined,
        busyShare: undefined,
      };
    });
  }

  #halve(): void {
    this.#lengthNs *= 2;
    const half = Math.ceil(this.#intervals.length / 2);
    for (let n = 0; n < half; n++) {
      const sum = newInterval();
      for (const one of this.#intervals.slice(2 * n, 2 * n + 2)) {
        sum.rxPackets += one.rxPackets;
        sum.rxBytes += one.rxBytes;
        sum.txPackets += one.txPackets;
        sum.txBytes += one.txBytes;
        sum.drops += one.drops;
      }
      this.#intervals[n] = sum;
    }
    this.#intervals.length = half;
  }
}

function newInterval(): Interval {
  return { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0, drops: 0 };
}
