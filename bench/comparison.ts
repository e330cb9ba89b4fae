/**
 * Rates held against the rate without what is measured. The machine is noisy and drifts, so that rate is taken just before
 * and just after, in the same process.
 */
import { forwardingRate, type Measured } from './beside.ts';
import type { Forwarder } from './forwarder.ts';
import { formatSpread } from './statistics.ts';

export interface Compared extends Measured {
  /** The rate without what is measured. */
  readonly baseline?: number;
}

export class Comparison {
  /** By name, in the order in which they came first. */
  readonly results: Map<string, Compared[]> = new Map();

  record(name: string, result: Compared): void {
    const list = this.results.get(name) ?? [];
    list.push(result);
    this.results.set(name, list);
    const { rate, captured, nsPerHit } = result;
    const loss = lossPercent(result);
    console.error(
      [
        `${name}: ${(rate / 1e6).toFixed(2)} Mpps`,
        ...(loss === undefined ? [] : [`${loss.toFixed(1)} % off`]),
        ...(captured === undefined ? [] : [`captured ${(captured / 1e6).toFixed(2)}`]),
        ...(nsPerHit === undefined ? [] : [`${nsPerHit} ns a hit`]),
      ].join(', '),
    );
  }

  /** Measures between two rates without it, whose mean is the baseline; gives the second one. */
  async between(
    name: string,
    forwarder: Forwarder,
    before: number,
    measure: () => Promise<Measured>,
  ): Promise<number> {
    const measured = await measure();
    const after = await forwardingRate(forwarder);
    this.record(name, { ...measured, baseline: (before + after) / 2 });
    return after;
  }
}

export function lossPercent({ rate, baseline }: Compared): number | undefined {
  return baseline === undefined ? undefined : 100 * (1 - rate / baseline);
}

/** Of those rounds that have the value. */
export function formatRounds(
  rounds: readonly Compared[],
  of: (round: Compared) => number | undefined,
): string {
  const values = rounds.map(of).filter((value) => value !== undefined);
  return values.length === 0 ? '' : formatSpread(values);
}
