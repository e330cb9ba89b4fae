/**
 * Records as events come: what a ring holds goes into its stream as one packet, straight from the mapping, when it is much or has
 * waited for long. At the end a packet without events says what was lost behind the last one.
 */
import type { TraceFeed } from '../target/index.ts';
import type { RecordLane } from './record-lane.ts';
import type { RecordWalker } from './record-walk.ts';
import { adoptRings, type Recorder, sumOfLost } from './recorder.ts';
import type { TraceFolder } from './trace-folder.ts';

/** As much is worth a packet of its own. */
const PACKET_BYTES = 1 << 20;
/** Nothing waits for longer: what a host that dies leaves behind is no older. */
const PACKET_MS = 200;
/** So is this part of a ring, which makes haste. */
const BUSY_PART = 8;

const NO_EVENTS = new Uint8Array(0);

interface Stream {
  readonly lane: RecordLane;
  packets: number;
  endNs: bigint;
  /** As the last packet says. */
  discarded: bigint;
  writtenMs: number;
}

export interface StreamRecorderOptions {
  readonly feed: TraceFeed;
  /** The application's. */
  readonly pid: number;
  readonly folder: TraceFolder;
  /** Ends the recording behind so many events, exactly. */
  readonly limit: { readonly events: number; readonly walker: RecordWalker } | undefined;
}

export class StreamRecorder implements Recorder {
  readonly #options: StreamRecorderOptions;
  readonly #streams: Stream[] = [];
  /** Events that may still come, where somebody counts. */
  #room: number;

  constructor(options: StreamRecorderOptions) {
    this.#options = options;
    this.#room = options.limit?.events ?? Number.POSITIVE_INFINITY;
  }

  get bytes(): number {
    return this.#options.folder.bytes;
  }

  get isFull(): boolean {
    return this.#room <= 0;
  }

  get lostEvents(): bigint {
    return sumOfLost(this.#streams);
  }

  look(): boolean {
    return this.#takeAll(performance.now() - PACKET_MS);
  }

  finish(): void {
    this.#takeAll(Number.POSITIVE_INFINITY);
    for (const stream of this.#streams) {
      const lost = stream.lane.lostEvents;
      // Behind the last event that was wanted nothing is missing.
      if (this.isFull || lost === stream.discarded) continue;
      this.#append(stream, NO_EVENTS, { beginNs: stream.endNs, endNs: stream.endNs, lost });
    }
  }

  close(): void {
    this.#options.folder.close();
  }

  /** @param dueMs streams that were written before this have waited long enough */
  #takeAll(dueMs: number): boolean {
    const { feed, pid } = this.#options;
    adoptRings(this.#streams, feed, pid, (lane) => ({
      ...{ lane, packets: 0, endNs: 0n, discarded: 0n, writtenMs: performance.now() },
    }));
    let isBusy = false;
    for (const stream of this.#streams) {
      if (this.isFull) return false;
      const { ring } = stream.lane;
      ring.refresh();
      const bytes = ring.pendingBytes;
      const enough = Math.min(PACKET_BYTES, ring.dataBytes / BUSY_PART);
      isBusy ||= bytes >= enough;
      if (bytes > 0 && (bytes >= enough || stream.writtenMs <= dueMs)) this.#take(stream, bytes);
      else if (bytes === 0) stream.writtenMs = Math.max(stream.writtenMs, dueMs);
    }
    return isBusy;
  }

  #take(stream: Stream, bytes: number): void {
    const { limit } = this.#options;
    const { ring, lostEvents: lost } = stream.lane;
    const { firstNs, lastNs } = ring;
    const records = ring.borrow(bytes);
    const walked = limit?.walker.walk(records, this.#room);
    if (walked !== undefined && walked.bytes < bytes) {
      // The last packet of all; what is left in the ring ends with it.
      this.#append(stream, records.subarray(0, walked.bytes), {
        beginNs: firstNs,
        endNs: walked.lastNs,
        lost,
      });
    } else {
      // Readers take losses from the difference of two packets: the first one has to have one before it.
      if (stream.packets === 0 && lost > 0n)
        this.#append(stream, NO_EVENTS, { beginNs: firstNs, endNs: firstNs, lost: 0n });
      this.#append(stream, records, { beginNs: firstNs, endNs: lastNs, lost });
      ring.release(bytes);
    }
    this.#room -= walked?.events ?? 0;
  }

  #append(
    stream: Stream,
    records: Uint8Array,
    { beginNs, endNs, lost }: { beginNs: bigint; endNs: bigint; lost: bigint },
  ): void {
    const head = { ...stream.lane.context(), beginNs, endNs, eventBytes: records.length };
    this.#options.folder.append({ ...head, sequenceNumber: stream.packets, eventsDiscarded: lost }, records);
    stream.packets++;
    stream.endNs = endNs;
    stream.discarded = lost;
    stream.writtenMs = performance.now();
  }
}
