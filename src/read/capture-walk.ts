/**
 * One capture file, filtered where it is read into: WebAssembly walks over its packets, and only what is not a packet, or
 * what the walk leaves over, is looked at here. Nothing is done in JavaScript for a packet that does not pass.
 */
import { setImmediate } from 'node:timers/promises';
import type { FormatError } from '../base/index.ts';
import {
  CaptureWalker,
  type CbpfProgram,
  type Collect,
  match,
  type RecordFormat,
  type WalkStop,
} from '../bpf/classic.ts';
import {
  type CaptureInterface,
  type CaptureReader,
  type CaptureRecord,
  createCaptureReader,
  type PacketRecord,
} from '../pcapng/index.ts';
import type { ByteSource } from './byte-source.ts';
import { damageOf } from './damage.ts';
import { FILE_MAGIC_BYTES, fileForm } from './file-form.ts';

/** Read at once, by another thread: waking it and being woken costs as much as some hundred KiB. */
const DATA_BYTES = 4 << 20;
const LIST_LENGTH = 64 << 10;
/** What a pcap file's packets are believed to have at least, whatever its snaplen; see the pcap decoder. */
const PCAP_LONGEST_PACKET = 262_144;

export interface CaptureWalkOptions {
  /** What the packets of a link type must pass; undefined for all of them. */
  readonly compile: (linkType: number) => CbpfProgram | undefined;
  /** Packets that pass, after which it ends. */
  readonly mostMatches?: number | undefined;
}

/** Bytes that are read while those before them are walked over. */
interface Ahead {
  readonly room: Uint8Array;
  readonly count: number | Promise<number>;
}

export class CaptureWalk {
  readonly source: ByteSource;
  /** Set when the file has ended before its time. */
  damage: FormatError | undefined;

  readonly #options: CaptureWalkOptions;
  /** Looks at what is not walked over. */
  readonly #reader: CaptureReader = createCaptureReader();
  readonly #filters = new Map<number, number | 'all'>();
  readonly #head = new Uint8Array(FILE_MAGIC_BYTES);
  #walker: CaptureWalker | undefined;
  /** Of the file, up to where the walker's bytes end. */
  #readBytes = 0;
  /** What comes first is the file's header. */
  #stop: WalkStop = 'other';
  /** The reader has the beginning of something that is longer than what was there. */
  #isPartial = false;
  #format: RecordFormat | undefined;
  #collect: Collect = 'nothing';
  #isOver = false;
  #ahead: Ahead | undefined;

  /** Takes over `source`. */
  constructor(source: ByteSource, options: CaptureWalkOptions) {
    this.source = source;
    this.#options = options;
  }

