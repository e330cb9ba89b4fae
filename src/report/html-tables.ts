/** Tables and charts of a report, bounded: names from outside can be of any length, and there can be any number of them. */
import { type Cell, html, type Markup, type TableOptions, table } from '../chart/index.ts';

const MOST_ROWS = 20;
const MOST_LETTERS = 60;

/** A table of the first rows, and how many there are. */
export function boundedTable(options: TableOptions): Markup {
  const { rows } = options;
  const shown = rows.slice(0, MOST_ROWS).map((cells) => cells.map(clipCell));
  const more = rows.length - MOST_ROWS;
  return html`${table({ ...options, rows: shown })}${more > 0 ? html`<p class="muted">And ${more} more.</p>` : undefined}`;
}

/** A chart with its name above, and its numbers for who wants to read them. */
export function figure(title: string, chart: Markup, numbers?: TableOptions): Markup {
  const table =
    numbers === undefined
      ? undefined
      : html`<details><summary>The numbers</summary>${boundedTable(numbers)}</details>`;
  return html`<figure><figcaption>${clip(title)}</figcaption>${chart}${table}</figure>\n`;
}

export function clip(text: string, most: number = MOST_LETTERS): string {
  const letters = [...text.slice(0, 2 * most)];
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}

function clipCell(cell: Cell): Cell {
  return typeof cell === 'string' ? clip(cell) : cell;
}

/** `12.5 %` of a share of 0 to 1. */
export function percent(share: number | undefined): string | undefined {
  if (share === undefined || !Number.isFinite(share)) return undefined;
  if (share > 0 && share < 0.001) return '< 0.1 %';
  return `${(100 * share).toFixed(1)} %`;
}

/** A part of a whole that may be empty or not known. */
export function shareOf(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || whole === undefined || whole <= 0 ? undefined : part / whole;
}
