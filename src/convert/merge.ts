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
  item: Item | undefined;
}

export class Merge {
  /** Lanes whose items are not yet given. */
  readonly #heap = new Heap<Lane>(isBefore);
  /** Lanes that were never asked, the last one first. */
  readonly #unasked: Lane[];
  /** The lane that is to be asked before the next item is known: the one whose item was given. */
  #hungry: Lane | undefined;

  constructor(sources: readonly ItemSource[]) {
    this.#unasked = sources.map((source, index) => ({ source, index, item: undefined }));
    this.#hungry = this.#unasked.pop();
  }

  /** The next item, borrowed until the next call; undefined when `fill` has to be awaited, or at the end. */
  next(): Item | undefined {
    for (let lane = this.#hungry; lane !== undefined; lane = this.#hungry) {
      const step = lane.source.next();
      if (step === 'wait') return undefined;
      if (step === 'item') {
        lane.item = lane.source.item;
        if (this.#unasked.length === 0) return this.#give(this.#firstWith(lane));
        this.#heap.push(lane);
      }
      this.#hungry = this.#unasked.pop();
    }
    return this.#give(this.#heap.pop());
  }

  /** Those that are not at their end, each with the item that it stands on: one is what `next` gave last. */
  get standing(): readonly ItemSource[] {
    return [...this.#heap.items, ...(this.#hungry === undefined ? [] : [this.#hungry])].map(
      ({ source }) => source,
    );
  }

  /** Goes on after others have moved the sources: those that have ended are named, each other one stands on an item that is yet to be given. */
  resume(ended: ReadonlySet<ItemSource>): void {
    const lanes = [...this.#heap.items, ...(this.#hungry === undefined ? [] : [this.#hungry])];
    this.#heap.clear();
    this.#hungry = undefined;
    for (const lane of lanes) if (!ended.has(lane.source)) this.#heap.push(lane);
  }

  /** @returns false at the end */
  async fill(): Promise<boolean> {
    if (this.#hungry === undefined) return false;
    await this.#hungry.source.fill();
    return true;
  }

  /** The first of all; the others are in the heap then. */
  #firstWith(lane: Lane): Lane {
    const { first } = this.#heap;
    return first === undefined || isBefore(lane, first) ? lane : this.#heap.replaceFirst(lane);
  }

  #give(lane: Lane | undefined): Item | undefined {
    this.#hungry = lane;
    return lane?.item;
  }
}

function isBefore(a: Lane, b: Lane): boolean {
  return (a.item!.time.compare(b.item!.time) || a.index - b.index) < 0;
}
