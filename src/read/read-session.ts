/**
 * A reading: records of the inputs, in order, through the selection and the matcher into a sink. Nothing is opened for
 * writing before the first packet could be judged.
 */
import { FormatError } from '../base/index.ts';
import { isOfOutput, ReaderGoneError } from '../output/index.ts';
import type { CaptureRecord, PacketRecord } from '../pcapng/index.ts';
import type { EarlyRecord } from './early-record.ts';
import type { PacketMatcher } from './packet-matcher.ts';
import { RecordFeed } from './record-feed.ts';
import type { RecordInput } from './record-input.ts';
import type { RecordSink } from './record-sink.ts';
import { PacketSelector, type Selection } from './selection.ts';

export interface Reading {
  /** Closed at the end. */
  readonly inputs: readonly RecordInput[];
  readonly order: 'time' | 'append';
  readonly selection: Selection;
  /** Undefined for every packet. */
  readonly matcher: PacketMatcher | undefined;
  /** @param first what the first input begins with: a section or, when it is a pcap file, its interface */
  readonly openSink: (first: EarlyRecord | undefined) => Promise<RecordSink>;
}

type OtherRecord = Exclude<CaptureRecord, PacketRecord>;

/** What stands before the first packet is kept until the output is open: so many records of it. */
const MOST_EARLY_RECORDS = 1000;

export class ReadSession {
  /** Of the packets read, those that passed. */
  passed = 0;

  readonly #reading: Reading;
  readonly #selector: PacketSelector;
  readonly #feed: RecordFeed;
  readonly #early: EarlyRecord[] = [];
  /** Packets that the inputs gave. */
  #given = 0;
  #isStopped = false;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#selector = new PacketSelector(reading.selection);
    this.#feed = new RecordFeed(reading.inputs, reading.order);
  }

  /** Packets read. */
  get seen(): number {
    return this.#reading.inputs.reduce((sum, { passedOver }) => sum + passedOver, this.#given);
  }

  /** Ends the reading soon; what was taken by then is complete. */
  stop(): void {
    this.#isStopped = true;
    for (const input of this.#reading.inputs) input.close();
  }

  /**
   * Resolves when everything is read and written, or nobody reads the output any more.
   * @throws FormatError for damage, after everything before it was written; SysError
   */
  async run(): Promise<void> {
    try {
      await this.#run();
    } catch (error) {
      if (!(error instanceof ReaderGoneError)) throw error;
    } finally {
      for (const input of this.#reading.inputs) input.close();
    }
  }

  async #run(): Promise<void> {
    const first = await this.#readEarly();
    if (first === undefined && this.#early.length === 0) {
      this.#throwDamage();
      if (this.#isStopped) return;
    }
    const sink = await this.#reading.openSink(this.#early[0]);
    let failure: unknown;
    try {
      await this.#pump(sink, first);
    } catch (error) {
      if (isOfOutput(error)) throw error;
      failure = error;
    }
    await sink.finish();
    if (failure !== undefined) throw failure;
    this.#throwDamage();
  }

  /** Everything up to the first packet, which is given. */
  async #readEarly(): Promise<PacketRecord | undefined> {
    while (this.#early.length < MOST_EARLY_RECORDS) {
      const record = this.#feed.read();
      if (record === undefined) {
        if (!(await this.#feed.fill())) return undefined;
      } else if (record.type === 'packet') {
        return record;
      } else {
        this.#prepare(record);
        const { inputIndex } = this.#feed;
        this.#early.push({ record, inputIndex, bytes: this.#feed.borrowRecord().slice() });
      }
    }
    return undefined;
  }

  async #pump(sink: RecordSink, first: PacketRecord | undefined): Promise<void> {
    for (const { record, inputIndex, bytes } of this.#early) {
      const waiting = sink.putOther?.(record, { inputIndex, borrowRecord: () => bytes });
      if (waiting !== undefined) await waiting;
    }
    this.#early.length = 0;
    let record: CaptureRecord | undefined = first;
    while (!this.#isStopped && !this.#isComplete) {
      record ??= this.#feed.read();
      if (record === undefined) {
        await this.#flushWhatWaits(sink);
        if (!(await this.#feed.fill())) return;
        continue;
      }
      const waiting = record.type === 'packet' ? this.#putPacket(sink, record) : this.#putOther(sink, record);
      if (waiting !== undefined) await waiting;
      record = undefined;
    }
  }

  get #isComplete(): boolean {
    const { packets } = this.#reading.selection;
    return (packets !== undefined && this.passed >= packets) || this.#selector.isPast(this.#given + 1);
  }

  #putPacket(sink: RecordSink, packet: PacketRecord): Promise<void> | undefined {
    const number = ++this.#given;
    if (!this.#selector.wants(packet, number)) return undefined;
    if (this.#reading.matcher?.matches(packet) === false) return undefined;
    this.passed++;
    return sink.putPacket(packet, number, this.#feed);
  }

  #putOther(sink: RecordSink, record: OtherRecord): Promise<void> | undefined {
    this.#prepare(record);
    return sink.putOther?.(record, this.#feed);
  }

  #prepare(record: OtherRecord): void {
    if (record.type === 'interface') this.#reading.matcher?.prepare(record.interface);
  }

  /** Of inputs that come slowly people want to see what is there. */
  async #flushWhatWaits(sink: RecordSink): Promise<void> {
    if (this.#reading.inputs.some(({ source }) => source.sizeBytes === undefined)) await sink.flush();
  }

  #throwDamage(): void {
    const damages = this.#reading.inputs.flatMap(({ damage }) => damage ?? []);
    const [first] = damages;
    if (first === undefined) return;
    if (damages.length === 1) throw first;
    throw new FormatError(damages.map(({ message }) => message).join('; '), first.offsetBytes);
  }
}
