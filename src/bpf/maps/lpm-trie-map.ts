/**
 * Longest-prefix match, for routes and subnets. A key is a length in bits (32 bits, little-endian) and bytes in network
 * order of which that many bits count; a lookup gives the value of the longest prefix that the key begins with. A binary
 * trie without one-armed branches: a node either is an entry or has two children. Layout:
 * ```
 *   +0    free      the first unused node, chained by child 0
 *   +4    count     of the entries
 *   +8    root      the address of a node; 0 for none
 *   +16   nodes, 2 * max_entries of them:
 *           +0   child 0     +4   child 1     +8   isEntry (1 or 0)    +12  length of the prefix in bits
 *           +16  bytes of the prefix, padded to 8
 *           ...  value, padded to 8
 * ```
 * `length` and `bytes` of a node stand together as they do in a key.
 */
import { BPF_EXIST, BPF_NOEXIST, EEXIST, EINVAL, ENOENT, ENOSPC, type KeyedMap } from './keyed-map.ts';
import { alignBytes, type MapMemory } from './map-memory.ts';
import type { MapSpec } from './map-spec.ts';

const FREE = 0;
const COUNT = 4;
const ROOT = 8;
const NODES = 16;

const CHILD = 0;
const IS_ENTRY = 8;
const KEY = 12;
/** Within a key. */
const DATA = 4;

export function lpmTrieMapBytes(spec: MapSpec): number {
  return NODES + nodeBytes(spec) * 2 * spec.maxEntries;
}

function valueOffset({ keyBytes }: MapSpec): number {
  return KEY + DATA + alignBytes(keyBytes - DATA);
}

function nodeBytes(spec: MapSpec): number {
  return valueOffset(spec) + alignBytes(spec.valueBytes);
}

export class LpmTrieMap implements KeyedMap {
  readonly spec: MapSpec;
  readonly at: number;
  readonly cpuStrideBytes: number = 0;
  readonly #memory: MapMemory;
  readonly #mostBits: number;
  readonly #valueOffset: number;

  /** In zeroed memory at `at`, of lpmTrieMapBytes. */
  constructor(spec: MapSpec, memory: MapMemory, at: number) {
    this.spec = spec;
    this.at = at;
    this.#memory = memory;
    this.#mostBits = 8 * (spec.keyBytes - DATA);
    this.#valueOffset = valueOffset(spec);
    const bytes = nodeBytes(spec);
    for (let n = 2 * spec.maxEntries - 1; n >= 0; n--) this.#release(at + NODES + n * bytes);
  }

