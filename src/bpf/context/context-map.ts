/**
 * Keyed maps of a trace context (context-layout.ts): finding, making and deleting keys, and reading what is there. The
 * agent's trace_map.c does the same, slot by slot, so that a map looks the same wherever its program ran.
 *
 * A key is looked for from slot `hash & (slots - 1)` on, one after another, round behind slot slots - 3 to 0 (a start at
 * one of the last two is 0), over at most 128 slots. It ends at the key or at an empty slot. A new key takes the first
 * deleted slot on that way, else the empty one; without either there is no room.
 *
 * A deleted slot is marked, or made empty when the next one is empty; then so are the deleted ones before it, one after
 * another, at most 128. Key and value become zeros in any case.
 */
import { type KeyedMapLayout, strideBytes, valueOffsetInEntry } from './context-layout.ts';
import { type HashKeys, hashKey, hashKeys } from './key-hash.ts';

/** Slots that are looked at for one key: what bounds the time a sender of packets can make a program take. */
export const MAX_PROBES = 128;

/** The lower half of `used`. */
export const EMPTY = 0;
const DELETED = 1;
export const TAKEN = 2;

export class ContextMap {
  readonly #words: Int32Array;
  readonly #withoutRoom: Uint32Array;
  readonly #hashKeys: HashKeys;
  /** Slots that can hold a key. */
  readonly #places: number;
  readonly #mask: number;
  /** Of the first entry, and of one entry, in words. */
  readonly #start: number;
  readonly #stride: number;
  readonly #keyWords: number;
  readonly #valueAt: number;

  /**
   * @param words the memory that holds the context, in 32-bit words
   * @param context where in it the context begins, in bytes; a multiple of 8
   * @param withoutRoom one number, where updates are counted that found no room
   */
  constructor(
    words: Int32Array,
    context: number,
    layout: KeyedMapLayout,
    seed: number,
    withoutRoom: Uint32Array = new Uint32Array(1),
  ) {
    this.#words = words;
    this.#withoutRoom = withoutRoom;
    this.#hashKeys = hashKeys(seed);
    this.#places = layout.slots - 2;
    this.#mask = layout.slots - 1;
    this.#start = (context + layout.offset) / 4;
    this.#stride = strideBytes(layout) / 4;
    this.#keyWords = valueOffsetInEntry(layout) / 4 - 2;
    this.#valueAt = valueOffsetInEntry(layout) / 4;
  }

  /** Updates that found no room. */
  get withoutRoom(): number {
    return this.#withoutRoom[0]!;
  }

  /** The slot of the key at the word `key` of `source`; slots - 1 when there is none. */
  find(key: number, source: Int32Array = this.#words): number {
    const hash = hashKey(this.#hashKeys, source, key, this.#keyWords);
    const found = this.#probe(source, key, hash, false);
    return found < 0 ? this.#places + 1 : found;
  }

  /** The slot of the key, made if need be; slots - 2, counted, when there is no room. */
  findOrMake(key: number, source: Int32Array = this.#words): number {
    const words = this.#words;
    const hash = hashKey(this.#hashKeys, source, key, this.#keyWords);
    const found = this.#probe(source, key, hash, true);
    if (found < 0) {
      this.#withoutRoom[0]!++;
      return this.#places;
    }
    const entry = this.#entry(found);
    if (words[entry] !== TAKEN) {
      words[entry] = TAKEN;
      words[entry + 1] = hash;
      for (let i = 0; i < this.#keyWords; i++) words[entry + 2 + i] = source[key + i]!;
    }
    return found;
  }

  /** Whether the key was there. */
  delete(key: number, source: Int32Array = this.#words): boolean {
    const words = this.#words;
    const slot = this.#probe(source, key, hashKey(this.#hashKeys, source, key, this.#keyWords), false);
    if (slot < 0) return false;
    const entry = this.#entry(slot);
    words.fill(0, entry, entry + this.#stride);
    words[entry] = DELETED;
    if (words[this.#entry(slot + 1 === this.#places ? 0 : slot + 1)] === EMPTY) this.#forgetDeleted(slot);
    return true;
  }

  /** Visits the slot of each key that is there. */
  *slots(): Generator<number> {
    for (let slot = 0; slot < this.#places; slot++) {
      if (this.#words[this.#entry(slot)] === TAKEN) yield slot;
    }
  }

  /** The first word of a slot's key. */
  keyAt(slot: number): number {
    return this.#entry(slot) + 2;
  }

  /** The first word of a slot's value. */
  valueAt(slot: number): number {
    return this.#entry(slot) + this.#valueAt;
  }

  #entry(slot: number): number {
    return this.#start + slot * this.#stride;
  }

  /** The slot with the key, or for `isNew` also one that can take it; -1 for none. */
  #probe(source: Int32Array, key: number, hash: number, isNew: boolean): number {
    const words = this.#words;
    const places = this.#places;
    let slot = hash & this.#mask;
    if (slot >= places) slot = 0;
    let free = -1;
    for (let left = Math.min(MAX_PROBES, places); left > 0; left--) {
      const entry = this.#entry(slot);
      const used = words[entry];
      if (used === TAKEN) {
        if (words[entry + 1] === hash && this.#isKey(entry + 2, source, key)) return slot;
      } else {
        if (free < 0) free = slot;
        if (used === EMPTY) break;
      }
      slot = slot + 1 === places ? 0 : slot + 1;
    }
    return isNew ? free : -1;
  }

  #isKey(at: number, source: Int32Array, key: number): boolean {
    const words = this.#words;
    for (let i = 0; i < this.#keyWords; i++) if (words[at + i] !== source[key + i]) return false;
    return true;
  }

  #forgetDeleted(last: number): void {
    let slot = last;
    for (let left = MAX_PROBES; left > 0; left--) {
      const entry = this.#entry(slot);
      if (this.#words[entry] !== DELETED) return;
      this.#words[entry] = EMPTY;
      slot = slot === 0 ? this.#places - 1 : slot - 1;
    }
  }
}
