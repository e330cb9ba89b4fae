/**
 * Hashes, and hashes that forget what was not used for the longest time (LRU). All entries are made in advance and sit
 * in chains; numbers are 32 bits, little-endian, links are addresses with 0 for none. Layout:
 * ```
 *   +0    free      the first of the entries that are not used, chained by `next`
 *   +4    count     of the entries that are used
 *   +8    newest    the ends of the chain in order of use, kept for LRU only
 *   +12   oldest
 *   +16   heads     4 bytes for each chain; as many chains as max_entries, rounded up to a power of two
 *   ...   entries, from a multiple of 8:
 *           +0   next     +4   hash     +8   newer     +12  older
 *           +16  key, padded to 8
 *           ...  value of cpu 0, padded to 8 | of cpu 1 | ...      (one cpu unless the map is per-cpu)
 * ```
 * An update changes a value in place. LRU is exact: lookups and updates of programs make an entry the newest, and a new
 * entry in a full map takes the place of the oldest. (The kernel's is an approximation.) The hash is seeded, which
 * spreads keys that were not made to collide; chains of crafted keys are as long as max_entries allows.
 */
import { BPF_EXIST, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, type KeyedMap } from './keyed-map.ts';
import { alignBytes, type MapMemory } from './map-memory.ts';
import type { MapSpec } from './map-spec.ts';

const FREE = 0;
const COUNT = 4;
const NEWEST = 8;
const OLDEST = 12;
const HEADS = 16;

const NEXT = 0;
const HASH = 4;
const NEWER = 8;
const OLDER = 12;
const KEY = 16;

export function hashMapBytes(spec: MapSpec, cpus: number): number {
  return entriesOffset(spec) + entryBytes(spec, cpus) * spec.maxEntries;
}

function chainCount({ maxEntries }: MapSpec): number {
  return 2 ** Math.ceil(Math.log2(maxEntries));
}

function entriesOffset(spec: MapSpec): number {
  return alignBytes(HEADS + 4 * chainCount(spec));
}

function entryBytes({ keyBytes, valueBytes }: MapSpec, cpus: number): number {
  return KEY + alignBytes(keyBytes) + alignBytes(valueBytes) * cpus;
}

export interface HashOptions {
  readonly isPerCpu: boolean;
  readonly isLru: boolean;
  readonly seed: number;
}

export class HashMap implements KeyedMap {
  readonly spec: MapSpec;
  readonly at: number;
  readonly cpuStrideBytes: number;
  readonly #memory: MapMemory;
  readonly #isLru: boolean;
  readonly #seed: number;
  readonly #chainMask: number;
  readonly #valueOffset: number;
  readonly #valuesBytes: number;

  /** In zeroed memory at `at`, of hashMapBytes. */
  constructor(spec: MapSpec, memory: MapMemory, at: number, { isPerCpu, isLru, seed }: HashOptions) {
    const stride = alignBytes(spec.valueBytes);
    const cpus = isPerCpu ? memory.cpus : 1;
    this.spec = spec;
    this.at = at;
    this.cpuStrideBytes = isPerCpu ? stride : 0;
    this.#memory = memory;
    this.#isLru = isLru;
    this.#seed = seed;
    this.#chainMask = chainCount(spec) - 1;
    this.#valueOffset = KEY + alignBytes(spec.keyBytes);
    this.#valuesBytes = stride * cpus;
    const first = at + entriesOffset(spec);
    const bytes = entryBytes(spec, cpus);
    for (let n = spec.maxEntries - 1; n >= 0; n--) this.#release(first + n * bytes);
  }

