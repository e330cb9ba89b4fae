/**
 * Walks over the records of a capture file that is read into a WebAssembly memory piece by piece, and finds the packets
 * that a filter accepts. One call looks at as many packets as are there; nothing is done in JavaScript for a packet.
 *
 * ```
 *   read into borrowRoom(), filled(n) ─► walk() ─► 'more': read on          ─► matches in the list, or
 *            ▲                             │     'other': look at `position`,   records in takeRecords()
 *            └─────────────────────────────┘              then skip(n)
 * ```
 * There are two rooms in turn: while one is walked over, the other can be filled, by another thread too. What was not
 * walked over at the end of one is copied before the bytes of the other.
 *
 * A file cannot make it read outside of the bytes that were filled in, nor walk without end: each record that it goes
 * over is at least 16 bytes, and is all there.
 */
import { createMemory, instantiate, PAGE_BYTES, type WasmMemory } from '../../wasm/index.ts';
import type { CbpfProgram } from '../cbpf/isa.ts';
import { validateCbpf } from '../cbpf/validate.ts';
import { BLOCK_EXTRA_BYTES, READ_BEYOND_BYTES } from './block-code.ts';
import {
  INTERFACE_BYTES,
  INTERFACES,
  interfaceRow,
  MATCH_BYTES,
  MATCHES,
  MAX_INTERFACES,
  NO_TIME,
  RESULTS,
  results,
  stops,
  type WalkStop,
} from './layout.ts';
import type { RecordFormat } from './record-format.ts';
import { type Collect, encodeWalk, type WalkExports } from './walk-code.ts';

export interface CaptureWalkerOptions {
  readonly collect: Collect;
  /** Whether interfaces' time ranges are heeded and the times of matches kept; costs a little. */
  readonly times: boolean;
  /** Bytes of the file that a room holds; the longest record that can be walked over. */
  readonly dataBytes: number;
  /** Matches that fit a list. */
  readonly listLength: number;
}

/** What is known of an interface; its number is its place among the interfaces of the section. */
export interface WalkedInterface {
  /** What its packets must pass: a number that `addFilter` gave, or all or none of them. */
  readonly filter: number | 'all' | 'none';
  /** pcapng: of the interface, 0 for no limit. pcap: longer packets are taken for damage. */
  readonly snaplen: number;
  /** In the interface's own units; both inclusive. */
  readonly lowestTime?: bigint;
  readonly highestTime?: bigint;
}

export interface WalkLimits {
  /** Stop when so many packets were looked at in this call, or matched. */
  readonly seen?: number;
  readonly matched?: number;
}

/** Sums over all walks. */
export interface WalkTotals {
  seen: number;
  matched: number;
  /** Of matched packets. */
  capturedBytes: number;
  originalBytes: number;
}

const NO_LIMIT = 0xffff_ffff;

export class CaptureWalker {
  /** The whole memory. Addresses, as in the list of matches, are places in it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly totals: WalkTotals = { seen: 0, matched: 0, capturedBytes: 0, originalBytes: 0 };
  /** Matches in the list since the last `walk`. */
  listed = 0;

  readonly #options: CaptureWalkerOptions;
  readonly #memory: WasmMemory;
  readonly #data: number;
  /** Which of the two rooms is walked over. */
  #room: 0 | 1 = 0;
  readonly #filters: CbpfProgram[] = [];
  /** The compiled walk for each byte order that came up. */
  readonly #walks = new Map<boolean, WalkExports['walk']>();
  #format: RecordFormat;
  #interfaces = 0;
  #position: number;
  #end: number;
  #collected: number;

