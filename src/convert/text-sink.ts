/** A line an item: time, where, what, and its fields; columns get wider as what stands in them does. */
import { formatPacketLine, TimeColumn, type TimeStyle } from '../packet/index.ts';
import type { TextStream } from '../read/index.ts';
import { formatFields } from './format-value.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';

const NS_PER_SECOND = 1_000_000_000n;
/** By the lowest two bits of epb_flags. */
const DIRECTIONS = ['', 'In  ', 'Out ', ''];
/** Longer names move their own line only. */
const WIDEST_COLUMN = 40;

export class TextSink implements ItemSink {
  readonly notes: readonly string[] = [];
  readonly #text: TextStream;
  readonly #time: TimeColumn;
  /** The second that the last time was in: bigints are divided once for it. */
  #secondNs = 0n;
  #seconds = 0;
  #placeWidth = 0;
  #nameWidth = 0;

  constructor(text: TextStream, style: TimeStyle) {
    this.#text = text;
    this.#time = new TimeColumn(style);
  }

  put(item: Item): Promise<void> | undefined {
    const { timeNs, place, name } = item;
    const time = this.#formatTime(timeNs);
    this.#placeWidth = wider(this.#placeWidth, place.name);
    this.#nameWidth = wider(this.#nameWidth, name);
    const head = `${time} ${place.name.padEnd(this.#placeWidth)} ${name.padEnd(this.#nameWidth)}`;
    return this.#text.put(`${`${head} ${contentOf(item)}`.trimEnd()}\n`);
  }

  #formatTime(timeNs: bigint): string {
    let rest = Number(timeNs - this.#secondNs);
    if (rest < 0 || rest >= 1e9) {
      this.#secondNs = timeNs - (((timeNs % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND);
      this.#seconds = Number(this.#secondNs / NS_PER_SECOND);
      rest = Number(timeNs - this.#secondNs);
    }
    return this.#time.format(this.#seconds, rest);
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }
}

function contentOf(item: Item): string {
  if (item.kind === 'event') return formatFields(item.fields());
  const { data, originalLength, linkType, options } = item.packet;
  const direction = DIRECTIONS[(options.epb_flags ?? 0) & 3]!;
  return `${direction}${formatPacketLine(data, originalLength, linkType)}`;
}

function wider(width: number, text: string): number {
  return text.length > width && text.length <= WIDEST_COLUMN ? text.length : width;
}
