/**
 * The host's side of one ring (struct hone_ring in abi.h): takes in what the writer published, hands out views,
 * gives the room back. The writer may be anybody and may change everything at any time: each word is read
 * once, checked, and only the checked copy is used. Packets themselves are not looked at.
 *
 * Costs three 64-bit atomic loads a look and a few plain loads a burst; nothing is allocated for a burst.
 */
import { ABI, STRUCTS } from './abi.ts';
import { protocolError } from './message-body.ts';
import type { RingEvent } from './protocol.ts';
import { ringDataOffset } from './start-message.ts';
import type { Ring } from './target.ts';

const HEADER = STRUCTS.hone_ring.fields;
const ENTRY = STRUCTS.hone_index_entry;
const HEAD_WORD = HEADER.head.offset / 8;
const INDEX_HEAD_WORD = HEADER.index_head.offset / 8;
const TAIL_WORD = HEADER.tail.offset / 8;
const INDEX_TAIL_WORD = HEADER.index_tail.offset / 8;
const ACTIVE_WORD = HEADER.active.offset / 4;
const TID_WORD = HEADER.tid.offset / 4;

/** Bursts that one look takes in; what is beyond waits for the next look. A power of two. */
const MAX_PENDING_BURSTS = 16_384;

export class RingReader implements Ring {
  readonly ringId: number;
  readonly dataBytes: number;
  readonly #name: string;
  readonly #baseHigh: number;
  readonly #baseLow: number;
  #words64: BigUint64Array;
  #words32: Int32Array;
  #index: Uint32Array;
  #data: Uint8Array;
  readonly #indexMask: number;
  readonly #burstMask: number;

  /** Our copies of the pending bursts, as a ring of their own. */
  readonly #times: Float64Array;
  readonly #bytes: Uint32Array;
  readonly #packets: Uint32Array;

  /** Positions since the start: given back, taken in, published. */
  #tail = 0;
  #taken = 0;
  #head = 0;
  #indexTail = 0;
  #indexTaken = 0;
  #indexHead = 0;
  #idle = false;

  /**
   * @param buffer the ring's memory, the data area twice; it stays the caller's, who calls detach() before
   * unmapping it
   * @param name what errors call the ring
   * @throws PeerError PEER_PROTOCOL when the header is not what was announced
   */
  constructor(buffer: ArrayBuffer, event: RingEvent, baseNs: bigint, name: string) {
    this.ringId = event.ring;
    this.dataBytes = event.data_bytes;
    this.#name = name;
    this.#baseHigh = Number(baseNs >> 32n);
    this.#baseLow = Number(baseNs & 0xffffffffn);
    const front = ringDataOffset(event.data_bytes);
    this.#words64 = new BigUint64Array(buffer, 0, STRUCTS.hone_ring.size / 8);
    this.#words32 = new Int32Array(buffer, 0, STRUCTS.hone_ring.size / 4);
    this.#index = new Uint32Array(buffer, ABI.HONE_RING_INDEX, (event.index_entries * ENTRY.size) / 4);
    this.#data = new Uint8Array(buffer, front, 2 * event.data_bytes);
    this.#indexMask = event.index_entries - 1;
    this.#checkHeader(event);
    const bursts = Math.min(event.index_entries, MAX_PENDING_BURSTS);
    this.#burstMask = bursts - 1;
    this.#times = new Float64Array(bursts);
    this.#bytes = new Uint32Array(bursts);
    this.#packets = new Uint32Array(bursts);
  }

  get writerTid(): number {
    return this.#words32[TID_WORD]! >>> 0;
  }

  get idle(): boolean {
    return this.#idle;
  }

  get pendingBytes(): number {
    return this.#taken - this.#tail;
  }

  get pendingBursts(): number {
    return this.#indexTaken - this.#indexTail;
  }

