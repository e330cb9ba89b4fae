/** Which packets of a capture are wanted, apart from what is in them: their numbers, their times, how many. */
import type { PacketRecord } from '../pcapng/index.ts';
import { type PacketRange, PacketRangeCursor } from './packet-ranges.ts';

export interface Selection {
  /** Numbers count the packets read, from 1; in order. */
  readonly ranges?: readonly PacketRange[] | undefined;
  /** Since 1970: this time or later, and earlier than `beforeNs`. A packet without a time is in no time range. */
  readonly fromNs?: bigint | undefined;
  readonly beforeNs?: bigint | undefined;
  /** Packets that pass everything, after which nothing more is read. */
  readonly packets?: number | undefined;
}

/** Applies a selection to packets that come in order. */
export class PacketSelector {
  readonly #ranges: PacketRangeCursor | undefined;
  readonly #fromNs: bigint | undefined;
  readonly #beforeNs: bigint | undefined;

  constructor({ ranges, fromNs, beforeNs }: Selection) {
    this.#ranges = ranges && new PacketRangeCursor(ranges);
    this.#fromNs = fromNs;
    this.#beforeNs = beforeNs;
  }

  /** Neither this packet nor any after it is wanted. */
  isPast(number: number): boolean {
    return this.#ranges?.isPast(number) ?? false;
  }

  wants({ timestampNs }: PacketRecord, number: number): boolean {
    if (this.#ranges !== undefined && !this.#ranges.includes(number)) return false;
    if (this.#fromNs !== undefined && (timestampNs === undefined || timestampNs < this.#fromNs)) return false;
    return this.#beforeNs === undefined || (timestampNs !== undefined && timestampNs < this.#beforeNs);
  }
}
