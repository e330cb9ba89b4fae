/**
 * Entries {key, value} in one growing array of 32-bit words, found by a hash: what maps are gathered in. Nothing is made
 * for each entry, and words that a peer wrote decide nothing but how long it takes.
 */
const FIRST_PLACES = 16;
const FIRST_ENTRIES = 8;

export class EntryTable {
  /** Words of a key (may be 0) and of a value. */
  readonly keyWords: number;
  readonly valueWords: number;
  /** Borrowed; another array after entries were made. Entry e begins at e * stride with its key. */
  words: Uint32Array<ArrayBuffer>;
  readonly stride: number;
  /** Entries that there are: 0 to count - 1. */
  count = 0;

  readonly #seed: number;
  /** Number of the entry + 1 by hash; 0 for none. At most half full. */
  #places: Int32Array<ArrayBuffer> = new Int32Array(FIRST_PLACES);
  #mask: number = FIRST_PLACES - 1;

  constructor(keyWords: number, valueWords: number, seed: number = (Math.random() * 2 ** 32) | 0) {
    this.keyWords = keyWords;
    this.valueWords = valueWords;
    this.stride = keyWords + valueWords;
    this.words = new Uint32Array(this.stride * FIRST_ENTRIES);
    this.#seed = seed;
  }

  /** The entry of the key at `at` of `source`; -1 when there is none. */
  find(source: Uint32Array, at: number): number {
    const places = this.#places;
    const mask = this.#mask;
    for (let place = this.#hash(source, at) & mask; ; place = (place + 1) & mask) {
      const entry = places[place]! - 1;
      if (entry < 0 || this.#isKey(entry, source, at)) return entry;
    }
  }

  /** The entry of the key; a new one has a value of zeros. */
  findOrMake(source: Uint32Array, at: number): number {
    const places = this.#places;
    const mask = this.#mask;
    let place = this.#hash(source, at) & mask;
    for (; ; place = (place + 1) & mask) {
      const entry = places[place]! - 1;
      if (entry < 0) break;
      if (this.#isKey(entry, source, at)) return entry;
    }
    const entry = this.count++;
    places[place] = this.count;
    const start = entry * this.stride;
    if (start + this.stride > this.words.length) this.#growWords();
    for (let i = 0; i < this.keyWords; i++) this.words[start + i] = source[at + i]!;
    if (2 * this.count > this.#places.length) this.#growPlaces();
    return entry;
  }

  /** The first word of an entry's value. */
  valueAt(entry: number): number {
    return entry * this.stride + this.keyWords;
  }

  clear(): void {
    this.words.fill(0, 0, this.count * this.stride);
    this.#places.fill(0);
    this.count = 0;
  }

  /** Keeps the keys. */
  zeroValues(): void {
    for (let entry = 0; entry < this.count; entry++) {
      const start = this.valueAt(entry);
      this.words.fill(0, start, start + this.valueWords);
    }
  }

  #hash(source: Uint32Array, at: number): number {
    let hash = this.#seed;
    for (let i = 0; i < this.keyWords; i++) {
      hash = Math.imul(hash ^ source[at + i]!, 0x85eb_ca6b);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0xc2b2_ae35);
    return hash ^ (hash >>> 16);
  }

  #isKey(entry: number, source: Uint32Array, at: number): boolean {
    const { words, keyWords } = this;
    const start = entry * this.stride;
    for (let i = 0; i < keyWords; i++) if (words[start + i] !== source[at + i]) return false;
    return true;
  }

  #growWords(): void {
    const grown = new Uint32Array(this.words.length * 2);
    grown.set(this.words);
    this.words = grown;
  }

  #growPlaces(): void {
    const mask = this.#places.length * 2 - 1;
    const places = new Int32Array(mask + 1);
    for (let entry = 0; entry < this.count; entry++) {
      let place = this.#hash(this.words, entry * this.stride) & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = entry + 1;
    }
    this.#places = places;
    this.#mask = mask;
  }
}
