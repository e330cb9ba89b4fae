/** A stream of a trace as a source of items: each event gets its place, and losses are told to the session. */
import type { EventCursor, EventDescription, PacketDescription, StructureValue } from '../ctf/index.ts';
import type { EventItem } from './item.ts';
import type { ItemSource, Step } from './item-source.ts';
import { integer, type Place, type Places, type Process, text } from './place.ts';
import type { Session } from './session.ts';

/** 1973: before it nobody recorded packets; it is a clock that counts from something else. */
const EARLIEST_NS = 100_000_000_000_000_000n;
const FOREVER_NS = 1n << 64n;

/** What the contexts of an event's class are good for. */
interface ContextUse {
  readonly isThere: boolean;
  /** LTTng's buffers of a processor hold events of many threads; each says whose it is, where the session asked for that. */
  readonly tellsPlace: boolean;
}

type Writable = { -readonly [Name in keyof EventItem]: EventItem[Name] };

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

export class TraceSource implements ItemSource {
  readonly name: string;
  readonly sizeBytes: number;

  readonly #options: TraceSourceOptions;
  readonly #cursor: EventCursor;
  readonly #item: Writable;
  #packet: PacketDescription | undefined;
  #ofPacket: Place;
  #discarded = 0n;
  #sequenceNumber: number | undefined;
  readonly #contexts = new Map<EventDescription, ContextUse>();
  #firstNs: bigint | undefined;
  #isOver = false;

  constructor(options: TraceSourceOptions) {
    const { cursor, trace, session, process, places, sizeBytes } = options;
    this.#options = options;
    this.#cursor = cursor;
    this.name = cursor.name;
    this.sizeBytes = sizeBytes;
    this.#ofPacket = places.ofProcess(process);
    this.#item = {
      kind: 'event',
      name: '',
      session,
      place: this.#ofPacket,
      timeNs: 0n,
      trace,
      cursor,
      fields: () => this.#fields(),
    };
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
    item.name = cursor.event.name;
    item.timeNs = cursor.timeNs + this.#options.offsetNs;
    this.#firstNs ??= item.timeNs;
    item.place = this.#contextUse(cursor.event).tellsPlace ? this.#placeOfEvent() : this.#ofPacket;
    return 'item';
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

  #contextUse(event: EventDescription): ContextUse {
    const known = this.#contexts.get(event);
    if (known !== undefined) return known;
    const names = Object.keys(this.#cursor.context());
    const use = { isThere: names.length > 0, tellsPlace: names.includes('vtid') || names.includes('tid') };
    this.#contexts.set(event, use);
    return use;
  }

  #fields(): StructureValue {
    const cursor = this.#cursor;
    const payload = cursor.payload();
    return this.#contextUse(cursor.event).isThere ? { ...cursor.context(), ...payload } : payload;
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