  constructor(format: RecordFormat, options: CaptureWalkerOptions) {
    this.#format = format;
    this.#options = options;
    this.#data = MATCHES + bytesForMatches(options);
    const bytes = this.#data + 4 * options.dataBytes + READ_BEYOND_BYTES;
    this.#memory = createMemory(Math.ceil(bytes / PAGE_BYTES));
    this.bytes = new Uint8Array(this.#memory.buffer);
    this.view = new DataView(this.#memory.buffer);
    this.#position = this.#startOf(0);
    this.#end = this.#position;
    this.#collected = this.#gathering();
  }

  /** The address of the first byte that was not walked over; up to `end` there are bytes of the file. */
  get position(): number {
    return this.#position;
  }

  get end(): number {
    return this.#end;
  }

  /** Another filter; the number by which interfaces name it. Throws FormatError for what is no program. */
  addFilter(program: CbpfProgram): number {
    validateCbpf(program);
    this.#walks.clear();
    return this.#filters.push(program) - 1;
  }

  /** What follows is another section of a pcapng file, without interfaces yet. */
  startSection(littleEndian: boolean): void {
    this.#format = { ...this.#format, littleEndian };
    this.#interfaces = 0;
  }

  /** The next interface of the section. One beyond 1024 is not kept: its packets stop the walk as `other`. */
  addInterface(added: WalkedInterface): void {
    if (this.#interfaces === MAX_INTERFACES) return;
    const row = INTERFACES + this.#interfaces * INTERFACE_BYTES;
    this.#interfaces++;
    const filter = added.filter === 'none' ? 0 : added.filter === 'all' ? 1 : added.filter + 2;
    this.view.setUint32(row + interfaceRow.filter, filter, true);
    this.view.setUint32(row + interfaceRow.snaplen, added.snaplen, true);
    this.view.setBigUint64(row + interfaceRow.lowestTime, added.lowestTime ?? 0n, true);
    this.view.setBigUint64(row + interfaceRow.highestTime, added.highestTime ?? NO_TIME, true);
    this.view.setBigUint64(row + interfaceRow.earliestTime, NO_TIME, true);
    this.view.setBigUint64(row + interfaceRow.latestTime, 0n, true);
  }

  /** The times of an interface's matched packets, in its own units; undefined without any. */
  timesOf(interfaceId: number): { readonly earliest: bigint; readonly latest: bigint } | undefined {
    const row = INTERFACES + interfaceId * INTERFACE_BYTES;
    const earliest = this.view.getBigUint64(row + interfaceRow.earliestTime, true);
    const latest = this.view.getBigUint64(row + interfaceRow.latestTime, true);
    return earliest > latest ? undefined : { earliest, latest };
  }

  /**
   * Where to put the next bytes of the file; `filled` says how many came. Until then nothing else touches it, and all
   * that was given stays valid.
   */
  borrowRoom(): Uint8Array<ArrayBuffer> {
    const start = this.#startOf(this.#room === 0 ? 1 : 0);
    return this.bytes.subarray(start, start + this.#options.dataBytes);
  }

  /** Goes on in the room that was borrowed. Ends the life of the list and of taken records. */
  filled(lengthBytes: number): void {
    const left = this.#end - this.#position;
    if (left > this.#options.dataBytes) throw new Error(`${left} bytes were neither walked over nor skipped`);
    this.#room = this.#room === 0 ? 1 : 0;
    const start = this.#startOf(this.#room);
    this.bytes.copyWithin(start - left, this.#position, this.#end);
    this.#position = start - left;
    this.#end = start + lengthBytes;
    this.#collected = this.#gathering();
  }

  /** Looks at packets until something stops it. A list that an earlier walk made is given up. */
  walk(limits: WalkLimits = {}): WalkStop {
    const walk = this.#walks.get(this.#format.littleEndian) ?? this.#compile();
    const isList = this.#options.collect === 'list';
    if (isList) this.#collected = MATCHES;
    const stop = walk(
      this.#position,
      this.#end,
      this.#interfaces,
      this.#options.dataBytes,
      this.#collected,
      this.#data,
      Math.min(limits.seen ?? NO_LIMIT, NO_LIMIT),
      Math.min(limits.matched ?? NO_LIMIT, NO_LIMIT),
    );
    this.#position = this.#u32(results.position);
    this.#collected = this.#u32(results.collected);
    if (isList) this.listed = (this.#collected - MATCHES) / MATCH_BYTES;
    this.totals.seen += this.#u32(results.seen);
    this.totals.matched += this.#u32(results.matched);
    this.totals.capturedBytes += this.#u64(results.capturedBytes);
    this.totals.originalBytes += this.#u64(results.originalBytes);
    return stops[stop >>> 0]!;
  }

  /** The address of a match in the list; its fields are those of `match`. */
  matchAt(index: number): number {
    return MATCHES + index * MATCH_BYTES;
  }

  /** Goes on behind something that `walk` left to its user. */
  skip(lengthBytes: number): void {
    this.#position += lengthBytes;
  }

  /** The records or blocks collected since this was asked last. Borrowed until the next `walk` or `filled`. */
  takeRecords(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.subarray(this.#gathering(), this.#collected);
    this.#collected = this.#gathering();
    return taken;
  }

  /** Where the file's bytes go in a room; before them there is as much for what the other has left. */
  #startOf(room: 0 | 1): number {
    return this.#data + (2 * room + 1) * this.#options.dataBytes;
  }

  /** Where what is collected begins: records move to where their room begins. */
  #gathering(): number {
    if (this.#options.collect !== 'records') return MATCHES;
    return this.#startOf(this.#room) - this.#options.dataBytes;
  }

  #compile(): WalkExports['walk'] {
    const { collect, times } = this.#options;
    const code = { format: this.#format, filters: this.#filters, collect, times };
    const module = encodeWalk(code);
    const { walk } = instantiate<WalkExports>(module, { env: { memory: this.#memory } });
    this.#walks.set(this.#format.littleEndian, walk);
    return walk;
  }

  #u32(offset: number): number {
    return this.view.getUint32(RESULTS + offset, true);
  }

  #u64(offset: number): number {
    return this.#u32(offset) + this.#u32(offset + 4) * 2 ** 32;
  }
}

/** The longest record always finds room for the block that it makes. */
function bytesForMatches({ collect, listLength, dataBytes }: CaptureWalkerOptions): number {
  if (collect === 'list') return listLength * MATCH_BYTES;
  return collect === 'blocks' ? (dataBytes + BLOCK_EXTRA_BYTES + 7) & -8 : 0;
}
