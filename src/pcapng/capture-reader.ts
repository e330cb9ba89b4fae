/**
 * Capture files, read as their bytes come: pcap or pcapng, told apart by the first four bytes. Memory is bounded
 * by the longest block, whatever the file's length. Where the bytes come from, and decompression, are not here.
 */
import { FormatError } from '../base/index.ts';
import { BLOCKS } from './block-table.ts';
import { ByteQueue } from './byte-queue.ts';
import { PcapDecoder, pcapLittleEndian } from './pcap-decoder.ts';
import { PcapngDecoder } from './pcapng-decoder.ts';
import type { CaptureRecord } from './records.ts';

/** Longer blocks and packets are taken for damage: 256 MiB. */
const MAXIMUM_LENGTH = 0x1000_0000;

/**
 * ```
 * for (const chunk of chunks) {
 *   reader.push(chunk);
 *   for (let record = reader.read(); record !== undefined; record = reader.read()) ...
 * }
 * reader.end();
 * ```
 */
export interface CaptureReader {
  /** Borrows `bytes`: they must not change until `read` has returned undefined. */
  push(bytes: Uint8Array): void;
  /**
   * The next record, or undefined when it is not all there yet.
   * @throws FormatError at the first damage, after every record before it has been given; again on each later call
   */
  read(): CaptureRecord | undefined;
  /**
   * The bytes of the record that `read` gave last, as they stand in the file: a pcapng block from its type to its second
   * length, or the header and the bytes of a pcap record. Borrowed: valid until the next `read` or `push`.
   */
  borrowBytes(): Uint8Array;
  /**
   * Goes on at another place of the file, between two records, because the caller has dealt with those before it; what was
   * pushed and not read is forgotten.
   */
  skipTo(offset: number): void;
  /**
   * To be called when `read` has returned undefined and no more bytes will come.
   * @throws FormatError when they stop inside a block, or are no capture at all
   */
  end(): void;
}

export function createCaptureReader(): CaptureReader {
  return new DetectingReader();
}

class DetectingReader implements CaptureReader {
  readonly #queue = new ByteQueue();
  #decoder: PcapDecoder | PcapngDecoder | undefined;
  #failure: FormatError | undefined;
  /** Of the last record, in bytes. */
  #length = 0;

  push(bytes: Uint8Array): void {
    this.#queue.push(bytes);
  }

  read(): CaptureRecord | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#decoder ??= this.#detect();
      const { offset } = this.#queue;
      const record = this.#decoder?.read(this.#queue);
      this.#length = this.#queue.offset - offset;
      return record;
    } catch (error) {
      if (error instanceof FormatError) this.#failure = error;
      throw error;
    }
  }

  skipTo(offset: number): void {
    this.#queue.restart(offset);
  }

  borrowBytes(): Uint8Array {
    const { bytes, at } = this.#queue;
    return bytes.subarray(at - this.#length, at);
  }

  end(): void {
    if (this.#failure !== undefined) throw this.#failure;
    const { length, offset } = this.#queue;
    if (this.#decoder === undefined) {
      throw new FormatError(`not a capture file: got ${length} bytes, expected at least a file header`, 0);
    }
    if (length === 0) return;
    const end = offset + length;
    throw new FormatError(
      `capture file cut short: it ends at byte ${end}, inside the block that starts at byte ${offset}`,
      offset,
    );
  }

  #detect(): PcapDecoder | PcapngDecoder | undefined {
    const queue = this.#queue;
    if (!queue.ensure(4)) return undefined;
    const magic = queue.view.getUint32(queue.at, false);
    if (magic === BLOCKS.SHB.type) return new PcapngDecoder(MAXIMUM_LENGTH);
    const littleEndian = pcapLittleEndian(queue.view, queue.at);
    if (littleEndian !== undefined) return new PcapDecoder(littleEndian, MAXIMUM_LENGTH);
    const got = `0x${magic.toString(16).padStart(8, '0')}`;
    throw new FormatError(`not a capture file: it starts with ${got}, expected pcap or pcapng`, 0);
  }
}
