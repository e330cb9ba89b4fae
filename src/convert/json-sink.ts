/**
 * An object a line: what every item has, then its fields below `fields`. With columns only these, where the item has them; items
 * that have none are left out.
 */
import type { TextStream } from '../read/index.ts';
import { type Columns, ITEM_COLUMNS, itemFields } from './columns.ts';
import { formatSeconds } from './format-time.ts';
import { formatJson, formatKey } from './format-value.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';

export class JsonSink implements ItemSink {
  readonly #text: TextStream;
  readonly #columns: Columns | undefined;
  /** What is the same for an item like the one before. */
  #constant = '';
  #session: Item['session'] | undefined;
  #place: Item['place'] | undefined;
  #name: string | undefined;

  /**
   * Takes over `text`.
   * @param columns undefined for everything
   */
  constructor(text: TextStream, columns: Columns | undefined) {
    this.#text = text;
    this.#columns = columns;
  }

  get notes(): readonly string[] {
    return this.#columns?.notes ?? [];
  }

  put(item: Item): Promise<void> | undefined {
    const line = this.#columns === undefined ? this.#formatWhole(item) : formatChosen(item, this.#columns);
    return line === '' ? undefined : this.#text.put(`{${line}}\n`);
  }

  #formatWhole(item: Item): string {
    const { session, place, name, timeNs } = item;
    if (session !== this.#session || place !== this.#place || name !== this.#name) {
      [this.#session, this.#place, this.#name] = [session, place, name];
      this.#constant = formatConstant(item);
    }
    return `"time":"${formatSeconds(timeNs)}",${this.#constant}"fields":${formatJson(itemFields(item))}`;
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }
}

function formatConstant(item: Item): string {
  let text = '';
  for (const name in ITEM_COLUMNS) {
    const value = name === 'time' ? undefined : ITEM_COLUMNS[name]!(item);
    if (value !== undefined) text += `${formatKey(name)}${formatJson(value)},`;
  }
  return text;
}

function formatChosen(item: Item, columns: Columns): string {
  const values = columns.read(item);
  const members = columns.names.flatMap((name, index) =>
    values[index] === undefined ? [] : `${JSON.stringify(name)}:${formatJson(values[index])}`,
  );
  return members.join(',');
}
