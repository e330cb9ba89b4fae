/**
 * Comma-separated values (RFC 4180): a head, then a row an item. Without chosen columns, those that every item has, and all of its fields
 * in one more, as JSON: which fields there are is known only at the end of a recording.
 */
import { EnumerationValue, type FieldValue } from '../ctf/index.ts';
import type { TextStream } from '../read/index.ts';
import { Columns, ITEM_COLUMNS, itemFields } from './columns.ts';
import { formatHex, formatJson } from './format-value.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';

export class CsvSink implements ItemSink {
  readonly #text: TextStream;
  readonly #columns: Columns;
  readonly #hasAll: boolean;

  /**
   * Takes over `text`.
   * @param columns undefined for everything
   */
  constructor(text: TextStream, columns: Columns | undefined) {
    this.#text = text;
    this.#columns = columns ?? new Columns(Object.keys(ITEM_COLUMNS));
    this.#hasAll = columns === undefined;
    const names = this.#hasAll ? [...this.#columns.names, 'fields'] : this.#columns.names;
    // Short enough never to wait.
    void text.put(formatRow(names));
  }

  get notes(): readonly string[] {
    return this.#hasAll ? [] : this.#columns.notes;
  }

  put(item: Item): Promise<void> | undefined {
    const cells = this.#columns.read(item).map(formatPlain);
    if (this.#hasAll) cells.push(formatJson(itemFields(item)));
    return this.#text.put(formatRow(cells));
  }

  flush(): Promise<void> {
    return this.#text.flush();
  }

  finish(): Promise<void> {
    return this.#text.close();
  }
}

function formatPlain(value: FieldValue): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  if (value instanceof EnumerationValue) return value.labels[0] ?? String(value.value);
  return value instanceof Uint8Array ? formatHex(value) : formatJson(value);
}

function formatRow(cells: readonly string[]): string {
  return `${cells.map(quote).join(',')}\r\n`;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
