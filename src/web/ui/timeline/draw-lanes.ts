/**
 * Lanes on a canvas: events one by one where there is room, else how many there are in each pixel. What it costs depends on the
 * pixels and not on the events.
 */
import type { Lane } from './event-store.ts';

export interface TimeRange {
  readonly fromNs: number;
  readonly toNs: number;
}

export interface LaneColors {
  readonly lanes: readonly string[];
  readonly grid: string;
  readonly text: string;
}

export const LANE_PX = 34;
export const AXIS_PX = 22;
const BAR_PX = LANE_PX - 8;

export function drawLanes(
  context: CanvasRenderingContext2D,
  width: number,
  lanes: readonly Lane[],
  range: TimeRange,
  colors: LaneColors,
): void {
  context.clearRect(0, 0, width, AXIS_PX + lanes.length * LANE_PX);
  drawAxis(context, width, lanes.length, range, colors);
  for (const [n, lane] of lanes.entries()) {
    context.fillStyle = colors.lanes[n % colors.lanes.length]!;
    drawLane(context, width, AXIS_PX + n * LANE_PX, lane, range);
  }
}

function drawLane(
  context: CanvasRenderingContext2D,
  width: number,
  top: number,
  lane: Lane,
  { fromNs, toNs }: TimeRange,
): void {
  const counts = new Uint32Array(width);
  let most = 1;
  let index = lane.indexOf(fromNs);
  for (let x = 0; x < width && index < lane.length; x++) {
    const end = indexFrom(lane, index, fromNs + ((x + 1) * (toNs - fromNs)) / width);
    counts[x] = end - index;
    most = Math.max(most, end - index);
    index = end;
  }
  for (let x = 0; x < width; x++) {
    const count = counts[x]!;
    if (count === 0) continue;
    // By the logarithm: what is rare is to be seen beside what is not.
    const height = Math.max(6, (BAR_PX * Math.log1p(count)) / Math.log1p(most));
    context.fillRect(x, top + LANE_PX - 2 - height, 1, height);
  }
}

/** The first event from `start` on that is not before a time: near by most often. */
function indexFrom(lane: Lane, start: number, timeNs: number): number {
  let step = 1;
  let low = start;
  while (low + step < lane.length && lane.times[low + step]! < timeNs) {
    low += step;
    step *= 2;
  }
  let high = Math.min(lane.length, low + step);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (lane.times[middle]! < timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawAxis(
  context: CanvasRenderingContext2D,
  width: number,
  lanes: number,
  { fromNs, toNs }: TimeRange,
  { grid, text }: LaneColors,
): void {
  const stepNs = niceStep((toNs - fromNs) / Math.max(2, width / 130));
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  for (let tickNs = Math.ceil(fromNs / stepNs) * stepNs; tickNs <= toNs; tickNs += stepNs) {
    const x = Math.round(((tickNs - fromNs) / (toNs - fromNs)) * width);
    context.fillStyle = grid;
    context.fillRect(x, AXIS_PX - 4, 1, 4 + lanes * LANE_PX);
    context.fillStyle = text;
    context.fillText(formatTime(tickNs, stepNs), x + 4, AXIS_PX / 2);
  }
}

/** 1, 2 or 5 times a power of ten. */
function niceStep(leastNs: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, leastNs)));
  const factor = [1, 2, 5].find((one) => one * power >= leastNs) ?? 10;
  return factor * power;
}

/** A time since the start, as exact as `stepNs` needs. */
export function formatTime(timeNs: number, stepNs: number): string {
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(stepNs / 1e9))));
  return `${(timeNs / 1e9).toFixed(digits)} s`;
}

export function formatSpan(spanNs: number): string {
  const [size, unit] = (
    [
      [1e9, 's'],
      [1e6, 'ms'],
      [1e3, 'µs'],
    ] as const
  ).find(([least]) => spanNs >= least) ?? [1, 'ns'];
  return `${(spanNs / size).toPrecision(3)} ${unit}`;
}
