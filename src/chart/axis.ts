/**
 * From values to places on a chart. Ticks lie at 1, 2 or 5 times a power of ten, the closest ones of which there are not more
 * than asked for; an axis ends at a tick, so that no value lies outside. Total: any values give finite places.
 */

/** Larger ones could not be subtracted from each other. */
const LARGEST = 1e300;
/** Less than this is no difference. */
const LEAST_SPAN = 1e-12;

export interface Axis {
  readonly ticks: readonly number[];
  /** 0 at the axis's beginning, 1 at its end; values outside lie at the nearer one. */
  place(value: number): number;
}

/** The value when it can be drawn. */
export function drawable(value: number | undefined): number | undefined {
  if (value === undefined || !Number.isFinite(value)) return undefined;
  return Math.max(-LARGEST, Math.min(LARGEST, value));
}

/** An axis that has 0 and all of `values` on it. @param mostTicks at least 2 */
export function linearAxis(values: readonly (number | undefined)[], mostTicks: number): Axis {
  let low = 0;
  let high = 0;
  for (const value of values) {
    const known = drawable(value) ?? 0;
    low = Math.min(low, known);
    high = Math.max(high, known);
  }
  if (high - low < LEAST_SPAN) high = low + 1;
  return axisOf(niceTicks(low, high, mostTicks));
}

/** A logarithmic axis of counts: 0 lies at its beginning, 1 a little above. */
export function logAxis(values: readonly (number | undefined)[]): Axis {
  const most = values.reduce<number>((sum, value) => Math.max(sum, drawable(value) ?? 0), 1);
  const decades = Math.max(1, Math.ceil(Math.log10(most) - 1e-9));
  const apart = Math.ceil(decades / 5);
  const ticks = [];
  for (let decade = 0; decade <= decades; decade += apart) ticks.push(10 ** decade);
  return {
    ticks,
    place: (value) => (value < 1 ? 0 : Math.min(1, (Math.log10(value) + 0.3) / (decades + 0.3))),
  };
}

/** From the last tick that is not above `low` to the first that is not below `high`. */
export function niceTicks(low: number, high: number, most: number): number[] {
  let step = niceStep((high - low) / Math.max(1, most - 1));
  for (;;) {
    const [first, last] = [Math.floor(low / step + 1e-9), Math.ceil(high / step - 1e-9)];
    if (last - first < most)
      return Array.from({ length: last - first + 1 }, (_, at) => multiple(first + at, step));
    step = niceStep(step * 1.5);
  }
}

/** The least of 1, 2 and 5 times a power of ten that is not below `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const factor = [1, 2, 5].find((one) => one * power >= least * (1 - 1e-9)) ?? 10;
  return factor * power;
}

/** Without the noise of a product of binary fractions: 0.3, not 0.30000000000000004. */
function multiple(count: number, step: number): number {
  return Number((count * step).toPrecision(12)) + 0;
}

function axisOf(ticks: readonly number[]): Axis {
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  return {
    ticks,
    place: (value) => Math.max(0, Math.min(1, (value - low) / (high - low))),
  };
}
