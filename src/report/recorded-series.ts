/**
 * Rates of a recording over time: by the second, and where that would be too many points, by twice, four times as much. What is counted
 * in several ways is kept apart until it is known which of them has most.
 */
import type { SeriesPoint } from '../findings/index.ts';
import { COUNTERS, type CounterName, type Passed, type Seen } from './recorded-ports.ts';

const MOST_POINTS = 600;
const FIRST_STEP_NS = 1e9;
const FIELDS = ['rxPackets', 'txPackets', 'rxBytes', 'txBytes'] as const satisfies (keyof Passed)[];
const DROPS = COUNTERS.length * FIELDS.length;

export class RecordedSeries {
  #stepNs = FIRST_STEP_NS;
  #startNs: bigint | undefined;
  #points: Float64Array[] = [];

  /** @param timeNs of the first item */
  begin(timeNs: bigint): void {
    this.#startNs ??= timeNs;
  }

  add(timeNs: bigint, who: CounterName, field: keyof Passed, amount: number): void {
    this.#add(timeNs, COUNTERS.indexOf(who) * FIELDS.length + FIELDS.indexOf(field), amount);
  }

  addDrop(timeNs: bigint): void {
    this.#add(timeNs, DROPS, 1);
  }

  /** @param seconds from the first item to the last @param drops whether the application tells what it drops */
  observe(seconds: number, sees: Seen, drops: boolean): SeriesPoint[] {
    const step = this.#stepNs / 1e9;
    const lengths = this.#points.map((_, n) => Math.min(step, seconds - n * step));
    // A short rest at the end has no rate that means anything.
    const whole = lengths.length > 1 && lengths.at(-1)! < step / 2 ? lengths.length - 1 : lengths.length;
    const columns = Object.fromEntries(FIELDS.map((field) => [field, this.#columnOf(field, sees)])) as Record<
      keyof Passed,
      number | undefined
    >;
    return this.#points.slice(0, whole).flatMap((point, n): SeriesPoint[] => {
      const length = lengths[n]!;
      if (length <= 0) return [];
      const rate = (column: number | undefined, scale = 1) =>
        column === undefined ? undefined : (scale * point[column]!) / length;
      return [
        {
          seconds: n * step + length,
          rxPps: rate(columns.rxPackets),
          txPps: rate(columns.txPackets),
          rxBps: rate(columns.rxBytes, 8),
          txBps: rate(columns.txBytes, 8),
          dropPps: drops ? rate(DROPS) : undefined,
          busyShare: undefined,
        },
      ];
    });
  }

  /** Who counted most; undefined when nobody did. */
  #columnOf(field: keyof Passed, sees: Seen): number | undefined {
    const direction = field.startsWith('rx') ? 'rx' : 'tx';
    const packets = `${direction}Packets` as const;
    const at = (who: CounterName, of: keyof Passed) =>
      COUNTERS.indexOf(who) * FIELDS.length + FIELDS.indexOf(of);
    const total = (who: CounterName) =>
      this.#points.reduce((sum, point) => sum + point[at(who, packets)]!, 0);
    const [best] = (['stats', 'captured', 'packetEvents', 'bursts'] as const)
      .filter((who) => (who === 'stats' ? total('stats') > 0 : sees[who][direction]))
      .toSorted((a, b) => total(b) - total(a));
    return best === undefined || (best === 'bursts' && field !== packets) ? undefined : at(best, field);
  }

  #add(timeNs: bigint, column: number, amount: number): void {
    this.#startNs ??= timeNs;
    const sinceNs = Math.max(0, Number(timeNs - this.#startNs));
    while (sinceNs >= MOST_POINTS * this.#stepNs) this.#halve();
    const index = Math.floor(sinceNs / this.#stepNs);
    while (this.#points.length <= index) this.#points.push(new Float64Array(DROPS + 1));
    this.#points[index]![column]! += amount;
  }

  #halve(): void {
    this.#stepNs *= 2;
    const halved: Float64Array[] = [];
    for (let n = 0; n < this.#points.length; n += 2) {
      const next = this.#points[n + 1];
      halved.push(this.#points[n]!.map((value, column) => value + (next?.[column] ?? 0)));
    }
    this.#points = halved;
  }
}