  refresh(): void {
    // The order matters: `active` even means that all before this moment is published, so the head that is read
    // after it has all of that; the index is published before the bytes, so the index that is read after the
    // head has an entry for each of them.
    const active = Atomics.load(this.#words32, ACTIVE_WORD);
    this.#head = this.#position(HEAD_WORD, this.#head, this.#tail, this.dataBytes, 'head');
    this.#indexHead = this.#position(
      INDEX_HEAD_WORD,
      this.#indexHead,
      this.#indexTail,
      this.#indexMask + 1,
      'index_head',
    );
    const room = this.#indexTail + this.#burstMask + 1;
    while (this.#taken < this.#head && this.#indexTaken < room) this.#takeBurst();
    this.#idle = (active & 1) === 0 && this.#taken === this.#head;
  }

  burstTime(n: number): number {
    return this.#times[this.#slot(n)]!;
  }

  burstBytes(n: number): number {
    return this.#bytes[this.#slot(n)]!;
  }

  burstPackets(n: number): number {
    return this.#packets[this.#slot(n)]!;
  }

  borrow(bytes: number): Uint8Array {
    if (bytes > this.pendingBytes)
      throw new RangeError(`got ${bytes}, only ${this.pendingBytes} bytes are pending`);
    const start = this.#tail % this.dataBytes;
    return this.#data.subarray(start, start + bytes);
  }

  release(bursts: number, bytes: number): void {
    let sum = 0;
    for (let n = 0; n < bursts; n++) sum += this.burstBytes(n);
    if (sum !== bytes) throw new RangeError(`got ${bytes} bytes, expected ${sum} for ${bursts} bursts`);
    this.#tail += bytes;
    this.#indexTail += bursts;
    Atomics.store(this.#words64, INDEX_TAIL_WORD, BigInt(this.#indexTail));
    Atomics.store(this.#words64, TAIL_WORD, BigInt(this.#tail));
  }

  /** Forgets the memory, which may be unmapped after this. Nothing is pending any more. */
  detach(): void {
    this.#words64 = new BigUint64Array(STRUCTS.hone_ring.size / 8);
    this.#words32 = new Int32Array(STRUCTS.hone_ring.size / 4);
    this.#index = new Uint32Array(0);
    this.#data = new Uint8Array(0);
    this.#taken = this.#tail;
    this.#head = this.#tail;
    this.#indexTaken = this.#indexTail;
  }

  #slot(n: number): number {
    if (n < 0 || n >= this.pendingBursts) throw new RangeError(`got burst ${n} of ${this.pendingBursts}`);
    return (this.#indexTail + n) & this.#burstMask;
  }

  /** Reads a position that only grows, and never beyond what fits between it and `tail`. */
  #position(word: number, before: number, tail: number, size: number, field: string): number {
    const position = Number(Atomics.load(this.#words64, word));
    if (position >= before && position - tail <= size) return position;
    throw this.#broken(`${field} is ${position}, expected ${before} to ${tail + size}`);
  }

  #takeBurst(): void {
    if (this.#indexTaken === this.#indexHead) {
      throw this.#broken(`${this.#head - this.#taken} bytes have no entry in the index`);
    }
    const at = ((this.#indexTaken & this.#indexMask) * ENTRY.size) / 4;
    const low = this.#index[at]!;
    const high = this.#index[at + 1]!;
    const bytes = this.#index[at + 2]!;
    const packets = this.#index[at + 3]!;
    const most = this.#head - this.#taken;
    if (bytes === 0 || bytes > most || bytes % 4 !== 0) {
      throw this.#broken(`a burst has ${bytes} bytes, expected a multiple of 4, at most ${most}`);
    }
    if (packets === 0 || packets > bytes / ABI.HONE_RING_BYTES_PER_INDEX_ENTRY) {
      throw this.#broken(`a burst of ${bytes} bytes has ${packets} packets`);
    }
    const slot = this.#indexTaken & this.#burstMask;
    this.#times[slot] = (high - this.#baseHigh) * 0x1_0000_0000 + (low - this.#baseLow);
    this.#bytes[slot] = bytes;
    this.#packets[slot] = packets;
    this.#taken += bytes;
    this.#indexTaken++;
  }

  #checkHeader(event: RingEvent): void {
    const expected = {
      magic: ABI.HONE_MAGIC,
      abi_version: ABI.HONE_ABI_VERSION,
      ring: event.ring,
      data_bytes: event.data_bytes,
      index_entries: event.index_entries,
    };
    for (const field of ['magic', 'abi_version', 'ring', 'data_bytes', 'index_entries'] as const) {
      const got = this.#words32[HEADER[field].offset / 4]! >>> 0;
      if (got !== expected[field]) throw this.#broken(`${field} is ${got}, expected ${expected[field]}`);
    }
  }

  #broken(message: string): Error {
    return protocolError(`${this.#name}: ${message}`);
  }
}
