/** A stream of a trace as a source of items: each event gets its place, and losses are told to the session. */
import {
  type EventCursor,
  type EventDescription,
  type EventStretch,
  Halves,
  type PacketDescription,
  type StructureValue,
} from '../ctf/index.ts';
import type { EventItem } from './item.ts';
import type { ItemSource, Step } from './item-source.ts';
import { integer, type Place, type Places, type Process, text } from './place.ts';
import type { Session } from './session.ts';

/** 1973: before it nobody recorded packets; it is a clock that counts from something else. */
const EARLIEST_NS = 100_000_000_000_000_000n;
const FOREVER_NS = 1n << 64n;

export interface TraceSourceOptions {
  readonly cursor: EventCursor;
  /** The folder of the trace. */
  readonly trace: string;
  readonly session: Session;
  readonly process: Process;
  readonly places: Places;
  readonly offsetNs: bigint;
  /** Of the stream's file. */
  readonly sizeBytes: number;
  readonly close: () => void;
}

/** One class for all sources: what merges them looks at the items of all in turn. */
class SourceItem implements EventItem {
  readonly kind = 'event';
  readonly session: Session;
  readonly trace: string;
  readonly cursor: EventCursor;
  readonly time: Halves;
  name = '';
  place: Place;

  constructor({ session, trace, cursor }: TraceSourceOptions, time: Halves, place: Place) {
    this.session = session;
    this.trace = trace;
    this.cursor = cursor;
    this.time = time;
    this.place = place;
  }

  get timeNs(): bigint {
    return this.time.signed;
  }

  fields(): StructureValue {
    const payload = this.cursor.payload();
    const hasContext = this.cursor.event.contextNames.length > 0;
    return hasContext ? { ...this.cursor.context(), ...payload } : payload;
  }
}

export class TraceSource implements ItemSource {
  readonly name: string;
  readonly sizeBytes: number;

  readonly #options: TraceSourceOptions;
  readonly #cursor: EventCursor;
  readonly #item: SourceItem;
  #packet: PacketDescription | undefined;
  #ofPacket: Place;
  #discarded = 0n;
  #sequenceNumber: number | undefined;
  readonly #offset = new Halves();
  #event: EventDescription | undefined;
  /** LTTng's buffers of a processor hold events of many threads; each says whose it is, where the session asked for that. */
  #tellsPlace = false;
  #firstNs: bigint | undefined;
  #isOver = false;

  constructor(options: TraceSourceOptions) {
    const { cursor, process, places, offsetNs, sizeBytes } = options;
    this.#options = options;
    this.#cursor = cursor;
    this.name = cursor.name;
    this.sizeBytes = sizeBytes;
    this.#ofPacket = places.ofProcess(process);
    this.#offset.assign(offsetNs);
    // Without an offset the cursor's own is as good.
    const time = offsetNs === 0n ? cursor.time : new Halves();
    this.#item = new SourceItem(options, time, this.#ofPacket);
  }

  get damage(): string | undefined {
    return this.#cursor.damage;
  }

  get notes(): readonly string[] {
    const notes: string[] = [];
    if (this.#firstNs !== undefined && this.#firstNs < EARLIEST_NS) {
      const { name } = this.#options.session;
      notes.push(`${name}: its clock does not count from 1970; --offset '${name}=NS' moves it`);
    }
    if (this.#discarded > 0n)
      notes.push(`${this.name}: ${this.#discarded} events were lost when it was recorded`);
    return notes;
  }

  /** Events that were lost when it was recorded, as far as it was read. */
  get discarded(): bigint {
    return this.#discarded;
  }

  get takenBytes(): number {
    return this.#isOver ? this.sizeBytes : (this.#packet?.offsetBytes ?? 0);
  }

  get item(): EventItem {
    return this.#item;
  }

  next(): Step {
    const cursor = this.#cursor;
    if (this.#isOver || !cursor.next()) {
      if (!this.#isOver) this.#end();
      return 'end';
    }
    if (cursor.packet !== this.#packet) this.#enter(cursor.packet);
    const item = this.#item;
    if (item.time !== cursor.time) item.time.setSum(cursor.time, this.#offset);
    if (this.#firstNs === undefined) this.#firstNs = item.timeNs;
    if (cursor.event !== this.#event) this.#meet(cursor.event);
    item.place = this.#tellsPlace ? this.#placeOfEvent() : this.#ofPacket;
    return 'item';
  }

  ahead(): EventStretch | undefined {
    const stretch = this.#cursor.ahead?.();
    return stretch && { ...stretch, timeOffset: stretch.timeOffset + this.#options.offsetNs };
  }

  skip(lengthBytes: number): void {
    this.#cursor.skip!(lengthBytes);
  }

  async fill(): Promise<void> {}

  close(): void {
    this.#options.close();
  }

  #end(): void {
    this.#isOver = true;
    const { session } = this.#options;
    const discarded = this.#cursor.packet?.eventsDiscarded ?? this.#discarded;
    // What is missing at the end has no end.
    if (this.damage !== undefined || discarded !== this.#discarded) session.lossUntilNs = FOREVER_NS;
    this.#discarded = discarded;
  }

  #enter(packet: PacketDescription): void {
    const { session, process, places, offsetNs } = this.#options;
    this.#packet = packet;
    this.#ofPacket = places.ofContext(process, packet.context);
    const discarded = packet.eventsDiscarded ?? this.#discarded;
    const { sequenceNumber } = packet;
    const hasHole =
      sequenceNumber !== undefined &&
      this.#sequenceNumber !== undefined &&
      sequenceNumber !== this.#sequenceNumber + 1;
    // Lost somewhere between the packet before and the end of this one.
    if (discarded !== this.#discarded || hasHole) {
      const untilNs = (packet.endNs ?? this.#cursor.timeNs) + offsetNs;
      if (untilNs > session.lossUntilNs) session.lossUntilNs = untilNs;
    }
    this.#discarded = discarded;
    this.#sequenceNumber = sequenceNumber;
  }

  #meet(event: EventDescription): void {
    this.#event = event;
    this.#item.name = event.name;
    this.#tellsPlace = event.contextNames.includes('vtid') || event.contextNames.includes('tid');
  }

  #placeOfEvent(): Place {
    const { process, places } = this.#options;
    const context = this.#cursor.context();
    const pid = integer(context.vpid) ?? integer(context.pid);
    const name = text(context.procname) ?? process.name;
    const owner = pid === undefined || pid === process.pid ? process : places.process(pid, name);
    return places.ofContext(owner, context);
  }
}
