/**
 * An object a line: what every item has, then its fields below `fields`. With columns only these, where the item has them; items
 * that have none are left out.
 */
import type { TextStream } from '../read/index.ts';
import { type Columns, ITEM_COLUMNS, itemFields } from './columns.ts';
import { formatJson } from './format-value.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';

export class JsonSink implements ItemSink {
  readonly #text: TextStream;
  readonly #columns: Columns | undefined;

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
    const line = this.#columns === undefined ? formatWhole(item) : formatChosen(item, this.#columns);
    return line === '' ? undefined : this.#text.put(`{${line}}\n`);
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }
}

function formatWhole(item: Item): string {
  let line = '';
  for (const name in ITEM_COLUMNS) {
    const value = ITEM_COLUMNS[name]!(item);
    if (value !== undefined) line += `"${name}":${formatJson(value)},`;
  }
  return `${line}"fields":${formatJson(itemFields(item))}`;
}

function formatChosen(item: Item, columns: Columns): string {
  const values = columns.read(item);
  const members = columns.names.flatMap((name, index) =>
    values[index] === undefined ? [] : `${JSON.stringify(name)}:${formatJson(values[index])}`,
  );
  return members.join(',');
}
