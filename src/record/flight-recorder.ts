/**
 * The flight recorder: rings are the memory. What is oldest is given up only when a ring is nearly full, and a snapshot writes what
 * all of them hold, changing nothing. Packets have the numbers that they would have if all had been written, so that
 * readers see how many were given up.
 */
import type { PacketHead } from '../ctf/index.ts';
import type { TraceFeed } from '../target/index.ts';
import type { RecordLane } from './record-lane.ts';
import { recordTimeNs } from './record-walk.ts';
import { adoptRings, type Recorder, sumOfLost } from './recorder.ts';
import type { TraceFolder } from './trace-folder.ts';

/** A ring is given up in pieces of about this part of it: a packet each. */
const PIECE_PART = 64;
/** So much of a ring stays free for what comes between two looks. */
const FREE_PART = 4;
/** The part of a ring that makes haste. */
const BUSY_PART = 32;

/** What came between two looks, or several. */
interface Piece extends PacketHead {
  eventBytes: number;
  endNs: bigint;
  eventsDiscarded: bigint;
}

interface Memory {
  readonly lane: RecordLane;
  /** Oldest first; together they are what is pending. */
  readonly pieces: Piece[];
  bytes: number;
  /** From 1 on: a snapshot may need one before its first packet. */
  nextNumber: number;
  /** Events that were lost before the oldest piece. */
  lostBefore: bigint;
}

const NO_EVENTS = new Uint8Array(0);

export interface FlightRecorderOptions {
  readonly feed: TraceFeed;
  readonly pid: number;
  /** Makes the folder of the next snapshot. */
  readonly openFolder: () => TraceFolder;
}

export class FlightRecorder implements Recorder {
  bytes = 0;
  readonly isFull = false;
  readonly #options: FlightRecorderOptions;
  readonly #memories: Memory[] = [];

  constructor(options: FlightRecorderOptions) {
    this.#options = options;
  }

  get lostEvents(): bigint {
    return sumOfLost(this.#memories);
  }

  look(): boolean {
    const { feed, pid } = this.#options;
    adoptRings(this.#memories, feed, pid, (lane) => ({
      lane,
      pieces: [],
      bytes: 0,
      nextNumber: 1,
      lostBefore: 0n,
    }));
    let isBusy = false;
    for (const memory of this.#memories) {
      const { ring } = memory.lane;
      ring.refresh();
      const fresh = ring.pendingBytes - memory.bytes;
      if (fresh > 0) this.#take(memory, fresh);
      isBusy ||= fresh > ring.dataBytes / BUSY_PART;
      while (memory.bytes > ring.dataBytes - ring.dataBytes / FREE_PART) giveUpOldest(memory);
    }
    return isBusy;
  }

  /** What is left is there for one more snapshot. */
  finish(): void {
    this.look();
  }

  /** Nothing is open between two snapshots. */
  close(): void {}

  /** Writes everything that the rings hold. @returns where; undefined when they hold nothing. @throws SysError */
  snapshot(): string | undefined {
    if (this.#memories.every(({ pieces }) => pieces.length === 0)) return undefined;
    const folder = this.#options.openFolder();
    try {
      for (const memory of this.#memories) if (memory.bytes > 0) write(memory, folder);
    } finally {
      this.bytes += folder.bytes;
      folder.close();
    }
    return folder.path;
  }

  #take(memory: Memory, fresh: number): void {
    const { lane, pieces } = memory;
    const { ring } = lane;
    const last = pieces.at(-1);
    const { lastNs: endNs } = ring;
    const eventsDiscarded = lane.lostEvents;
    const context = lane.context();
    if (
      last !== undefined &&
      last.eventBytes + fresh <= ring.dataBytes / PIECE_PART &&
      last.tid === context.tid
    ) {
      last.eventBytes += fresh;
      Object.assign(last, { endNs, eventsDiscarded });
    } else {
      pieces.push({
        ...context,
        beginNs: recordTimeNs(ring.borrow(memory.bytes + fresh), memory.bytes),
        endNs,
        eventBytes: fresh,
        sequenceNumber: memory.nextNumber++,
        eventsDiscarded,
      });
    }
    memory.bytes += fresh;
  }
}

function giveUpOldest(memory: Memory): void {
  const { eventBytes, eventsDiscarded } = memory.pieces.shift()!;
  memory.lane.ring.release(eventBytes);
  memory.bytes -= eventBytes;
  memory.lostBefore = eventsDiscarded;
}

/** What was lost counts from the snapshot's first event on. */
function write({ lane, pieces, bytes, lostBefore }: Memory, folder: TraceFolder): void {
  const records = lane.ring.borrow(bytes);
  const [first] = pieces;
  // Readers take losses from the difference of two packets: the first one has to have one before it.
  if (first !== undefined && first.eventsDiscarded > lostBefore) {
    const sequenceNumber = first.sequenceNumber - 1;
    const head = { ...first, endNs: first.beginNs, eventBytes: 0, eventsDiscarded: 0n, sequenceNumber };
    folder.append(head, NO_EVENTS);
  }
  let at = 0;
  for (const piece of pieces) {
    const eventsDiscarded = piece.eventsDiscarded - lostBefore;
    folder.append({ ...piece, eventsDiscarded }, records.subarray(at, at + piece.eventBytes));
    at += piece.eventBytes;
  }
}
