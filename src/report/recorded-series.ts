/**
 * Rates of a recording over time: by the second, and where that would be too many points, by twice, four times as much. What is counted
 * in several ways is kept apart until it is known which of them has most. What the driver counted belongs to the sample that tells it, and
 * its rate is of the time between the samples of a point.
 */
import type { SeriesPoint } from '../findings/index.ts';
import { believed, COUNTERS, type CounterName, type Passed, type Seen } from './recorded-counters.ts';
import type { SampledSpan } from './recorded-ports.ts';

const MOST_POINTS = 600;
const FIRST_STEP_NS = 1e9;
const FIELDS = ['rxPackets', 'txPackets', 'rxBytes', 'txBytes'] as const satisfies (keyof Passed)[];
const DROPS = COUNTERS.length * FIELDS.length;
/** Time between the driver's samples, of all ports together. */
const SAMPLED_NS = DROPS + 1;

export class RecordedSeries {
  #stepNs = FIRST_STEP_NS;
  #startNs: bigint | undefined;
  #points: Float64Array[] = [];
  #sampledUntilNs = 0n;

  /** @param timeNs of the first item */
  begin(timeNs: bigint): void {
    this.#startNs ??= timeNs;
  }

  add(timeNs: bigint, who: CounterName, field: keyof Passed, amount: number): void {
    this.#add(timeNs, columnOf(who, field), amount);
  }

  /** What the driver counted from one sample to another. */
  addSampled({ fromNs, toNs }: SampledSpan, passed: Passed): void {
    for (const field of FIELDS) this.add(toNs, 'stats', field, passed[field]);
    // All ports are sampled at a time.
    const newNs = toNs - (this.#sampledUntilNs > fromNs ? this.#sampledUntilNs : fromNs);
    if (newNs <= 0n) return;
    this.#sampledUntilNs = toNs;
    this.#add(toNs, SAMPLED_NS, Number(newNs));
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
    const [rx, tx] = [this.#believed('rx', sees), this.#believed('tx', sees)];
    return this.#points.slice(0, whole).flatMap((point, n): SeriesPoint[] => {
      const length = lengths[n]!;
      if (length <= 0) return [];
      const rate = (who: CounterName | undefined, field: keyof Passed) => {
        if (who === undefined) return undefined;
        const counted = who === 'stats' ? point[SAMPLED_NS]! / 1e9 : length;
        return counted === 0 ? undefined : point[columnOf(who, field)]! / counted;
      };
      const bits = (who: CounterName | undefined, field: 'rxBytes' | 'txBytes') => {
        const bytes = who === 'bursts' ? undefined : rate(who, field);
        return bytes === undefined ? undefined : 8 * bytes;
      };
      return [
        {
          seconds: n * step + length,
          ...{ rxPps: rate(rx, 'rxPackets'), txPps: rate(tx, 'txPackets') },
          ...{ rxBps: bits(rx, 'rxBytes'), txBps: bits(tx, 'txBytes') },
          dropPps: drops ? point[DROPS]! / length : undefined,
          busyShare: undefined,
        },
      ];
    });
  }

  #believed(direction: 'rx' | 'tx', sees: Seen): CounterName | undefined {
    return believed((who) =>
      sees[who][direction] ? this.#sumOf(columnOf(who, `${direction}Packets`)) : undefined,
    );
  }

  #sumOf(column: number): number {
    return this.#points.reduce((sum, point) => sum + point[column]!, 0);
  }

  #add(timeNs: bigint, column: number, amount: number): void {
    this.#startNs ??= timeNs;
    const sinceNs = Math.max(0, Number(timeNs - this.#startNs));
    while (sinceNs >= MOST_POINTS * this.#stepNs) this.#halve();
    const index = Math.floor(sinceNs / this.#stepNs);
    while (this.#points.length <= index) this.#points.push(new Float64Array(SAMPLED_NS + 1));
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

function columnOf(who: CounterName, field: keyof Passed): number {
  return COUNTERS.indexOf(who) * FIELDS.length + FIELDS.indexOf(field);
}
