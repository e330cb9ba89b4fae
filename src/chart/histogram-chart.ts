/** Columns beside each other: how many there were of each size. */
import { drawable, linearAxis, logAxis } from './axis.ts';
import {
  CHART_WIDTH,
  type ChartText,
  chartFrame,
  emptyChart,
  fitText,
  gridRow,
  place,
  textWidth,
} from './chart-frame.ts';
import { html, type Markup } from './markup.ts';
import { formatQuantity, type Unit } from './quantity.ts';

export interface Column {
  readonly label: string;
  readonly count: number;
}

export interface HistogramChartOptions extends ChartText {
  /** What the columns stand for: `packets a burst`. */
  readonly along: string;
  readonly columns: readonly Column[];
  /** Counts of very different sizes: each line is ten times the one below. */
  readonly isLogarithmic?: boolean;
}

const LEFT = 56;
const TOP = 8;
const HEIGHT = 150;
/** Narrower ones are joined. */
const MOST_COLUMNS = 48;

export function histogramChart({ along, columns, isLogarithmic, ...text }: HistogramChartOptions): Markup {
  if (!columns.some(({ count }) => (drawable(count) ?? 0) > 0)) return emptyChart(text);
  const shown = joinColumns(columns);
  const counts = shown.map(({ count }) => count);
  const axis = isLogarithmic === true ? logAxis(counts) : linearAxis(counts.map(atLeastZero), 5);
  const yOf = (value: number) => place(TOP + HEIGHT * (1 - axis.place(value)));
  const pitch = (CHART_WIDTH - LEFT - 8) / shown.length;
  const everyNth = Math.ceil((Math.max(...shown.map(({ label }) => textWidth(label))) + 8) / pitch);
  const bottom = TOP + HEIGHT;
  return chartFrame(text, bottom + 40, [
    axis.ticks.map((tick) => gridRow(yOf(tick), LEFT, CHART_WIDTH - 8, formatQuantity(tick))),
    html`<g class="bar plain">${shown.map(({ label, count }, at) => {
      const y = Math.min(yOf(atLeastZero(count)), count > 0 ? bottom - 1 : bottom);
      const said = html`<title>${label}: ${formatQuantity(count)}</title>`;
      return html`<rect x="${place(LEFT + (at + 0.08) * pitch)}" y="${place(y)}" width="${place(Math.max(0.5, pitch * 0.84))}" height="${place(bottom - y)}">${said}</rect>`;
    })}</g>`,
    shown.map(({ label }, at) => {
      if (at % everyNth !== 0) return undefined;
      return html`<text class="tick" text-anchor="middle" x="${place(LEFT + (at + 0.5) * pitch)}" y="${bottom + 16}">${fitText(label, pitch * everyNth)}</text>`;
    }),
    html`<text class="muted" text-anchor="middle" x="${place((LEFT + CHART_WIDTH) / 2)}" y="${bottom + 34}">${along}</text>`,
  ]);
}

/** Columns of sizes 0, 1, 2 and so on; the last one of its size and larger ones. Without empty ones behind. */
export function linearColumns(counts: readonly number[]): Column[] {
  const last = counts.findLastIndex((count) => count > 0);
  return counts.slice(0, last + 1).map((count, at) => {
    return { label: at === counts.length - 1 ? `${at}+` : `${at}`, count };
  });
}

/** Index n counts 2^n to 2^(n+1) - 1 of `unit`: a column each, without empty ones before and behind. */
export function log2Columns(counts: readonly number[], unit: Unit): Column[] {
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (first < 0) return [];
  return counts.slice(first, last + 1).map((count, at) => {
    return { label: formatQuantity(2 ** (first + at), unit), count };
  });
}

function atLeastZero(count: number): number {
  return Math.max(0, drawable(count) ?? 0);
}

/** Neighbours as one, when there are too many to be seen. */
function joinColumns(columns: readonly Column[]): readonly Column[] {
  const apart = Math.ceil(columns.length / MOST_COLUMNS);
  if (apart === 1) return columns;
  return Array.from({ length: Math.ceil(columns.length / apart) }, (_, at) => {
    const group = columns.slice(at * apart, (at + 1) * apart);
    return { label: group[0]!.label, count: group.reduce((sum, { count }) => sum + atLeastZero(count), 0) };
  });
}
