/**
 * The host's side of one ring of CTF event records (abi.h: Recordings): takes in what the writer published, hands out views,
 * gives the room back. The writer may be anybody and may change everything at any time: a look is one load of one word, of
 * which only the checked copy is used. Records themselves are not looked at but for two times, which are numbers and no
 * more than that.
 */
import { ABI, STRUCTS } from './abi.ts';
import { protocolError } from './message-body.ts';
import type { RingEvent } from './protocol.ts';
import type { RecordRing } from './target.ts';

const HEADER = STRUCTS.hone_ring.fields;
const HEAD_WORD = HEADER.head.offset / 8;
const TAIL_WORD = HEADER.tail.offset / 8;
const LENGTH_SHIFT = BigInt(ABI.HONE_RECORD_LENGTH_SHIFT);
/** Positions in the published word go round here. */
const POSITIONS = 2 ** ABI.HONE_RECORD_LENGTH_SHIFT;
/** A u16 event id, then the time. */
const TIME_AT = 2;
const HEAD_BYTES = 10;

export class RecordRingReader implements RecordRing {
  readonly ringId: number;
  readonly dataBytes: number;
  readonly #name: string;
  #words64: BigUint64Array;
  #data: Uint8Array;
  #view: DataView;
  /** Positions since the start: given back, published. */
  #tail = 0;
  #head = 0;
  /** Bytes of the last published record. */
  #lastBytes = 0;

  /**
   * @param buffer the ring's memory, the data area twice; it stays the caller's, who calls detach() before
   * unmapping it
   * @param name what errors call the ring
   * @throws PeerError PEER_PROTOCOL when the header is not what was announced
   */
  constructor(buffer: ArrayBuffer, event: Pick<RingEvent, 'ring' | 'data_bytes'>, name: string) {
    this.ringId = event.ring;
    this.dataBytes = event.data_bytes;
    this.#name = name;
    this.#words64 = new BigUint64Array(buffer, 0, STRUCTS.hone_ring.size / 8);
    this.#data = new Uint8Array(buffer, ABI.HONE_RECORD_RING_DATA, 2 * event.data_bytes);
    this.#view = new DataView(buffer, ABI.HONE_RECORD_RING_DATA, 2 * event.data_bytes);
    const header = new DataView(buffer, 0, STRUCTS.hone_ring.size);
    const expected = {
      magic: ABI.HONE_MAGIC,
      abi_version: ABI.HONE_ABI_VERSION,
      ring: event.ring,
      data_bytes: event.data_bytes,
      index_entries: 0,
    };
    for (const field of ['magic', 'abi_version', 'ring', 'data_bytes', 'index_entries'] as const) {
      const got = header.getUint32(HEADER[field].offset, true);
      if (got !== expected[field]) throw this.#broken(`${field} is ${got}, expected ${expected[field]}`);
    }
  }

  get pendingBytes(): number {
    return this.#head - this.#tail;
  }

  refresh(): void {
    const word = Atomics.load(this.#words64, HEAD_WORD);
    const position = Number(BigInt.asUintN(ABI.HONE_RECORD_LENGTH_SHIFT, word));
    const lastBytes = Number(word >> LENGTH_SHIFT);
    const before = this.#head % POSITIONS;
    const more = position >= before ? position - before : position - before + POSITIONS;
    if (more === 0) return;
    const room = this.dataBytes - this.pendingBytes;
    if (more > room) {
      throw this.#broken(`head is ${position}, expected ${before} to ${before + room}`);
    }
    if (lastBytes < HEAD_BYTES || lastBytes > more) {
      throw this.#broken(`the last record has ${lastBytes} bytes, expected ${HEAD_BYTES} to ${more}`);
    }
    this.#head += more;
    this.#lastBytes = lastBytes;
  }

  get firstNs(): bigint {
    return this.#timeAt(this.#tail);
  }

  get lastNs(): bigint {
    return this.#timeAt(this.#head - this.#lastBytes);
  }

  borrow(bytes: number): Uint8Array {
    if (bytes > this.pendingBytes)
      throw new RangeError(`got ${bytes}, only ${this.pendingBytes} bytes are pending`);
    const start = this.#tail % this.dataBytes;
    return this.#data.subarray(start, start + bytes);
  }

  release(bytes: number): void {
    if (bytes > this.pendingBytes)
      throw new RangeError(`got ${bytes}, only ${this.pendingBytes} bytes are pending`);
    this.#tail += bytes;
    Atomics.store(this.#words64, TAIL_WORD, BigInt(this.#tail));
  }

  /** Forgets the memory, which may be unmapped after this. Nothing is pending any more. */
  detach(): void {
    this.#words64 = new BigUint64Array(STRUCTS.hone_ring.size / 8);
    this.#data = new Uint8Array(0);
    this.#view = new DataView(new ArrayBuffer(0));
    this.#tail = 0;
    this.#head = 0;
  }

  #timeAt(position: number): bigint {
    if (this.pendingBytes === 0) return 0n;
    return this.#view.getBigUint64((position % this.dataBytes) + TIME_AT, true);
  }

  #broken(message: string): Error {
    return protocolError(`${this.#name}: ${message}`);
  }
}