  /**
   * Looks at how the file begins; before anything else.
   * @returns undefined when it is no capture file: then `damage` says so
   * @throws SysError
   */
  async open(): Promise<RecordFormat | undefined> {
    for (;;) {
      const count = await this.source.read(this.#head.subarray(this.#readBytes));
      this.#readBytes += count;
      if (count === 0 || this.#readBytes === FILE_MAGIC_BYTES) break;
    }
    const head = this.#head.subarray(0, this.#readBytes);
    this.#format = fileForm(head);
    try {
      if (this.#format === undefined) this.#leaveToReader(head);
    } catch (error) {
      this.#end(error);
    }
    return this.#format;
  }

  /** Says what becomes of packets that pass; after `open`. */
  start(collect: Collect): void {
    if (this.#format === undefined) return;
    this.#collect = collect;
    this.#walker = new CaptureWalker(this.#format, {
      collect,
      times: false,
      dataBytes: DATA_BYTES,
      listLength: LIST_LENGTH,
    });
    this.#walker.borrowRoom().set(this.#head);
    this.#walker.filled(this.#head.length);
  }

  /** Packets looked at, and those that passed. */
  get seen(): number {
    return this.#walker?.totals.seen ?? 0;
  }

  get matched(): number {
    return this.#walker?.totals.matched ?? 0;
  }

  /** What was collected is in here. There is one from the first record on. */
  get walker(): CaptureWalker {
    return this.#walker!;
  }

  /**
   * Goes on: 'matches' when packets that pass were collected; a record for anything else, and for a packet that was not
   * walked over and is yet to be judged; undefined when `fill` must be called. What was given before is invalid then.
   */
  next(): 'matches' | CaptureRecord | undefined {
    const walker = this.#walker;
    if (this.#isOver || walker === undefined) return undefined;
    try {
      if (this.#stop === 'other') return this.#readOther(walker);
      const before = this.matched;
      const { mostMatches = Number.POSITIVE_INFINITY } = this.#options;
      this.#stop = walker.walk({ matched: mostMatches - before });
      if (this.matched > before && this.#collect !== 'nothing') return 'matches';
      if (this.#stop === 'other') return this.#readOther(walker);
    } catch (error) {
      this.#end(error);
    }
    return undefined;
  }

  /**
   * A packet of the list, after 'matches'. It is borrowed until `next`.
   * @param index below `walker.listed`
   */
  readMatch(index: number): PacketRecord {
    const { bytes, view } = this.walker;
    const row = this.walker.matchAt(index);
    const start = view.getUint32(row + match.record, true);
    const length = view.getUint32(row + match.recordLength, true);
    this.#reader.skipTo(this.#readBytes - (this.walker.end - start));
    this.#reader.push(bytes.subarray(start, start + length));
    const record = this.#reader.read();
    if (record?.type !== 'packet') throw new Error('a match is no packet');
    return record;
  }

  /** The record that `next` gave, as it is in the file. */
  borrowRecord(): Uint8Array {
    return this.#reader.borrowBytes();
  }

  /**
   * Reads on, after `next` has given undefined; lets the process answer signals.
   * @returns false when nothing more will come
   * @throws SysError
   */
  async fill(): Promise<boolean> {
    if (this.#stop === 'limit') this.#isOver = true;
    if (this.#isOver) return false;
    try {
      await this.#readOn(this.walker);
    } catch (error) {
      this.#end(error);
    }
    return !this.#isOver;
  }

  /** Nothing more is read: what is open is closed, and a `fill` that waits ends. */
  close(): void {
    this.#isOver = true;
    this.source.close();
  }

  async #readOn(walker: CaptureWalker): Promise<void> {
    const { room, count: coming } = this.#ahead ?? this.#readAhead(walker);
    this.#ahead = undefined;
    this.source.help?.();
    const count = await coming;
    // What was there at once has let nobody else do anything.
    if (typeof coming === 'number') await setImmediate();
    if (count === 0) return this.#finish(walker);
    this.#readBytes += count;
    walker.filled(count);
    if (this.#isPartial) this.#reader.push(room.subarray(0, count));
    if (!this.#isOver) this.#ahead = this.#readAhead(walker);
  }

  /** What goes wrong is told when it is its turn. */
  #readAhead(walker: CaptureWalker): Ahead {
    const room = walker.borrowRoom();
    try {
      const count = this.source.read(room);
      if (typeof count !== 'number') count.catch(() => {});
      return { room, count };
    } catch (error) {
      const count = Promise.reject(error);
      count.catch(() => {});
      return { room, count };
    }
  }

  /** Something that is not walked over: where it ends the walk goes on. */
  #readOther(walker: CaptureWalker): CaptureRecord | undefined {
    if (!this.#isPartial) {
      this.#reader.skipTo(this.#offsetOf(walker));
      this.#reader.push(walker.bytes.subarray(walker.position, walker.end));
    }
    const record = this.#reader.read();
    this.#isPartial = record === undefined;
    if (record === undefined) {
      // All of it is with the reader now.
      walker.skip(walker.end - walker.position);
      return undefined;
    }
    walker.skip(record.offset + this.#reader.borrowBytes().length - this.#offsetOf(walker));
    this.#stop = 'more';
    if (record.type === 'section') walker.startSection(record.littleEndian);
    if (record.type === 'interface') this.#addInterface(walker, record.interface);
    return record;
  }

  #addInterface(walker: CaptureWalker, { linkType, snaplen }: CaptureInterface): void {
    let filter = this.#filters.get(linkType);
    if (filter === undefined) {
      const program = this.#options.compile(linkType);
      filter = program === undefined ? 'all' : walker.addFilter(program);
      this.#filters.set(linkType, filter);
    }
    walker.addInterface({
      filter,
      snaplen: this.#format?.kind === 'pcap' ? Math.max(snaplen, PCAP_LONGEST_PACKET) : snaplen,
    });
  }

  /** Where in the file the walker stands. */
  #offsetOf(walker: CaptureWalker): number {
    return this.#readBytes - (walker.end - walker.position);
  }

  /** The file is at its end; whatever is left is not whole. */
  #finish(walker: CaptureWalker): void {
    if (this.#isOver) return;
    const rest = walker.bytes.subarray(walker.position, walker.end);
    if (!this.#isPartial) {
      this.#reader.skipTo(this.#offsetOf(walker));
      this.#reader.push(rest);
      this.#reader.read();
    }
    this.#reader.end();
    this.#isOver = true;
  }

  /** It says what is wrong with a file that is none. */
  #leaveToReader(head: Uint8Array): void {
    this.#reader.push(head);
    this.#reader.read();
    this.#reader.end();
  }

  #end(error: unknown): void {
    this.#isOver = true;
    this.damage = damageOf(this.source, error);
  }
}
