/** Tables: numbers to the right, a dash for what is not known. */
import { type Content, html, type Markup } from './markup.ts';
import { formatCount } from './quantity.ts';

export interface TableColumn {
  readonly title: string;
  /** Right-aligned, with figures of one width. */
  readonly isNumber?: boolean;
}

/** A number is written with its thousands apart; undefined is not known. */
export type Cell = Markup | string | number | undefined;

export interface TableOptions {
  /** Its name. */
  readonly caption: string;
  /** The first one names the row. */
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

export function table({ caption, columns, rows }: TableOptions): Markup {
  const head = columns.map(({ title, isNumber }) => html`<th scope="col"${classOf(isNumber)}>${title}</th>`);
  const body = rows.map((cells) => {
    const written = columns.map(({ isNumber }, at) => {
      const value = formatCell(cells[at]);
      if (at === 0) return html`<th scope="row">${value}</th>`;
      return html`<td${classOf(isNumber)}>${value}</td>`;
    });
    return html`<tr>${written}</tr>\n`;
  });
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>\n<thead><tr>${head}</tr></thead>\n<tbody>${body}</tbody></table></div>\n`;
}

function classOf(isNumber: boolean | undefined): Markup | undefined {
  return isNumber === true ? html` class="number"` : undefined;
}

function formatCell(cell: Cell): Content {
  if (typeof cell === 'number' && Number.isFinite(cell)) return formatCount(cell);
  if (cell === undefined || typeof cell === 'number')
    return html`<span class="muted" title="not known">–</span>`;
  return cell;
}