  lookup(keyAt: number): number {
    const entry = this.#find(keyAt, this.#hash(keyAt));
    if (entry === 0) return 0;
    if (this.#isLru) this.#use(entry);
    return entry + this.#valueOffset + this.#memory.cpu * this.cpuStrideBytes;
  }

  update(keyAt: number, valueAt: number, flags: number): number {
    if (flags < 0 || flags > BPF_EXIST) return -EINVAL;
    const memory = this.#memory;
    const hash = this.#hash(keyAt);
    let entry = this.#find(keyAt, hash);
    if (entry !== 0 && flags === BPF_NOEXIST) return -EEXIST;
    if (entry === 0) {
      if (flags === BPF_EXIST) return -ENOENT;
      entry = this.#take();
      if (entry === 0) return -E2BIG;
      // The key first: it may lie in the value of the entry that had to go.
      memory.copy(entry + KEY, keyAt, this.spec.keyBytes);
      this.#link(entry, hash);
      if (this.cpuStrideBytes !== 0) this.#clearOtherCpus(entry);
    } else if (this.#isLru) {
      this.#use(entry);
    }
    memory.copy(entry + this.#valueOffset + memory.cpu * this.cpuStrideBytes, valueAt, this.spec.valueBytes);
    return 0;
  }

  delete(keyAt: number): number {
    const entry = this.#find(keyAt, this.#hash(keyAt));
    if (entry === 0) return -ENOENT;
    this.#unlink(entry);
    this.#release(entry);
    return 0;
  }

  forEach(visit: (keyAt: number, valueAt: number) => void): void {
    const memory = this.#memory;
    for (let chain = 0; chain <= this.#chainMask; chain++) {
      let entry = memory.load(this.at + HEADS + 4 * chain);
      for (; entry !== 0; entry = memory.load(entry + NEXT)) visit(entry + KEY, entry + this.#valueOffset);
    }
  }

  #find(keyAt: number, hash: number): number {
    const memory = this.#memory;
    const { keyBytes } = this.spec;
    let entry = memory.load(this.#headOf(hash));
    while (entry !== 0) {
      if (memory.load(entry + HASH) === hash && memory.isEqual(entry + KEY, keyAt, keyBytes)) return entry;
      entry = memory.load(entry + NEXT);
    }
    return 0;
  }

  #headOf(hash: number): number {
    return this.at + HEADS + 4 * (hash & this.#chainMask);
  }

  /** An entry that is in no chain; 0 when the map is full and may not forget. */
  #take(): number {
    const memory = this.#memory;
    let entry = memory.load(this.at + FREE);
    if (entry !== 0) {
      memory.store(this.at + FREE, memory.load(entry + NEXT));
      return entry;
    }
    if (!this.#isLru) return 0;
    entry = memory.load(this.at + OLDEST);
    this.#unlink(entry);
    return entry;
  }

  #release(entry: number): void {
    this.#memory.store(entry + NEXT, this.#memory.load(this.at + FREE));
    this.#memory.store(this.at + FREE, entry);
  }

  #link(entry: number, hash: number): void {
    const memory = this.#memory;
    const head = this.#headOf(hash);
    memory.store(entry + HASH, hash);
    memory.store(entry + NEXT, memory.load(head));
    memory.store(head, entry);
    memory.store(this.at + COUNT, memory.load(this.at + COUNT) + 1);
    if (this.#isLru) this.#linkNewest(entry);
  }

  #unlink(entry: number): void {
    const memory = this.#memory;
    let link = this.#headOf(memory.load(entry + HASH));
    while (memory.load(link) !== entry) link = memory.load(link) + NEXT;
    memory.store(link, memory.load(entry + NEXT));
    memory.store(this.at + COUNT, memory.load(this.at + COUNT) - 1);
    if (this.#isLru) this.#unlinkUse(entry);
  }

  #use(entry: number): void {
    if (this.#memory.load(this.at + NEWEST) === entry) return;
    this.#unlinkUse(entry);
    this.#linkNewest(entry);
  }

  #linkNewest(entry: number): void {
    const memory = this.#memory;
    const newest = memory.load(this.at + NEWEST);
    memory.store(entry + NEWER, 0);
    memory.store(entry + OLDER, newest);
    memory.store(newest === 0 ? this.at + OLDEST : newest + NEWER, entry);
    memory.store(this.at + NEWEST, entry);
  }

  #unlinkUse(entry: number): void {
    const memory = this.#memory;
    const newer = memory.load(entry + NEWER);
    const older = memory.load(entry + OLDER);
    memory.store(newer === 0 ? this.at + NEWEST : newer + OLDER, older);
    memory.store(older === 0 ? this.at + OLDEST : older + NEWER, newer);
  }

  #clearOtherCpus(entry: number): void {
    const values = entry + this.#valueOffset;
    const mine = values + this.#memory.cpu * this.cpuStrideBytes;
    this.#memory.bytes.fill(0, values, mine);
    this.#memory.bytes.fill(0, mine + this.cpuStrideBytes, values + this.#valuesBytes);
  }

  /** 32 bits of the key: a multiplication and a rotation for each word, and a last mix. */
  #hash(keyAt: number): number {
    const { view, bytes } = this.#memory;
    const end = keyAt + this.spec.keyBytes;
    let hash = this.#seed ^ this.spec.keyBytes;
    let at = keyAt;
    for (; at + 4 <= end; at += 4) hash = mix(hash, view.getInt32(at, true));
    for (; at < end; at++) hash = mix(hash, bytes[at]!);
    hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
    hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
    return (hash ^ (hash >>> 16)) >>> 0;
  }
}

function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return (product << 15) | (product >>> 17);
}
