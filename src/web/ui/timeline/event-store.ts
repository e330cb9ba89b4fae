/**
 * Events of a timeline, in lanes, each in the order of time. It holds the newest, about as many as it is told; the oldest
 * quarter goes when there are more. Times are ns since a zero that the source chooses, exact for 104 days.
 */

import { VALUES } from '../../protocol/index.ts';

export class Lane {
  readonly name: string;
  /** What its numbers are called. */
  readonly labels: readonly string[];
  length = 0;
  times: Float64Array = new Float64Array(1024);
  values: Float64Array = new Float64Array(1024 * VALUES);

  constructor(name: string, labels: readonly string[]) {
    this.name = name;
    this.labels = labels;
  }

  add(timeNs: number, values: ArrayLike<number>, at: number): void {
    if (this.length === this.times.length) this.#grow();
    // Threads' clocks are one; what comes late by a little is put at its place.
    let place = this.length++;
    while (place > 0 && this.times[place - 1]! > timeNs) place--;
    if (place < this.length - 1) this.#makeRoom(place);
    this.times[place] = timeNs;
    for (let n = 0; n < VALUES; n++) this.values[place * VALUES + n] = values[at + n] ?? 0;
  }

  /** The first event that is not before a time. */
  indexOf(timeNs: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.times[middle]! < timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  dropBefore(timeNs: number): number {
    const gone = this.indexOf(timeNs);
    this.times.copyWithin(0, gone, this.length);
    this.values.copyWithin(0, gone * VALUES, this.length * VALUES);
    this.length -= gone;
    return gone;
  }

  describe(index: number): string {
    return this.labels.map((label, n) => `${label} ${this.values[index * VALUES + n]}`).join(', ');
  }

  #makeRoom(place: number): void {
    this.times.copyWithin(place + 1, place, this.length - 1);
    this.values.copyWithin((place + 1) * VALUES, place * VALUES, (this.length - 1) * VALUES);
  }

  #grow(): void {
    const times = new Float64Array(2 * this.times.length);
    const values = new Float64Array(2 * this.values.length);
    times.set(this.times);
    values.set(this.values);
    this.times = times;
    this.values = values;
  }
}

export class EventStore {
  readonly #most: number;
  readonly #lanes = new Map<string, Lane>();
  count = 0;
  /** Events that had to go. */
  forgotten = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** By their names. */
  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  lane(name: string, labels: readonly string[]): Lane {
    const known = this.#lanes.get(name);
    if (known !== undefined) return known;
    const made = new Lane(name, labels);
    this.#lanes.set(name, made);
    return made;
  }

  add(lane: Lane, timeNs: number, values: ArrayLike<number>, at = 0): void {
    lane.add(timeNs, values, at);
    this.count++;
    if (this.count > this.#most) this.#forget();
  }

  get firstNs(): number {
    return Math.min(...this.lanes.filter(({ length }) => length > 0).map(({ times }) => times[0]!));
  }

  get lastNs(): number {
    return Math.max(
      ...this.lanes.filter(({ length }) => length > 0).map(({ times, length }) => times[length - 1]!),
    );
  }

  #forget(): void {
    const largest = this.lanes.reduce((a, b) => (b.length > a.length ? b : a));
    const beforeNs = largest.times[largest.length >>> 2]!;
    for (const lane of this.#lanes.values()) {
      const gone = lane.dropBefore(beforeNs);
      this.count -= gone;
      this.forgotten += gone;
    }
  }
}