  lookup(keyAt: number): number {
    const memory = this.#memory;
    const bits = memory.load(keyAt);
    if (bits > this.#mostBits) return 0;
    let found = 0;
    let node = memory.load(this.at + ROOT);
    while (node !== 0) {
      const nodeBits = memory.load(node + KEY);
      if (this.#commonBits(node + KEY, keyAt) < nodeBits) break;
      if (memory.load(node + IS_ENTRY) !== 0) found = node + this.#valueOffset;
      if (nodeBits === bits) break;
      node = memory.load(this.#childFor(node, keyAt, nodeBits));
    }
    return found;
  }

  update(keyAt: number, valueAt: number, flags: number): number {
    const memory = this.#memory;
    const bits = memory.load(keyAt);
    if (flags < 0 || flags > BPF_EXIST || bits > this.#mostBits) return -EINVAL;
    let link = this.at + ROOT;
    let node = memory.load(link);
    let common = 0;
    while (node !== 0) {
      const nodeBits = memory.load(node + KEY);
      common = this.#commonBits(node + KEY, keyAt);
      if (common < nodeBits || nodeBits === bits) break;
      link = this.#childFor(node, keyAt, nodeBits);
      node = memory.load(link);
    }
    const isSame = node !== 0 && common === bits && memory.load(node + KEY) === bits;
    if (isSame && memory.load(node + IS_ENTRY) !== 0) {
      if (flags === BPF_NOEXIST) return -EEXIST;
      memory.copy(node + this.#valueOffset, valueAt, this.spec.valueBytes);
      return 0;
    }
    if (flags === BPF_EXIST) return -ENOENT;
    const count = memory.load(this.at + COUNT);
    if (count >= this.spec.maxEntries) return -ENOSPC;
    memory.store(this.at + COUNT, count + 1);
    const entry = isSame ? node : this.#insert(link, node, keyAt, common);
    memory.store(entry + IS_ENTRY, 1);
    memory.copy(entry + this.#valueOffset, valueAt, this.spec.valueBytes);
    return 0;
  }

  delete(keyAt: number): number {
    const memory = this.#memory;
    const bits = memory.load(keyAt);
    if (bits > this.#mostBits) return -EINVAL;
    let parent = 0;
    let parentLink = 0;
    let link = this.at + ROOT;
    let node = memory.load(link);
    for (; node !== 0; node = memory.load(link)) {
      const nodeBits = memory.load(node + KEY);
      if (this.#commonBits(node + KEY, keyAt) < nodeBits) return -ENOENT;
      if (nodeBits === bits) break;
      parent = node;
      parentLink = link;
      link = this.#childFor(node, keyAt, nodeBits);
    }
    if (node === 0 || memory.load(node + IS_ENTRY) === 0) return -ENOENT;
    memory.store(this.at + COUNT, memory.load(this.at + COUNT) - 1);
    const left = memory.load(node + CHILD);
    const right = memory.load(node + CHILD + 4);
    if (left !== 0 && right !== 0) {
      memory.store(node + IS_ENTRY, 0);
      return 0;
    }
    memory.store(link, left !== 0 ? left : right);
    this.#release(node);
    const isBranch = parent !== 0 && memory.load(parent + IS_ENTRY) === 0;
    if (isBranch && left === 0 && right === 0) {
      // One of its arms is gone: the other takes its place.
      const other = memory.load(parent + CHILD);
      memory.store(parentLink, other !== 0 ? other : memory.load(parent + CHILD + 4));
      this.#release(parent);
    }
    return 0;
  }

  /** In the order of the bytes, a prefix before what it is a prefix of. */
  forEach(visit: (keyAt: number, valueAt: number) => void): void {
    const memory = this.#memory;
    const waiting = [memory.load(this.at + ROOT)];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node === 0) continue;
      if (memory.load(node + IS_ENTRY) !== 0) visit(node + KEY, node + this.#valueOffset);
      waiting.push(memory.load(node + CHILD + 4), memory.load(node + CHILD));
    }
  }

  /** A node for the key in front of `node` (0: where nothing is), of which `common` bits are the same. */
  #insert(link: number, node: number, keyAt: number, common: number): number {
    const memory = this.#memory;
    const entry = this.#take(keyAt);
    if (node === 0) {
      memory.store(link, entry);
    } else if (common === memory.load(keyAt)) {
      memory.store(this.#childFor(entry, node + KEY, common), node);
      memory.store(link, entry);
    } else {
      const branch = this.#take(node + KEY);
      memory.store(branch + KEY, common);
      memory.store(branch + IS_ENTRY, 0);
      memory.store(this.#childFor(branch, node + KEY, common), node);
      memory.store(this.#childFor(branch, keyAt, common), entry);
      memory.store(link, branch);
    }
    return entry;
  }

  /** There is always a node: fewer branches than entries exist. */
  #take(keyAt: number): number {
    const memory = this.#memory;
    const node = memory.load(this.at + FREE);
    memory.store(this.at + FREE, memory.load(node + CHILD));
    memory.store(node + CHILD, 0);
    memory.store(node + CHILD + 4, 0);
    memory.copy(node + KEY, keyAt, this.spec.keyBytes);
    return node;
  }

  #release(node: number): void {
    this.#memory.store(node + CHILD, this.#memory.load(this.at + FREE));
    this.#memory.store(this.at + FREE, node);
  }

  /** Where the address of the child is that the key's bit leads to. */
  #childFor(node: number, keyAt: number, bit: number): number {
    const byte = this.#memory.bytes[keyAt + DATA + (bit >> 3)]!;
    return node + CHILD + 4 * ((byte >> (7 - (bit & 7))) & 1);
  }

  /** How many bits two keys begin with in common, at most as many as both have. */
  #commonBits(a: number, b: number): number {
    const { bytes } = this.#memory;
    const most = Math.min(this.#memory.load(a), this.#memory.load(b));
    for (let bit = 0; bit < most; bit += 8) {
      const difference = bytes[a + DATA + (bit >> 3)]! ^ bytes[b + DATA + (bit >> 3)]!;
      if (difference !== 0) return Math.min(most, bit + Math.clz32(difference) - 24);
    }
    return most;
  }
}
