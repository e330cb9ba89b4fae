/**
 * What a capture is made of: protocols, sizes, rates, who sends most. Its memory does not grow with the capture.
 */
import {
  dissect,
  type Field,
  fieldsByName,
  formatFieldValue,
  type Packet,
  readField,
} from '../../packet/index.ts';
import type { PacketRecord } from '../../pcapng/index.ts';
import { HeavyHitters } from './heavy-hitters.ts';
import { TimeHistogram } from './time-histogram.ts';

/** Counters for talkers: whoever sends more than 1/1024 of all bytes is among them. */
const TALKERS = 1024;
/** Ways through the protocols that are counted on their own. */
const MOST_PATHS = 512;
const OTHER_PATHS = 'other';
/** Sizes below 64, 128 ... 65536, and beyond. */
const SIZE_LIMITS = [64, 128, 256, 512, 1024, 1519, 4096, 16_384, 65_536, Number.POSITIVE_INFINITY] as const;

/** A packet's sender: the outermost that has an address which goes further than the next link. */
const SENDERS = ['ip.src', 'ipv6.src', 'arp.src.proto_ipv4', 'eth.src'].map(
  (name) => fieldsByName(name) ?? [],
);

export interface Sum {
  packets: number;
  /** On the wire. */
  bytes: number;
}

export class CaptureStats {
  readonly total: Sum = { packets: 0, bytes: 0 };
  capturedBytes = 0;
  /** Packets of which not all was captured. */
  cutPackets = 0;
  earliestNs: bigint | undefined;
  latestNs: bigint | undefined;
  /** By the names of the layers, like `eth:ip:tcp`. */
  readonly protocols: Map<string, Sum> = new Map();
  /** By the upper end of the size, which is not in it. */
  readonly sizes: ReadonlyMap<number, Sum> = new Map(
    SIZE_LIMITS.map((limit) => [limit, { packets: 0, bytes: 0 }] as const),
  );
  readonly rate: TimeHistogram = new TimeHistogram();
  readonly talkers: HeavyHitters = new HeavyHitters(TALKERS);

  add({ data, originalLength, linkType, timestampNs }: PacketRecord): void {
    const packet = dissect(data, originalLength, linkType);
    addTo(this.total, originalLength);
    this.capturedBytes += data.length;
    if (data.length < originalLength) this.cutPackets++;
    if (timestampNs !== undefined) this.#addTime(timestampNs, originalLength);
    this.#addProtocols(packet);
    addTo(this.sizes.get(SIZE_LIMITS.find((limit) => originalLength < limit)!)!, originalLength);
    const sender = findSender(packet);
    if (sender !== undefined) this.talkers.add(sender, originalLength);
  }

  #addTime(timestampNs: bigint, bytes: number): void {
    this.rate.add(timestampNs, bytes);
    if (this.earliestNs === undefined || timestampNs < this.earliestNs) this.earliestNs = timestampNs;
    if (this.latestNs === undefined || timestampNs > this.latestNs) this.latestNs = timestampNs;
  }

  /** Counts the packet for its whole way through the protocols and each beginning of it. */
  #addProtocols({ layers, originalLength }: Packet): void {
    let path = '';
    for (const { protocol } of layers) {
      path = path === '' ? protocol : `${path}:${protocol}`;
      const known = this.protocols.has(path) || this.protocols.size < MOST_PATHS;
      addTo(this.#sumOf(known ? path : OTHER_PATHS), originalLength);
      if (!known) return;
    }
    if (path === '') addTo(this.#sumOf('unknown link type'), originalLength);
  }

  #sumOf(path: string): Sum {
    let sum = this.protocols.get(path);
    if (sum === undefined) {
      sum = { packets: 0, bytes: 0 };
      this.protocols.set(path, sum);
    }
    return sum;
  }
}

function addTo(sum: Sum, bytes: number): void {
  sum.packets++;
  sum.bytes += bytes;
}

function findSender(packet: Packet): string | undefined {
  for (const rows of SENDERS) {
    const value = readField(rows, packet)[0];
    if (value !== undefined) return formatFieldValue(rows[0] as Field, value);
  }
  return undefined;
}
