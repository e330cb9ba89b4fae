/**
 * Time of the threads that poll, busy or idle as watch/burst-script.ts has it, from recorded polls. Where events were lost, the time
 * between the polls before and behind is nobody's.
 */
import type { Place } from '../convert/index.ts';
import type { LcoreObservation } from '../findings/index.ts';
import { RECEIVING_NS } from '../watch/index.ts';

const BUCKETS = 41;
const MOST_THREADS = 1024;

interface Thread {
  readonly place: Place;
  lastNs: bigint;
  had: number;
  busyNs: number;
  idleNs: number;
  packets: number;
  longestNs: number;
  readonly gaps: number[];
}

export class RecordedThreads {
  readonly #threads = new Map<Place, Thread>();

  /** @param lossUntilNs events may be missing up to then */
  addPoll(place: Place, timeNs: bigint, received: number, lossUntilNs: bigint): void {
    let thread = this.#threads.get(place);
    if (thread === undefined) {
      if (this.#threads.size >= MOST_THREADS) return;
      thread = {
        ...{ place, lastNs: timeNs, had: received, busyNs: 0, idleNs: 0, packets: 0, longestNs: 0 },
        gaps: new Array(BUCKETS).fill(0),
      };
      this.#threads.set(place, thread);
      return;
    }
    const gapNs = Number(timeNs - thread.lastNs);
    if (gapNs >= 0 && thread.lastNs >= lossUntilNs) addGap(thread, gapNs, received);
    thread.lastNs = timeNs;
    thread.had = received;
  }

  /** Those that the recording names. */
  observe(): LcoreObservation[] {
    return [...this.#threads.values()]
      .filter(({ place, busyNs, idleNs }) => place.tid !== undefined && busyNs + idleNs > 0)
      .map(({ place, busyNs, idleNs, packets, longestNs, gaps }) => ({
        tid: place.tid!,
        lcore: place.lcore,
        name: place.threadName ?? '',
        measuredSeconds: (busyNs + idleNs) / 1e9,
        ...{ busyNs, idleNs, packets, longestGapNs: longestNs },
        pollGaps: gaps.slice(0, 1 + gaps.findLastIndex((count) => count > 0)),
        involuntarySwitches: undefined,
      }))
      .sort((a, b) => (a.lcore ?? 1e9) - (b.lcore ?? 1e9) || a.tid - b.tid);
  }
}

function addGap(thread: Thread, gapNs: number, received: number): void {
  thread.longestNs = Math.max(thread.longestNs, gapNs);
  thread.gaps[Math.min(BUCKETS - 1, Math.floor(Math.log2(Math.max(1, gapNs))))]!++;
  if (thread.had > 0) {
    thread.busyNs += gapNs;
    thread.packets += thread.had;
  } else if (received > 0 && gapNs < RECEIVING_NS) thread.busyNs += gapNs;
  else thread.idleNs += gapNs;
}
