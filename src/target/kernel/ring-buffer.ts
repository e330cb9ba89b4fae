/**
 * The reader's side of a BPF ring buffer (BPF_MAP_TYPE_RINGBUF, Linux 5.8): any program on any processor writes, one
 * reader takes in the order of reservation. The kernel's Documentation/bpf/ringbuf.rst has the layout:
 *
 * ```
 *   page 0            consumer position, u64, ours to write
 *   page 1            producer position, u64
 *   page 2 ...        data, mapped twice, back to back
 *   record            u32 length | busy << 31 | discarded << 30, u32 for the kernel, then the bytes, padded to 8
 * ```
 * What a full ring could not take is not seen here: programs count it in a map.
 */
import { type AddressRange, mapRing } from './map-ring.ts';

const BUSY = 0x8000_0000;
const DISCARDED = 0x4000_0000;
const HEAD_BYTES = 8;

export class RingBuffer {
  readonly #range: AddressRange;
  readonly #consumer: BigUint64Array;
  readonly #producer: BigUint64Array;
  readonly #words: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: bigint;

  /** @param fd the map, which stays open and the caller's; @param dataBytes its max_entries */
  constructor(fd: number, dataBytes: number) {
    this.#range = mapRing(fd, dataBytes);
    const { buffer, pageBytes } = this.#range;
    this.#consumer = new BigUint64Array(buffer, 0, 1);
    this.#producer = new BigUint64Array(buffer, pageBytes, 1);
    this.#words = new Int32Array(buffer, 2 * pageBytes, (2 * dataBytes) / 4);
    this.#data = new Uint8Array(buffer, 2 * pageBytes, 2 * dataBytes);
    this.#mask = BigInt(dataBytes - 1);
  }

  /**
   * Gives each finished record to `take`, oldest first, as a view that is valid during the call; stops at one that is
   * still being written, after `most` records, or when `take` throws (that record counts as taken).
   * @returns how many were given
   */
  poll(take: (record: Uint8Array) => void, most: number = Number.POSITIVE_INFINITY): number {
    let position = Atomics.load(this.#consumer, 0);
    const end = Atomics.load(this.#producer, 0);
    let taken = 0;
    while (position < end && taken < most) {
      const at = Number(position & this.#mask);
      const head = Atomics.load(this.#words, at / 4) >>> 0;
      if ((head & BUSY) !== 0) break;
      const lengthBytes = (head & ~(BUSY | DISCARDED)) >>> 0;
      position += BigInt(HEAD_BYTES + Math.ceil(lengthBytes / 8) * 8);
      try {
        if ((head & DISCARDED) === 0) {
          taken++;
          take(this.#data.subarray(at + HEAD_BYTES, at + HEAD_BYTES + lengthBytes));
        }
      } finally {
        Atomics.store(this.#consumer, 0, position);
      }
    }
    return taken;
  }

  /** Unmaps. */
  close(): void {
    this.#range.close();
  }
}
