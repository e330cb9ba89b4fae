/** What is said about a row: medians of its turns, how far they lie apart, and whether that can be told from noise. */
import type { BenchResult, Row, Turn } from './result.ts';

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export interface RowFigures {
  readonly forwardedPps: Spread | undefined;
  /** Of the rate without it. */
  readonly lossPercent: Spread | undefined;
  /** Time of the forwarding lcore, more than without it. */
  readonly nsPerPacket: Spread | undefined;
  readonly recordedPps: Spread | undefined;
  readonly nsPerHit: Spread | undefined;
  /** In all turns. */
  readonly dropped: number | undefined;
  /** The loss is no more than what the same rate differs by when nothing is different. */
  readonly isNoise: boolean;
}

/** Of at least one value. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) return undefined;
  const median = sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
  return { median, low: sorted[0]!, high: sorted.at(-1)! };
}

/** The machine drifts: what it would have forwarded is taken from just before and just after. */
function baseline({ beforePps, afterPps = beforePps }: Turn): number {
  return (beforePps + afterPps) / 2;
}

/**
 * How much two rates of the same thing differ, a turn apart, in percent: nine of ten pairs differ by less.
 * Undefined when there are fewer than four pairs.
 */
export function noisePercent({ groups }: BenchResult): number | undefined {
  const differences = groups
    .flatMap(({ rows }) => rows.flatMap(({ turns }) => turns))
    .filter(({ afterPps }) => afterPps !== undefined)
    .map((turn) => (100 * Math.abs(turn.afterPps! - turn.beforePps)) / baseline(turn))
    .toSorted((a, b) => a - b);
  return differences.length < 4 ? undefined : differences[Math.ceil(0.9 * differences.length) - 1];
}

/** @param noise noisePercent of the whole result; a turn without an "after" has drifted by as much */
export function figuresOf({ turns }: Row, noise: number | undefined): RowFigures {
  const of = (value: (turn: Turn) => number | undefined) =>
    spreadOf(turns.map(value).filter((one) => one !== undefined));
  const dropped = turns.map((turn) => turn.dropped).filter((one) => one !== undefined);
  const lossPercent = of((turn) => 100 * (1 - turn.withPps / baseline(turn)));
  return {
    forwardedPps: of(({ withPps }) => withPps),
    lossPercent,
    nsPerPacket: of((turn) => 1e9 / turn.withPps - 1e9 / baseline(turn)),
    recordedPps: of(({ recordedPps }) => recordedPps),
    nsPerHit: of(({ nsPerHit }) => nsPerHit),
    dropped: dropped.length === 0 ? undefined : dropped.reduce((sum, one) => sum + one, 0),
    isNoise: lossPercent !== undefined && Math.abs(lossPercent.median) <= (noise ?? 0),
  };
}
