/**
 * A CTF 1.8 trace of everything: a stream a place, in the form of hone's recordings (ctf/recording-shape.ts). Packets of captures become
 * events named `packet`, without their bytes. Streams are written as they fill; the metadata whenever a new kind of event is about to be.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { SysError } from '../base/index.ts';
import { type EventCursor, formatRecordingMetadata } from '../ctf/index.ts';
import { reasonOf } from '../output/index.ts';
import { itemFields } from './columns.ts';
import { CtfShapes } from './ctf-shapes.ts';
import { CtfStream } from './ctf-stream.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';
import type { Place } from './place.ts';

/** Gathered events of all streams: then the largest goes out. */
const MOST_GATHERED_BYTES = 64 << 20;
const UUID_BYTES = 16;
/** TRACE_INFO: what a capture holds is wanted. */
const PACKETS = { logLevel: 6 };

export class CtfSink implements ItemSink {
  readonly #folder: string;
  readonly #uuid = new Uint8Array(randomBytes(UUID_BYTES));
  readonly #environment: Readonly<Record<string, string>>;
  readonly #shapes = new CtfShapes();
  readonly #streams = new Map<Place, CtfStream>();
  /** Whose loss is told with whose events. */
  readonly #cursors = new Map<EventCursor, CtfStream>();
  #gatheredBytes = 0;
  #leftOut = 0;

  /**
   * Makes the folder, which must not exist or be empty.
   * @throws SysError; UsageError
   */
  constructor(folder: string, application: string) {
    this.#folder = folder;
    this.#environment = { tracer_name: application };
    attempt(folder, () => fs.mkdirSync(`${folder}/index`, { recursive: true, mode: 0o700 }));
  }

  get notes(): readonly string[] {
    const raised = [...this.#streams.values()].reduce((sum, stream) => sum + stream.raised, 0);
    const notes: string[] = [];
    if (raised > 0) notes.push(`${raised} events were out of order: they have the time of the event before`);
    if (this.#leftOut > 0)
      notes.push(`${this.#leftOut} events left out: of more kinds than a trace can have`);
    return notes;
  }

  put(item: Item): undefined {
    const { place, timeNs, name } = item;
    const kind = item.kind === 'event' ? item.cursor.event : PACKETS;
    const event = this.#shapes.shape(kind, name, kind.logLevel, itemFields(item));
    if (event === undefined) {
      this.#leftOut++;
      return;
    }
    const stream = this.#streamOf(place);
    if (item.kind === 'event' && !this.#cursors.has(item.cursor)) this.#cursors.set(item.cursor, stream);
    const before = stream.gatheredBytes;
    stream.add(event, timeNs);
    this.#gatheredBytes += stream.gatheredBytes - before;
    if (stream.isFull) this.#write(stream);
    else if (this.#gatheredBytes > MOST_GATHERED_BYTES) this.#write(this.#largest());
  }

  /** A folder is looked at when it is whole. */
  async flush(): Promise<void> {}

  async finish(): Promise<void> {
    for (const stream of this.#streams.values()) this.#write(stream);
    this.#writeMetadata();
  }

  #streamOf(place: Place): CtfStream {
    let stream = this.#streams.get(place);
    if (stream === undefined) {
      stream = new CtfStream(this.#folder, this.#streams.size, this.#uuid, place);
      this.#streams.set(place, stream);
    }
    return stream;
  }

  #largest(): CtfStream {
    return [...this.#streams.values()].reduce((a, b) => (b.gatheredBytes > a.gatheredBytes ? b : a));
  }

  #write(stream: CtfStream): void {
    // Readers find no event that is not described.
    this.#writeMetadata();
    this.#gatheredBytes -= stream.gatheredBytes;
    let discarded = 0n;
    for (const [cursor, owner] of this.#cursors) {
      if (owner === stream) discarded += cursor.packet.eventsDiscarded ?? 0n;
    }
    stream.write(discarded);
  }

  #writeMetadata(): void {
    if (!this.#shapes.isChanged) return;
    const shape = { uuid: this.#uuid, events: this.#shapes.shapes, environment: this.#environment };
    const path = `${this.#folder}/metadata`;
    attempt(path, () => fs.writeFileSync(path, formatRecordingMetadata(shape, '1.8'), { mode: 0o600 }));
    this.#shapes.isChanged = false;
  }
}

function attempt<Result>(path: string, call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    const system = error as NodeJS.ErrnoException;
    throw new SysError('write', -(system.errno ?? 0), `cannot write ${path}: ${reasonOf(system)}`);
  }
}
