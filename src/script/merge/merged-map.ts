/**
 * One map, gathered over all who write to it. A map in the banks is taken over piece by piece: what a bank held since the
 * last time is added to what there is. A map in the state is put together anew each time: what the host has done to it,
 * and what each writer has done to it since the start. Exact, as long as whoever writes to what is read stands still.
 */
import type { MapPlan } from '../plan.ts';
import { type Combine, combineFor, combineSinceFor } from './combine.ts';
import { EntryTable } from './entry-table.ts';
import type { MapContents } from './map-contents.ts';
import { visitEntries } from './place-walk.ts';

export class MergedMap {
  readonly plan: MapPlan;
  readonly #table: EntryTable;
  readonly #combine: Combine;

  constructor(plan: MapPlan) {
    this.plan = plan;
    const valueWords = plan.valueBytes / 4;
    this.#table = new EntryTable(plan.keyBytes / 4, valueWords);
    this.#combine = combineFor(plan.kind, valueWords);
    this.clear();
  }

  /** Entries that there are. */
  get size(): number {
    return this.#table.count;
  }

  /**
   * Takes over what a part of a context holds of the map.
   * @param base where `words` begins in the context, in bytes
   * @param isDrained leaves zeros behind
   */
  take(words: Uint32Array, base: number, isDrained = false): void {
    const table = this.#table;
    const combine = this.#combine;
    const visit = (hash: number, keys: Uint32Array, keyAt: number, valueAt: number): void => {
      const entry = table.findOrMake(hash, keys, keyAt);
      combine(table.words, table.valueAt(entry), words, valueAt);
    };
    visitEntries(this.plan, words, base, visit, isDrained);
  }

  /** The same for what has come to it since it was `before`, a part of a context at the same base. */
  takeSince(words: Uint32Array, before: Uint32Array, base: number): void {
    const { plan } = this;
    const since = combineSinceFor(plan.kind, plan.valueBytes / 4);
    if (since === undefined) {
      this.take(words, base);
      return;
    }
    const old = new MergedMap(plan);
    old.take(before, base);
    const table = this.#table;
    visitEntries(plan, words, base, (hash, keys, keyAt, valueAt) => {
      const entry = table.findOrMake(hash, keys, keyAt);
      const known = old.#table.find(hash, keys, keyAt);
      if (known < 0) this.#combine(table.words, table.valueAt(entry), words, valueAt);
      else
        since(table.words, table.valueAt(entry), words, valueAt, old.#table.words, old.#table.valueAt(known));
    });
  }

  /** Takes over another gathering of the same map. */
  takeMap(other: MergedMap): void {
    const [table, from] = [this.#table, other.#table];
    for (let n = 0; n < from.count; n++) {
      const entry = table.findOrMake(from.hashAt(n), from.words, from.keyAt(n));
      this.#combine(table.words, table.valueAt(entry), from.words, from.valueAt(n));
    }
  }

  /** Takes over one entry: form kernel, a value for each CPU. Both are copied. */
  takeEntry(key: Uint8Array, value: Uint8Array): void {
    const table = this.#table;
    // The table works out hashes of its own once it is large.
    const entry = table.findOrMake(0, wordsOf(key), 0);
    this.#combine(table.words, table.valueAt(entry), wordsOf(value), 0);
  }

  /** Takes out every key that another gathering of the same map has. */
  remove(other: MergedMap): void {
    if (other.size > 0) this.#table.remove(other.#table);
  }

  /** Whether it has the key; `hash` as its writer worked it out. */
  has(hash: number, keys: Uint32Array, keyAt: number): boolean {
    return this.#table.find(hash, keys, keyAt) >= 0;
  }

  /** A count without keys stays, with nothing counted; all else goes. */
  clear(): void {
    this.#table.clear();
    if (this.plan.kind.kind === 'count' && this.plan.keys.length === 0)
      this.#table.findOrMake(0, this.#table.words, 0);
  }

  /** The keys stay, their values become zeros. */
  zero(): void {
    this.#table.zeroValues();
  }

  /** Calls with each key and value, borrowed. */
  forEach(visit: (words: Uint32Array, keyAt: number, valueAt: number) => void): void {
    const table = this.#table;
    for (let entry = 0; entry < table.count; entry++) {
      visit(table.words, table.keyAt(entry), table.valueAt(entry));
    }
  }

  /** A copy, for printing. */
  copyContents(): MapContents {
    const { plan } = this;
    const table = this.#table;
    const bytes = new Uint8Array(table.words.slice(0, table.count * table.stride).buffer);
    const entries = Array.from({ length: table.count }, (_, entry) => {
      const start = table.keyAt(entry) * 4;
      const value = table.valueAt(entry) * 4;
      return {
        key: bytes.subarray(start, value),
        value: bytes.subarray(value, value + plan.valueBytes),
      };
    });
    return { plan, entries };
  }
}

function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(bytes.slice().buffer);
}
