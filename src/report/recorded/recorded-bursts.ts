/**
 * Calls of rte_eth_rx_burst and rte_eth_tx_burst, as events: bursts of each queue, and the time of the threads that make them. After
 * a poll that gave packets a thread is busy until its next one, after an empty one it is not.
 */
import type { LcoreObservation, QueueObservation } from '../../findings/index.ts';
import { BoundedMap } from './bounded-map.ts';

export interface Call {
  readonly timeNs: bigint;
  readonly thread: Thread;
  readonly portId: number;
  readonly queueId: number;
  readonly direction: 'in' | 'out';
  /** Received, or offered to the driver. */
  readonly packets: number;
  /** Asked for (in). */
  readonly max: number | undefined;
  /** Taken by the driver (out). */
  readonly sent: number | undefined;
}

export interface Thread {
  readonly tid: number | undefined;
  readonly lcore: number | undefined;
  readonly name: string;
}

interface Queue extends Pick<Call, 'portId' | 'queueId' | 'direction'> {
  readonly tids: Set<number>;
  readonly bySize: number[];
  packets: number;
  refused: number;
  max: number | undefined;
}

interface Polling {
  readonly thread: Thread;
  lastNs: bigint;
  hadPackets: number;
  busyNs: number;
  idleNs: number;
  packets: number;
  readonly gaps: number[];
  longestNs: number;
}

/** Larger bursts count as this. */
const LARGEST = 1024;
const GAPS = 41;

export class RecordedBursts {
  readonly #queues = new BoundedMap<Queue>();
  readonly #threads = new BoundedMap<Polling>();

  add(call: Call): void {
    const { portId, queueId, direction, packets, max, sent, thread } = call;
    const queue = this.#queues.get(`${portId} ${queueId} ${direction}`, () => ({
      ...{ portId, queueId, direction },
      tids: new Set<number>(),
      bySize: [],
      ...{ packets: 0, refused: 0, max: undefined },
    }));
    if (queue !== undefined) {
      const size = Math.min(packets, LARGEST);
      while (queue.bySize.length <= size) queue.bySize.push(0);
      queue.bySize[size]!++;
      queue.packets += packets;
      if (sent !== undefined) queue.refused += Math.max(0, packets - sent);
      if (max !== undefined) queue.max = Math.max(max, queue.max ?? 0);
      if (thread.tid !== undefined && queue.tids.size < LARGEST) queue.tids.add(thread.tid);
    }
    if (direction === 'in') this.#poll(call);
  }

  /** @param countsEmptyPolls also polls without packets were recorded */
  queues(seconds: number, countsEmptyPolls: boolean): QueueObservation[] {
    return this.#queues
      .values()
      .map(({ portId, queueId, direction, tids, bySize, packets, max }) => ({
        ...{ portId, queueId, direction, countedSeconds: seconds, tids: [...tids], bySize, packets },
        ...{ askedBurst: max, countsEmptyPolls },
      }))
      .sort((a, b) => a.portId - b.portId || a.queueId - b.queueId);
  }

  /** Of a port, what the driver was offered and refused; undefined when nothing was recorded that tells. */
  sent(portId: number): { readonly offered: number; readonly refused: number } | undefined {
    const mine = this.#queues
      .values()
      .filter((queue) => queue.direction === 'out' && queue.portId === portId);
    if (mine.length === 0) return undefined;
    return {
      offered: mine.reduce((sum, { packets }) => sum + packets, 0),
      refused: mine.reduce((sum, { refused }) => sum + refused, 0),
    };
  }

  get portIds(): number[] {
    return [...new Set(this.#queues.values().map(({ portId }) => portId))];
  }

  /** Makes sense only when empty polls were recorded, too. */
  lcores(): LcoreObservation[] {
    return this.#threads.values().map(({ thread, busyNs, idleNs, packets, gaps, longestNs }, n) => ({
      tid: thread.tid ?? -1 - n,
      ...{ lcore: thread.lcore, name: thread.name, measuredSeconds: (busyNs + idleNs) / 1e9 },
      ...{ busyNs, idleNs, packets, pollGaps: gaps, longestGapNs: longestNs, involuntarySwitches: undefined },
    }));
  }

  #poll({ timeNs, thread, packets }: Call): void {
    const polling = this.#threads.get(`${thread.tid} ${thread.lcore} ${thread.name}`, () => ({
      thread,
      ...{ lastNs: timeNs, hadPackets: 0, busyNs: 0, idleNs: 0, packets: 0, gaps: [], longestNs: 0 },
    }));
    if (polling === undefined) return;
    const gapNs = Number(timeNs - polling.lastNs);
    if (gapNs > 0) {
      if (polling.hadPackets > 0) polling.busyNs += gapNs;
      else polling.idleNs += gapNs;
      const power = Math.min(GAPS - 1, Math.floor(Math.log2(gapNs)));
      while (polling.gaps.length <= power) polling.gaps.push(0);
      polling.gaps[power]!++;
      polling.longestNs = Math.max(polling.longestNs, gapNs);
      polling.packets += polling.hadPackets;
    }
    polling.lastNs = timeNs;
    polling.hadPackets = packets;
  }
}
