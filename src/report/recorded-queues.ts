/** Bursts of a recording, by queue and size. */
import type { QueueObservation } from '../findings/index.ts';

/** Bursts of this size and larger ones are counted together. */
const LARGEST = 256;
/** Of a hostile file that names more: they are left out. */
const MOST_QUEUES = 4096;
const MOST_THREADS = 256;

type Direction = QueueObservation['direction'];

interface Queue {
  readonly portId: number;
  readonly queueId: number;
  readonly direction: Direction;
  readonly bySize: number[];
  readonly tids: Set<number>;
  packets: number;
  asked: number;
}

export interface RecordedBurst {
  readonly portId: number;
  readonly queueId: number;
  readonly direction: Direction;
  readonly packets: number;
  /** Packets asked for, where the event says so. */
  readonly asked: number | undefined;
  readonly tid: number | undefined;
}

export class RecordedQueues {
  readonly #bursts = new Map<string, Queue>();
  /** Where only packets tell of queues. */
  readonly #packets = new Map<string, Queue>();

  addBurst(burst: RecordedBurst): void {
    const queue = queueIn(this.#bursts, burst);
    if (queue === undefined) return;
    const { packets, asked, tid } = burst;
    const size = Math.min(packets, LARGEST);
    while (queue.bySize.length <= size) queue.bySize.push(0);
    queue.bySize[size]!++;
    queue.packets += packets;
    if (asked !== undefined) queue.asked = Math.max(queue.asked, asked);
    if (tid !== undefined && queue.tids.size < MOST_THREADS) queue.tids.add(tid);
  }

  addPacket(place: Pick<RecordedBurst, 'portId' | 'queueId' | 'direction'>): void {
    const queue = queueIn(this.#packets, place);
    if (queue !== undefined) queue.packets++;
  }

  /** @param polls whether empty polls were recorded */
  observe(seconds: number, polls: boolean): QueueObservation[] {
    const directions = new Set([...this.#bursts.values()].map(({ direction }) => direction));
    const ofPackets = [...this.#packets.values()].filter(({ direction }) => !directions.has(direction));
    return [...this.#bursts.values(), ...ofPackets]
      .sort((a, b) => order(a) - order(b))
      .map(({ portId, queueId, direction, bySize, tids, packets, asked }) => ({
        ...{ portId, queueId, direction, countedSeconds: seconds, tids: [...tids], bySize, packets },
        countsEmptyPolls: polls && direction === 'in' && bySize.length > 0,
        askedBurst: direction === 'in' && asked > 0 ? asked : undefined,
      }));
  }
}

function queueIn(
  queues: Map<string, Queue>,
  { portId, queueId, direction }: Pick<RecordedBurst, 'portId' | 'queueId' | 'direction'>,
): Queue | undefined {
  const key = `${direction} ${portId} ${queueId}`;
  const known = queues.get(key);
  if (known !== undefined || queues.size >= MOST_QUEUES) return known;
  const made: Queue = { portId, queueId, direction, bySize: [], tids: new Set(), packets: 0, asked: 0 };
  queues.set(key, made);
  return made;
}

function order({ portId, queueId, direction }: Queue): number {
  return (direction === 'in' ? 0 : 2 ** 40) + portId * 65_536 + queueId;
}
