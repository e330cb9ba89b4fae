/**
 * A reading that looks at no packet by itself: a file is walked over, and what passes goes into another file, or is only
 * counted, many packets at a time.
 */
import type { Collect } from '../bpf/classic.ts';
import { isOfOutput, ReaderGoneError } from '../output/index.ts';
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';
import type { CaptureWalk } from './capture-walk.ts';
import type { PacketMatcher } from './packet-matcher.ts';
import type { RecordOrigin, RecordSink } from './record-sink.ts';

export interface BulkReading {
  /** Open; closed at the end. */
  readonly walk: CaptureWalk;
  readonly collect: Collect;
  /** The walk's filter once more, for packets that are too long to be walked over. */
  readonly matcher: PacketMatcher | undefined;
  readonly openSink: () => Promise<RecordSink>;
}

/** What stands before the first packet is kept until the output is open: so many records of it. */
const MOST_EARLY_RECORDS = 1000;

export class BulkSession {
  readonly #reading: BulkReading;
  readonly #early: { readonly record: Exclude<CaptureRecord, PacketRecord>; readonly bytes: Uint8Array }[] =
    [];
  readonly #origin: RecordOrigin;
  #sink: RecordSink | undefined;
  /** Packets that were not walked over, and of these the ones that passed. */
  #seenAlone = 0;
  #passedAlone = 0;
  #isStopped = false;

  constructor(reading: BulkReading) {
    this.#reading = reading;
    this.#origin = { inputIndex: 0, borrowRecord: () => reading.walk.borrowRecord() };
  }

  get seen(): number {
    return this.#reading.walk.seen + this.#seenAlone;
  }

  get passed(): number {
    return this.#reading.walk.matched + this.#passedAlone;
  }

  /** See ReadSession. */
  stop(): void {
    this.#isStopped = true;
    this.#reading.walk.close();
  }

  /** See ReadSession. */
  async run(): Promise<void> {
    const { walk, collect } = this.#reading;
    walk.start(collect);
    try {
      await this.#run();
    } catch (error) {
      if (!(error instanceof ReaderGoneError)) throw error;
    } finally {
      walk.close();
    }
  }

  async #run(): Promise<void> {
    const { walk } = this.#reading;
    let failure: unknown;
    try {
      await this.#pump();
      if (this.#sink === undefined && this.#early.length === 0 && walk.damage !== undefined)
        throw walk.damage;
      await this.#openSink();
    } catch (error) {
      // Before there is an output there is nothing to complete.
      if (this.#sink === undefined || isOfOutput(error)) throw error;
      failure = error;
    }
    await this.#sink!.finish();
    if (failure ?? walk.damage) throw failure ?? walk.damage;
  }

  async #pump(): Promise<void> {
    const { walk } = this.#reading;
    while (!this.#isStopped) {
      const next = walk.next();
      if (next === undefined) {
        if (walk.source.sizeBytes === undefined) await this.#sink?.flush();
        if (!(await walk.fill())) return;
      } else if (next === 'matches') {
        const sink = this.#sink ?? (await this.#openSink());
        if (sink.putMatches === undefined) await this.#putEach(sink);
        else await sink.putMatches(walk.walker);
      } else {
        await this.#putRecord(next);
      }
    }
  }

  /** For sinks that take one packet after another. */
  async #putEach(sink: RecordSink): Promise<void> {
    const { walk } = this.#reading;
    for (let index = 0; index < walk.walker.listed; index++) {
      await sink.putPacket(walk.readMatch(index), index, this.#origin);
    }
  }

  async #putRecord(record: CaptureRecord): Promise<void> {
    const { walk, matcher } = this.#reading;
    if (record.type === 'packet') {
      this.#seenAlone++;
      // Few files have any: the walk has compiled the filter already, for itself.
      matcher?.prepare(record.interface);
      if (matcher?.matches(record) === false) return;
      this.#passedAlone++;
      const sink = this.#sink ?? (await this.#openSink());
      await sink.putPacket(record, this.seen, this.#origin);
      return;
    }
    if (this.#sink !== undefined) await this.#sink.putOther?.(record, this.#origin);
    else this.#early.push({ record, bytes: walk.borrowRecord().slice() });
    if (this.#early.length === MOST_EARLY_RECORDS) await this.#openSink();
  }

  async #openSink(): Promise<RecordSink> {
    if (this.#sink !== undefined) return this.#sink;
    const sink = await this.#reading.openSink();
    this.#sink = sink;
    for (const { record, bytes } of this.#early) {
      await sink.putOther?.(record, { inputIndex: 0, borrowRecord: () => bytes });
    }
    this.#early.length = 0;
    return sink;
  }
}
