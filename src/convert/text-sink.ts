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
  #placeWidth = 0;
  #nameWidth = 0;

  constructor(text: TextStream, style: TimeStyle) {
    this.#text = text;
    this.#time = new TimeColumn(style);
  }

  put(item: Item): Promise<void> | undefined {
    const { timeNs, place, name } = item;
    const time = this.#time.format(Number(timeNs / NS_PER_SECOND), Number(timeNs % NS_PER_SECOND));
    this.#placeWidth = wider(this.#placeWidth, place.name);
    this.#nameWidth = wider(this.#nameWidth, name);
    const head = `${time} ${place.name.padEnd(this.#placeWidth)} ${name.padEnd(this.#nameWidth)}`;
    return this.#text.put(`${`${head} ${contentOf(item)}`.trimEnd()}\n`);
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
