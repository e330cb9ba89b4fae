/**
 * Entries {hash, key, value} in one growing array of 32-bit words: what maps are gathered in. Nothing is made for each
 * entry. Keys come with the hash that their writer worked out, so that entries lie in the order in which the writers'
 * tables are walked; a table whose hashes turn out bad (a peer may write what it likes) works out its own from then on.
 */
const FIRST_PLACES = 16;
const FIRST_ENTRIES = 8;
/** Steps of a search beyond the first, for each entry and to begin with, until hashes count as bad. */
const BAD_STEPS = 8;
const BAD_STEPS_AT_FIRST = 4096;

export class EntryTable {
  /** Words of a key (may be 0) and of a value. */
  readonly keyWords: number;
  readonly valueWords: number;
  readonly stride: number;
  /** Borrowed; another array after entries were made. Entry e begins at e * stride with its hash; its key follows. */
  words: Uint32Array<ArrayBuffer>;
  /** Entries that there are: 0 to count - 1. */
  count = 0;

  /** Number of the entry + 1 by hash; 0 for none. At most half full. */
  #places: Int32Array<ArrayBuffer> = new Int32Array(FIRST_PLACES);
  #mask: number = FIRST_PLACES - 1;
  #stepsLeft: number = BAD_STEPS_AT_FIRST;
  /** Of hashes of our own; undefined while those that come along are good. */
  #seed: number | undefined;

  constructor(keyWords: number, valueWords: number) {
    this.keyWords = keyWords;
    this.valueWords = valueWords;
    this.stride = 1 + keyWords + valueWords;
    this.words = new Uint32Array(this.stride * FIRST_ENTRIES);
  }

  /** The entry of the key at `at` of `source`; -1 when there is none. */
  find(hash: number, source: Uint32Array, at: number): number {
    return this.#places[this.#search(hash, source, at)]! - 1;
  }

  /** The entry of the key; a new one has a value of zeros. */
  findOrMake(hash: number, source: Uint32Array, at: number): number {
    const place = this.#search(hash, source, at);
    const entry = this.#places[place]! - 1;
    return entry < 0 ? this.#make(place, hash, source, at) : entry;
  }

  hashAt(entry: number): number {
    return this.words[entry * this.stride]!;
  }

  /** The first word of an entry's key. */
  keyAt(entry: number): number {
    return entry * this.stride + 1;
  }

  /** The first word of an entry's value. */
  valueAt(entry: number): number {
    return entry * this.stride + 1 + this.keyWords;
  }

  clear(): void {
    this.words.fill(0, 0, this.count * this.stride);
    this.#places.fill(0);
    this.count = 0;
  }

  /** Takes out every key that `other` has. */
  remove(other: EntryTable): void {
    const { words, stride } = this;
    let kept = 0;
    for (let entry = 0; entry < this.count; entry++) {
      if (other.find(this.hashAt(entry), words, this.keyAt(entry)) >= 0) continue;
      words.copyWithin(kept++ * stride, entry * stride, (entry + 1) * stride);
    }
    words.fill(0, kept * stride, this.count * stride);
    this.count = kept;
    this.#place(this.#places.length);
  }

  /** Keeps the keys. */
  zeroValues(): void {
    for (let entry = 0; entry < this.count; entry++) {
      const start = this.valueAt(entry);
      this.words.fill(0, start, start + this.valueWords);
    }
  }

  /** The place of the key's entry, or the one where it belongs. */
  #search(hash: number, source: Uint32Array, at: number): number {
    const places = this.#places;
    const mask = this.#mask;
    const { words, stride, keyWords } = this;
    const first = (this.#seed === undefined ? hash : this.#ownHash(source, at)) & mask;
    let place = first;
    for (; ; place = (place + 1) & mask) {
      const entry = places[place]! - 1;
      if (entry < 0) break;
      let i = 0;
      for (let word = entry * stride + 1; i < keyWords && words[word] === source[at + i]; i++) word++;
      if (i === keyWords) break;
    }
    if (place !== first) this.#stepsLeft -= (place - first) & mask;
    return place;
  }

  #make(place: number, hash: number, source: Uint32Array, at: number): number {
    const entry = this.count++;
    this.#places[place] = this.count;
    const start = entry * this.stride;
    if (start + this.stride > this.words.length) this.#growWords();
    this.words[start] = hash;
    for (let i = 0; i < this.keyWords; i++) this.words[start + 1 + i] = source[at + i]!;
    this.#stepsLeft += BAD_STEPS;
    if (2 * this.count > this.#places.length) this.#place(this.#places.length * 2);
    else if (this.#stepsLeft < 0 && this.#seed === undefined) this.#distrust();
    return entry;
  }

  #distrust(): void {
    this.#seed = (Math.random() * 2 ** 32) | 0;
    this.#place(this.#places.length);
  }

  #growWords(): void {
    const grown = new Uint32Array(this.words.length * 2);
    grown.set(this.words);
    this.words = grown;
  }

  /** Puts all entries into so many places anew. */
  #place(count: number): void {
    const mask = count - 1;
    const places = new Int32Array(count);
    for (let entry = 0; entry < this.count; entry++) {
      const hash =
        this.#seed === undefined ? this.hashAt(entry) : this.#ownHash(this.words, this.keyAt(entry));
      let place = hash & mask;
      while (places[place] !== 0) place = (place + 1) & mask;
      places[place] = entry + 1;
    }
    this.#places = places;
    this.#mask = mask;
  }

  #ownHash(source: Uint32Array, at: number): number {
    let hash = this.#seed!;
    for (let i = 0; i < this.keyWords; i++) {
      hash = Math.imul(hash ^ source[at + i]!, 0x85eb_ca6b);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash, 0xc2b2_ae35);
    return hash ^ (hash >>> 16);
  }
}
