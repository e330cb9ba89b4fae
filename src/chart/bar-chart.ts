/** Horizontal bars: one value for each name, with the spread of what was measured and a mark to compare with. */
import { type Axis, drawable, linearAxis } from './axis.ts';
import {
  CHART_WIDTH,
  type ChartText,
  chartFrame,
  emptyChart,
  fitText,
  place,
  type Reference,
  textWidth,
} from './chart-frame.ts';
import { html, type Markup } from './markup.ts';
import { formatQuantity, type Unit } from './quantity.ts';

export type Tone = 'plain' | 'good' | 'warning' | 'bad';

export interface Bar {
  readonly label: string;
  /** Undefined: not measured; `note` says why. */
  readonly median: number | undefined;
  /** The least and the most that was measured: a whisker. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** Behind the value, or in its place. */
  readonly note?: string | undefined;
  readonly tone?: Tone;
}

export interface BarChartOptions extends ChartText {
  readonly unit: Unit;
  readonly bars: readonly Bar[];
  readonly reference?: Reference | undefined;
}

const ROW = 26;
const TOP = 8;
const BAR_HEIGHT = 14;
const VALUE_WIDTH = 190;
const MOST_LABEL_WIDTH = 240;

interface Plot {
  readonly axis: Axis;
  readonly left: number;
  readonly width: number;
  readonly unit: Unit;
}

export function barChart({ unit, bars, reference, ...text }: BarChartOptions): Markup {
  if (bars.length === 0) return emptyChart(text);
  const left = Math.min(MOST_LABEL_WIDTH, Math.max(...bars.map(({ label }) => textWidth(label))) + 16);
  const values = bars.flatMap(({ median, low, high }) => [median, low, high]);
  const axis = linearAxis([...values, reference?.value], 6);
  const plot = { axis, left, width: CHART_WIDTH - VALUE_WIDTH - left, unit };
  const bottom = TOP + bars.length * ROW;
  return chartFrame(text, bottom + (reference === undefined ? 24 : 42), [
    axis.ticks.map((tick) => formatTick(plot, tick, bottom)),
    bars.map((bar, row) => formatBar(plot, bar, TOP + row * ROW)),
    formatReference(plot, reference, bottom),
  ]);
}

function xOf({ axis, left, width }: Plot, value: number): number {
  return place(left + axis.place(value) * width);
}

function formatTick(plot: Plot, tick: number, bottom: number): Markup {
  const x = xOf(plot, tick);
  return html`<line class="grid" x1="${x}" x2="${x}" y1="${TOP}" y2="${place(bottom)}"/><text class="tick" text-anchor="middle" x="${x}" y="${place(bottom + 16)}">${formatQuantity(tick, plot.unit)}</text>`;
}

function formatBar(plot: Plot, bar: Bar, top: number): Markup {
  const middle = top + ROW / 2;
  const median = drawable(bar.median);
  const label = html`<text text-anchor="end" x="${place(plot.left - 8)}" y="${place(middle + 4)}">${fitText(bar.label, plot.left - 12)}</text>`;
  const high = Math.max(median ?? 0, drawable(bar.high) ?? 0);
  const end = xOf(plot, high) + 8;
  const value = median === undefined ? undefined : formatQuantity(bar.median, plot.unit);
  const words = [value, bar.note].filter((part) => part !== undefined).join(', ') || 'not measured';
  const isKnown = median !== undefined;
  const room = CHART_WIDTH - end;
  const said = html`<text class="${isKnown ? 'value' : 'muted'}" x="${place(end)}" y="${place(middle + 4)}">${fitText(words, room)}</text>`;
  if (!isKnown) return html`${label}${said}`;
  const [from, to] = [xOf(plot, Math.min(0, median)), xOf(plot, Math.max(0, median))];
  const shape = html`<rect class="bar ${bar.tone ?? 'plain'}" x="${from}" y="${place(middle - BAR_HEIGHT / 2)}" width="${place(Math.max(1, to - from))}" height="${BAR_HEIGHT}"/>`;
  return html`${label}${shape}${formatWhisker(plot, bar, middle)}${said}`;
}

function formatWhisker(plot: Plot, { low, high }: Bar, middle: number): Markup | undefined {
  const [least, most] = [drawable(low), drawable(high)];
  if (least === undefined || most === undefined || least === most) return undefined;
  const [from, to] = [xOf(plot, Math.min(least, most)), xOf(plot, Math.max(least, most))];
  const [top, bottom] = [place(middle - 4), place(middle + 4)];
  return html`<path class="whisker" d="M${from} ${top}V${bottom}M${from} ${place(middle)}H${to}M${to} ${top}V${bottom}"/>`;
}

function formatReference(plot: Plot, reference: Reference | undefined, bottom: number): Markup | undefined {
  const value = drawable(reference?.value);
  if (reference === undefined || value === undefined) return undefined;
  const x = xOf(plot, value);
  const words = `${reference.label}: ${formatQuantity(reference.value, plot.unit)}`;
  const anchor = x > CHART_WIDTH / 2 ? 'end' : 'start';
  return html`<line class="reference" x1="${x}" x2="${x}" y1="${TOP - 4}" y2="${place(bottom + 22)}"/><text class="reference-label" text-anchor="${anchor}" x="${x}" y="${place(bottom + 36)}">${fitText(words, CHART_WIDTH / 2)}</text>`;
}
