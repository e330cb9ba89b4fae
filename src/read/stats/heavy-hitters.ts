/**
 * The keys with the largest sums of an endless stream, in bounded memory: the space-saving sketch (Metwally, Agrawal, El
 * Abbadi 2005). When there is no room for a new key it takes over the counter with the smallest sum. So a sum can be too
 * large, by at most `excess`, never too small; every key whose true sum is above `excess` of the least counter is there.
 */

export interface HeavyHitter {
  readonly key: string;
  readonly weight: number;
  readonly count: number;
  /** The part of `weight` that may belong to others. */
  readonly excess: number;
}

interface Counter {
  key: string;
  weight: number;
  count: number;
  excess: number;
  /** Its place in the heap. */
  at: number;
}

export class HeavyHitters {
  readonly #capacity: number;
  readonly #byKey = new Map<string, Counter>();
  /** The smallest weight first. */
  readonly #heap: Counter[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(key: string, weight: number): void {
    let counter = this.#byKey.get(key);
    if (counter === undefined) counter = this.#counterFor(key);
    counter.weight += weight;
    counter.count++;
    this.#sink(counter);
  }

  /** The largest first. */
  top(count: number): HeavyHitter[] {
    return this.#heap.toSorted((a, b) => b.weight - a.weight).slice(0, count);
  }

  #counterFor(key: string): Counter {
    const [least] = this.#heap;
    if (this.#heap.length === this.#capacity && least !== undefined) {
      this.#byKey.delete(least.key);
      least.key = key;
      least.excess = least.weight;
      least.count = 0;
      this.#byKey.set(key, least);
      return least;
    }
    const counter = { key, weight: 0, count: 0, excess: 0, at: this.#heap.length };
    this.#byKey.set(key, counter);
    this.#heap.push(counter);
    this.#rise(counter);
    return counter;
  }

  #rise(counter: Counter): void {
    while (counter.at > 0) {
      const parent = this.#heap[(counter.at - 1) >> 1]!;
      if (parent.weight <= counter.weight) return;
      this.#swap(counter, parent);
    }
  }

  /** Its weight has grown. */
  #sink(counter: Counter): void {
    for (;;) {
      const left = this.#heap[2 * counter.at + 1];
      const right = this.#heap[2 * counter.at + 2];
      const lesser = right !== undefined && left !== undefined && right.weight < left.weight ? right : left;
      if (lesser === undefined || lesser.weight >= counter.weight) return;
      this.#swap(counter, lesser);
    }
  }

  #swap(a: Counter, b: Counter): void {
    this.#heap[a.at] = b;
    this.#heap[b.at] = a;
    [a.at, b.at] = [b.at, a.at];
  }
}
