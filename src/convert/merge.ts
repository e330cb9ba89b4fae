/**
 * Several sources as one, in the order of time: a heap with one item of each source. It never sorts: the order within a
 * source stays, and of items of the same time that of the source named first comes first.
 */
import { Heap } from '../base/index.ts';
import type { Item } from './item.ts';
import type { ItemSource } from './item-source.ts';

interface Lane {
  readonly source: ItemSource;
  readonly index: number;
  timeNs: bigint;
}

export class Merge {
  readonly #heap = new Heap<Lane>(isBefore);
  /** The lane whose item was given, or that has none yet. */
  readonly #hungry: Lane[];

  constructor(sources: readonly ItemSource[]) {
    this.#hungry = sources.map((source, index) => ({ source, index, timeNs: 0n })).reverse();
  }

  /** The next item, borrowed until the next call; undefined when `fill` has to be awaited, or at the end. */
  next(): Item | undefined {
    while (this.#hungry.length > 0) {
      const lane = this.#hungry.at(-1)!;
      const step = lane.source.next();
      if (step === 'wait') return undefined;
      this.#hungry.pop();
      if (step === 'end') continue;
      lane.timeNs = lane.source.item.timeNs;
      // Of one source there is nothing to compare.
      if (this.#heap.size === 0 && this.#hungry.length === 0) return this.#give(lane);
      this.#heap.push(lane);
    }
    const first = this.#heap.pop();
    return first === undefined ? undefined : this.#give(first);
  }

  /** @returns false at the end */
  async fill(): Promise<boolean> {
    const lane = this.#hungry.at(-1);
    if (lane === undefined) return false;
    await lane.source.fill();
    return true;
  }

  #give(lane: Lane): Item {
    this.#hungry.push(lane);
    return lane.source.item;
  }
}

function isBefore(a: Lane, b: Lane): boolean {
  return a.timeNs === b.timeNs ? a.index < b.index : a.timeNs < b.timeNs;
}
