/**
 * Classic pcap files, read: both byte orders, microseconds and nanoseconds, and the "modified" form of old Linux
 * libpcap patches, whose record headers have 8 more bytes (draft-ietf-opsawg-pcap; version 2.4 only).
 */
import { FormatError } from '../base/index.ts';
import type { ByteQueue } from './byte-queue.ts';
import {
  PCAP_FILE_HEADER_LENGTH,
  PCAP_MAGIC_NS,
  PCAP_MAGIC_US,
  PCAP_RECORD_HEADER_LENGTH,
} from './encode-pcap.ts';
import type { CaptureInterface, CaptureRecord } from './records.ts';

const PCAP_MAGIC_MODIFIED = 0xa1b2cd34;
/** ifindex u32, protocol u16, packet type u8, padding u8. */
const MODIFIED_EXTRA_LENGTH = 8;
const MAGICS: readonly number[] = [PCAP_MAGIC_US, PCAP_MAGIC_NS, PCAP_MAGIC_MODIFIED];
/** What libpcap takes for the longest possible packet when the file's own snaplen is less. */
const LONGEST_PACKET = 262_144;
const NO_OPTIONS = {};

/** The byte order of a pcap file whose first four bytes are at `at`; undefined when it is no pcap file. */
export function pcapLittleEndian(view: DataView, at: number): boolean | undefined {
  if (MAGICS.includes(view.getUint32(at, true))) return true;
  if (MAGICS.includes(view.getUint32(at, false))) return false;
  return undefined;
}

export class PcapDecoder {
  readonly #littleEndian: boolean;
  readonly #maximumLength: number;
  #interface: CaptureInterface | undefined;
  #nsPerFraction = 1000n;
  #headerLength = PCAP_RECORD_HEADER_LENGTH;
  #longestPacket = LONGEST_PACKET;

  /** @param maximumLength packets longer than this are refused whatever the file's snaplen */
  constructor(littleEndian: boolean, maximumLength: number) {
    this.#littleEndian = littleEndian;
    this.#maximumLength = maximumLength;
  }

  read(queue: ByteQueue): CaptureRecord | undefined {
    return this.#interface === undefined ? this.#readHeader(queue) : this.#readPacket(queue, this.#interface);
  }

  #readHeader(queue: ByteQueue): CaptureRecord | undefined {
    if (!queue.ensure(PCAP_FILE_HEADER_LENGTH)) return undefined;
    const { view, at, offset } = queue;
    const littleEndian = this.#littleEndian;
    const magic = view.getUint32(at, littleEndian);
    const version = `${view.getUint16(at + 4, littleEndian)}.${view.getUint16(at + 6, littleEndian)}`;
    if (version !== '2.4') {
      throw new FormatError(`pcap file of an unknown version: got ${version}, expected 2.4`, offset + 4);
    }
    const snaplen = view.getUint32(at + 16, littleEndian);
    if (magic === PCAP_MAGIC_NS) this.#nsPerFraction = 1n;
    if (magic === PCAP_MAGIC_MODIFIED) this.#headerLength += MODIFIED_EXTRA_LENGTH;
    this.#longestPacket = Math.min(Math.max(snaplen, LONGEST_PACKET), this.#maximumLength);
    this.#interface = {
      index: 0,
      id: 0,
      // The upper 16 bits are about a frame check sequence.
      linkType: view.getUint32(at + 20, littleEndian) & 0xffff,
      snaplen,
      tsresol: magic === PCAP_MAGIC_NS ? 9 : 6,
      name: undefined,
      options: NO_OPTIONS,
    };
    queue.skip(PCAP_FILE_HEADER_LENGTH);
    return { type: 'interface', offset, interface: this.#interface };
  }

  #readPacket(queue: ByteQueue, from: CaptureInterface): CaptureRecord | undefined {
    const headerLength = this.#headerLength;
    if (!queue.ensure(headerLength)) return undefined;
    const capturedLength = queue.view.getUint32(queue.at + 8, this.#littleEndian);
    const offset = queue.offset;
    if (capturedLength > this.#longestPacket) {
      const limit = this.#longestPacket;
      throw new FormatError(
        `broken packet at byte ${offset}: got captured length ${capturedLength}, expected at most ${limit}`,
        offset,
      );
    }
    if (!queue.ensure(headerLength + capturedLength)) return undefined;
    const { view, at } = queue;
    const seconds = view.getUint32(at, this.#littleEndian);
    const fraction = view.getUint32(at + 4, this.#littleEndian);
    const start = at + headerLength;
    queue.skip(headerLength + capturedLength);
    return {
      type: 'packet',
      offset,
      interface: from,
      linkType: from.linkType,
      timestampNs: BigInt(seconds) * 1_000_000_000n + BigInt(fraction) * this.#nsPerFraction,
      capturedLength,
      originalLength: view.getUint32(at + 12, this.#littleEndian),
      data: queue.bytes.subarray(start, start + capturedLength),
      options: NO_OPTIONS,
    };
  }
}
