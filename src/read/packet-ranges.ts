/** Packet numbers as editcap -r takes them: `1-100,205,300-`. The first packet is 1. */
import { UsageError } from '../base/index.ts';

export interface PacketRange {
  readonly first: number;
  /** The last one that is in it. */
  readonly last: number;
}

/**
 * The ranges in order, joined where they touch.
 * @throws UsageError
 */
export function parsePacketRanges(text: string): PacketRange[] {
  const ranges = text.split(',').map((part) => parseRange(part.trim(), text));
  ranges.sort((a, b) => a.first - b.first);
  const joined: PacketRange[] = [];
  for (const range of ranges) {
    const before = joined.at(-1);
    if (before === undefined || range.first > before.last + 1) joined.push(range);
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) };
  }
  return joined;
}

function parseRange(part: string, text: string): PacketRange {
  const found = /^(\d*)(-?)(\d*)$/.exec(part);
  const [, from = '', dash = '', to = ''] = found ?? [];
  const first = from === '' ? 1 : Number(from);
  const last = to !== '' ? Number(to) : dash === '' ? first : Number.POSITIVE_INFINITY;
  if (found === null || from + to === '' || first < 1 || last < first) {
    throw new UsageError(
      `--packets ${text}: got "${part}", expected packet numbers like 7, 1-100, 300- or -5`,
    );
  }
  return { first, last };
}

/** Tells of numbers that come in order whether they are in one of the ranges. */
export class PacketRangeCursor {
  readonly #ranges: readonly PacketRange[];
  #at = 0;

  /** @param ranges in order */
  constructor(ranges: readonly PacketRange[]) {
    this.#ranges = ranges;
  }

  /** No later number is in a range. */
  isPast(number: number): boolean {
    return number > (this.#ranges.at(-1)?.last ?? 0);
  }

  includes(number: number): boolean {
    while (this.#at < this.#ranges.length && this.#ranges[this.#at]!.last < number) this.#at++;
    const range = this.#ranges[this.#at];
    return range !== undefined && range.first <= number;
  }
}
