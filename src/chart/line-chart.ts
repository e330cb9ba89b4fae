/** Lines over time: several series on one axis, with gaps where nothing is known. */
import { drawable, linearAxis, niceTicks } from './axis.ts';
import {
  CHART_WIDTH,
  type ChartText,
  chartFrame,
  emptyChart,
  fitText,
  gridRow,
  place,
  type Reference,
  textWidth,
} from './chart-frame.ts';
import { html, type Markup } from './markup.ts';
import { formatQuantity, type Unit } from './quantity.ts';

export interface LinePoint {
  readonly seconds: number;
  readonly value: number | undefined;
}

export interface LineSeries {
  readonly name: string;
  /** By time. */
  readonly points: readonly LinePoint[];
}

export interface LineChartOptions extends ChartText {
  readonly unit: Unit;
  /** Not more than SERIES_COLOURS; the page tells them apart by colour and dashes. */
  readonly series: readonly LineSeries[];
  readonly reference?: Reference | undefined;
}

const SERIES_COLOURS = 6;

const LEFT = 80;
const TOP = 28;
const HEIGHT = 170;
const WIDTH: number = CHART_WIDTH - LEFT - 12;
/** Each column of so many shows the least and the most of its points when there are more. */
const MOST_COLUMNS = 150;

interface Dot {
  readonly x: number;
  /** Undefined: here the line is broken. */
  readonly y: number | undefined;
}

export function lineChart({ unit, series, reference, ...text }: LineChartOptions): Markup {
  const shown = series.slice(0, SERIES_COLOURS);
  const points = shown.flatMap((one) => one.points).filter(({ seconds }) => Number.isFinite(seconds));
  if (!points.some(({ value }) => drawable(value) !== undefined)) return emptyChart(text);
  const axis = linearAxis([...points.map(({ value }) => value), reference?.value], 5);
  const times = timeAxis(points);
  const bottom = TOP + HEIGHT;
  const yOf = (value: number) => bottom - axis.place(value) * HEIGHT;
  const dotsOf = (line: readonly LinePoint[]) =>
    thinOut(
      line.flatMap(({ seconds, value }) => {
        const x = times.xOf(seconds);
        const known = drawable(value);
        return x === undefined ? [] : [{ x, y: known === undefined ? undefined : yOf(known) }];
      }),
    );
  return chartFrame(text, bottom + 24, [
    formatLegend(shown),
    axis.ticks.map((tick) => gridRow(place(yOf(tick)), LEFT, LEFT + WIDTH, formatQuantity(tick, unit))),
    times.ticks.map((tick) => {
      const x = times.xOf(tick);
      if (x === undefined) return undefined;
      return html`<text class="tick" text-anchor="middle" x="${place(x)}" y="${bottom + 17}">${formatQuantity(tick)} s</text>`;
    }),
    shown.map(({ points: line }, at) => formatLine(dotsOf(line), at + 1)),
    formatReference(reference, unit, yOf),
  ]);
}

/** From 0, or the first time, to the last one; ticks inside. */
function timeAxis(points: readonly LinePoint[]) {
  let low = 0;
  let high = 0;
  for (const { seconds } of points) {
    low = Math.min(low, drawable(seconds)!);
    high = Math.max(high, drawable(seconds)!);
  }
  if (high - low < 1e-9) high = low + 1;
  const ticks = niceTicks(low, high, 9).filter((tick) => tick >= low && tick <= high);
  const xOf = (seconds: number): number | undefined => {
    const known = drawable(seconds);
    return known === undefined ? undefined : LEFT + ((known - low) / (high - low)) * WIDTH;
  };
  return { ticks, xOf };
}

function formatLegend(series: readonly LineSeries[]): Markup[] {
  const room = WIDTH / Math.max(1, series.length);
  let x = LEFT;
  return series.map(({ name }, at) => {
    const label = fitText(name, room - 44);
    const entry = html`<path class="line series-${at + 1}" d="M${place(x)} 12H${place(x + 22)}"/><text x="${place(x + 27)}" y="16">${label}</text>`;
    x += 44 + textWidth(label);
    return entry;
  });
}

/** Parts between gaps; one point alone is a dot. */
function formatLine(dots: readonly Dot[], number: number): Markup[] {
  const parts: string[] = [];
  const alone: Markup[] = [];
  let part: Dot[] = [];
  const endPart = () => {
    const [first] = part;
    if (part.length > 1) parts.push(`M${part.map(({ x, y }) => `${place(x)} ${place(y!)}`).join('L')}`);
    else if (first !== undefined)
      alone.push(
        html`<circle class="dot series-${number}" cx="${place(first.x)}" cy="${place(first.y!)}" r="2.5"/>`,
      );
    part = [];
  };
  for (const dot of dots) {
    if (dot.y === undefined) endPart();
    else part.push(dot);
  }
  endPart();
  const path = parts.length === 0 ? [] : [html`<path class="line series-${number}" d="${parts.join('')}"/>`];
  return [...path, ...alone];
}

/** The highest and the lowest dot of each column, in their order; a gap anywhere in it stays one. */
function thinOut(dots: readonly Dot[]): readonly Dot[] {
  if (dots.length <= MOST_COLUMNS * 2) return dots;
  const columns: Dot[][] = [];
  for (const dot of dots) {
    const at = Math.min(MOST_COLUMNS - 1, Math.floor(((dot.x - LEFT) / WIDTH) * MOST_COLUMNS));
    columns[at] ??= [];
    columns[at].push(dot);
  }
  return columns.filter((column) => column !== undefined).flatMap(thinColumn);
}

function thinColumn(column: readonly Dot[]): readonly Dot[] {
  let [highest, lowest, gap]: (Dot | undefined)[] = [];
  for (const dot of column) {
    if (dot.y === undefined) gap = dot;
    else {
      if (highest?.y === undefined || dot.y < highest.y) highest = dot;
      if (lowest?.y === undefined || dot.y > lowest.y) lowest = dot;
    }
  }
  return column.filter((dot) => dot === highest || dot === lowest || dot === gap);
}

function formatReference(
  reference: Reference | undefined,
  unit: Unit,
  yOf: (value: number) => number,
): Markup | undefined {
  const value = drawable(reference?.value);
  if (reference === undefined || value === undefined) return undefined;
  const y = place(yOf(value));
  const words = fitText(`${reference.label}: ${formatQuantity(reference.value, unit)}`, WIDTH);
  return html`<line class="reference" x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y}" y2="${y}"/><text class="reference-label" text-anchor="end" x="${LEFT + WIDTH}" y="${place(y - 4)}">${words}</text>`;
}
