/** When interval probes are due. A time that was missed is made up for once, not as often as it was missed. */
import type { CompiledProbe } from '../script/index.ts';

const UNIT_NS: Readonly<Record<string, bigint>> = { s: 1_000_000_000n, ms: 1_000_000n, us: 1000n };

interface Timer {
  readonly probe: CompiledProbe;
  readonly periodNs: bigint;
  nextNs: bigint;
}

export class IntervalClock {
  readonly #timers: readonly Timer[];

  /** @param startNs the first is due a period after this */
  constructor(probes: readonly CompiledProbe[], startNs: bigint) {
    this.#timers = probes
      .filter(({ point }) => point.kind === 'interval')
      .map((probe) => {
        const periodNs = intervalNs(probe.point.name);
        return { probe, periodNs, nextNs: startNs + periodNs };
      });
  }

  /** Undefined when there are none. */
  get nextNs(): bigint | undefined {
    const times = this.#timers.map(({ nextNs }) => nextNs);
    return times.length === 0 ? undefined : times.reduce((a, b) => (a < b ? a : b));
  }

  /** Those that are due until `nowNs`, in the order of their times. */
  takeDue(nowNs: bigint): readonly CompiledProbe[] {
    const due = this.#timers.filter(({ nextNs }) => nextNs <= nowNs);
    due.sort((a, b) => (a.nextNs < b.nextNs ? -1 : a.nextNs > b.nextNs ? 1 : 0));
    for (const timer of due) {
      timer.nextNs += timer.periodNs * ((nowNs - timer.nextNs) / timer.periodNs + 1n);
    }
    return due.map(({ probe }) => probe);
  }
}

/** Of `interval:s:1` in ns; the compiler has checked it. */
export function intervalNs(name: string): bigint {
  const [, unit = '', count = ''] = name.split(':');
  return unit === 'hz' ? 1_000_000_000n / BigInt(count) : BigInt(count) * (UNIT_NS[unit] ?? 1_000_000_000n);
}
