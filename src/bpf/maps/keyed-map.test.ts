/** Arrays, hashes and tries against models made of JavaScript's own collections: same results, same contents. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  BPF_ANY,
  BPF_EXIST,
  BPF_NOEXIST,
  E2BIG,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOSPC,
  type KeyedMap,
} from './keyed-map.ts';
import { MapMemory } from './map-memory.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_PERCPU_HASH,
  type MapSpec,
} from './map-spec.ts';
import { layOutMaps, placeMaps } from './place-maps.ts';
import { RingBufferMap } from './ring-buffer-map.ts';

const KEY = 65;
const VALUE = 417;
const FIRST = 1024;

/** A map in memory of its own, with keys and values as arrays of bytes. The places are odd on purpose. */
class Bench {
  readonly memory: MapMemory;
  readonly map: KeyedMap;
  readonly endOffset: number;

  constructor(spec: Partial<MapSpec> & { type: number }, { cpus = 1, seed = 1, shared = false } = {}) {
    const whole = { name: 'm', keyBytes: 4, valueBytes: 3, maxEntries: 4, flags: 0, ...spec };
    this.endOffset = layOutMaps([whole], FIRST, cpus).endOffset;
    const bytes = this.endOffset + 64;
    this.memory = new MapMemory(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes), cpus);
    // What the map must not touch.
    this.memory.bytes.fill(0xee, this.endOffset);
    const [map] = placeMaps([whole], this.memory, { offset: FIRST, seed });
    if (map instanceof RingBufferMap) throw new Error('no keyed map');
    this.map = map!;
  }

  update(key: readonly number[], value: readonly number[], flags = BPF_ANY): number {
    this.memory.bytes.set(key, KEY);
    this.memory.bytes.set(value, VALUE);
    return this.map.update(KEY, VALUE, flags);
  }

  lookup(key: readonly number[]): number[] | undefined {
    const at = this.address(key);
    return at === 0 ? undefined : [...this.memory.bytes.subarray(at, at + this.map.spec.valueBytes)];
  }

  address(key: readonly number[]): number {
    this.memory.bytes.set(key, KEY);
    return this.map.lookup(KEY);
  }

  delete(key: readonly number[]): number {
    this.memory.bytes.set(key, KEY);
    return this.map.delete(KEY);
  }

  entries(): [key: number[], value: number[]][] {
    const { bytes } = this.memory;
    const { keyBytes, valueBytes } = this.map.spec;
    const entries: [number[], number[]][] = [];
    this.map.forEach((key, value) => {
      entries.push([
        [...bytes.subarray(key, key + keyBytes)],
        [...bytes.subarray(value, value + valueBytes)],
      ]);
    });
    return entries;
  }

  /** Whether what lies behind the map is as it was. */
  isIntact(): boolean {
    return this.memory.bytes.subarray(this.endOffset).every((byte) => byte === 0xee);
  }
}

type Step =
  | { readonly kind: 'update'; readonly key: number[]; readonly value: number[]; readonly flags: number }
  | { readonly kind: 'lookup' | 'delete'; readonly key: number[] };

/** The same map in JavaScript. */
interface Model {
  update(key: number[], value: number[], flags: number): number;
  lookup(key: number[]): number[] | undefined;
  delete(key: number[]): number;
  entries(): [number[], number[]][];
}

const steps = (key: fc.Arbitrary<number[]>): fc.Arbitrary<Step[]> => {
  const value = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 });
  const flags = fc.oneof(
    { weight: 6, arbitrary: fc.constant(BPF_ANY) },
    { weight: 2, arbitrary: fc.constantFrom(BPF_NOEXIST, BPF_EXIST, 3, 2 ** 40) },
  );
  return fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('update' as const), key, value, flags }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constantFrom('lookup' as const, 'delete' as const), key }),
      },
    ),
    { maxLength: 80 },
  );
};

function agree(bench: Bench, model: Model, list: readonly Step[]): void {
  for (const step of list) {
    if (step.kind === 'update') {
      expect(bench.update(step.key, step.value, step.flags)).toBe(
        model.update(step.key, step.value, step.flags),
      );
    } else {
      expect(bench[step.kind](step.key)).toEqual(model[step.kind](step.key));
    }
  }
  const sorted = (entries: [number[], number[]][]) => entries.map((entry) => JSON.stringify(entry)).sort();
  expect(sorted(bench.entries())).toEqual(sorted(model.entries()));
  expect(bench.isIntact()).toBe(true);
}

/** Keys in the order of use, the oldest first, as Map keeps them. */
class HashModel implements Model {
  readonly #values = new Map<string, number[]>();
  readonly #maxEntries: number;
  readonly #isLru: boolean;

  constructor(maxEntries: number, isLru: boolean) {
    this.#maxEntries = maxEntries;
    this.#isLru = isLru;
  }

  update(key: number[], value: number[], flags: number): number {
    const name = String(key);
    if (flags > 2) return -EINVAL;
    if (this.#values.has(name)) {
      if (flags === BPF_NOEXIST) return -EEXIST;
      this.#values.delete(name);
    } else {
      if (flags === BPF_EXIST) return -ENOENT;
      if (this.#values.size === this.#maxEntries) {
        if (!this.#isLru) return -E2BIG;
        this.#values.delete(this.#values.keys().next().value!);
      }
    }
    this.#values.set(name, value);
    return 0;
  }

  lookup(key: number[]): number[] | undefined {
    const value = this.#values.get(String(key));
    if (value !== undefined && this.#isLru) this.update(key, value, BPF_ANY);
    return value;
  }

  delete(key: number[]): number {
    return this.#values.delete(String(key)) ? 0 : -ENOENT;
  }

  entries(): [number[], number[]][] {
    return [...this.#values].map(([key, value]) => [key.split(',').map(Number), value]);
  }
}

/** A list of prefixes; the lookup looks at all of them. */
class PrefixModel implements Model {
  readonly #entries = new Map<string, { bits: number; key: number[]; value: number[] }>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  static pattern([bits, , , , ...data]: number[]): string {
    return data
      .map((byte) => byte.toString(2).padStart(8, '0'))
      .join('')
      .slice(0, bits);
  }

  update(key: number[], value: number[], flags: number): number {
    if (flags > 2 || key[0]! > 16) return -EINVAL;
    const pattern = PrefixModel.pattern(key);
    const known = this.#entries.get(pattern);
    if (known !== undefined && flags === BPF_NOEXIST) return -EEXIST;
    if (known === undefined && flags === BPF_EXIST) return -ENOENT;
    if (known === undefined && this.#entries.size === this.#maxEntries) return -ENOSPC;
    this.#entries.set(pattern, { bits: key[0]!, key, value });
    return 0;
  }

  lookup(key: number[]): number[] | undefined {
    if (key[0]! > 16) return undefined;
    const wanted = PrefixModel.pattern(key);
    return [...this.#entries]
      .filter(([pattern]) => wanted.startsWith(pattern))
      .sort(([, a], [, b]) => b.bits - a.bits)[0]?.[1].value;
  }

  delete(key: number[]): number {
    if (key[0]! > 16) return -EINVAL;
    return this.#entries.delete(PrefixModel.pattern(key)) ? 0 : -ENOENT;
  }

  entries(): [number[], number[]][] {
    return [...this.#entries].map(([pattern, { bits, value }]) => [[bits, ...bytesOf(pattern)], value]);
  }
}

/** Bits behind the prefix do not count, and stay as they were given. */
class TrieBench extends Bench {
  override entries(): [number[], number[]][] {
    return super.entries().map(([key, value]) => [[key[0]!, ...bytesOf(PrefixModel.pattern(key))], value]);
  }
}

const bytesOf = (pattern: string) =>
  [0, 8].map((from) => Number.parseInt(pattern.slice(from, from + 8).padEnd(8, '0'), 2));

describe.each([
  ['hash', BPF_MAP_TYPE_HASH, false],
  ['LRU hash', BPF_MAP_TYPE_LRU_HASH, true],
  ['per-cpu hash', BPF_MAP_TYPE_PERCPU_HASH, false],
  ['per-cpu LRU hash', BPF_MAP_TYPE_LRU_PERCPU_HASH, true],
] as const)('%s', (_, type, isLru) => {
  test.each([1, 4, 5])('of %i entries does what a Map does', (maxEntries) => {
    const key = fc.integer({ min: 0, max: 7 }).map((n) => [n & 1, 0, 9, n >> 1, 7]);
    fc.assert(
      fc.property(steps(key), fc.integer(), (list, seed) => {
        const cpus = type === BPF_MAP_TYPE_HASH || type === BPF_MAP_TYPE_LRU_HASH ? 1 : 3;
        const bench = new Bench({ type, keyBytes: 5, maxEntries }, { seed, cpus });
        bench.memory.cpu = cpus - 1;
        const model = new HashModel(maxEntries, isLru);
        if (cpus === 1) return agree(bench, model, list);
        // What forEach gives is the first processor's value.
        agree(bench, { ...bound(model), entries: () => model.entries().map(([k]) => [k, [0, 0, 0]]) }, list);
      }),
      { numRuns: 150 },
    );
  });

  test('a value stays where it is', () => {
    const bench = new Bench({ type });
    bench.update([1, 0, 0, 0], [1, 2, 3]);
    const at = bench.address([1, 0, 0, 0]);
    for (const n of [2, 3, 4]) bench.update([n, 0, 0, 0], [n, n, n]);
    bench.update([1, 0, 0, 0], [9, 9, 9]);
    expect(bench.address([1, 0, 0, 0])).toBe(at);
    expect(bench.memory.bytes[at]).toBe(9);
    expect(at % 8).toBe(0);
  });
});

function bound(model: Model): Omit<Model, 'entries'> {
  return {
    update: (...args) => model.update(...args),
    lookup: (key) => model.lookup(key),
    delete: (key) => model.delete(key),
  };
}

test('an LRU hash forgets what was not used for the longest time; reading all of it uses nothing', () => {
  const bench = new Bench({ type: BPF_MAP_TYPE_LRU_HASH, maxEntries: 3 });
  const key = (n: number) => [n, 0, 0, 0];
  for (const n of [1, 2, 3]) bench.update(key(n), [n, 0, 0]);
  bench.entries();
  bench.lookup(key(1));
  bench.update(key(2), [2, 2, 2]);
  bench.update(key(4), [4, 0, 0]);
  expect(bench.lookup(key(3))).toBeUndefined();
  bench.update(key(5), [5, 0, 0]);
  expect(
    bench
      .entries()
      .map(([[n]]) => n)
      .sort(),
  ).toEqual([2, 4, 5]);
});

test('key and value of an update may lie in the entry that has to go', () => {
  const bench = new Bench({ type: BPF_MAP_TYPE_LRU_HASH, maxEntries: 1, valueBytes: 4 });
  bench.update([1, 0, 0, 0], [2, 0, 0, 0]);
  const value = bench.address([1, 0, 0, 0]);
  expect(bench.map.update(value, value, BPF_ANY)).toBe(0);
  expect(bench.entries()).toEqual([
    [
      [2, 0, 0, 0],
      [2, 0, 0, 0],
    ],
  ]);
});

test('a per-cpu value is one for each processor, and a new entry is zero for the others', () => {
  for (const type of [BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY]) {
    const bench = new Bench({ type, maxEntries: 1 }, { cpus: 3 });
    const key = [0, 0, 0, 0];
    for (const cpu of [2, 0]) {
      bench.memory.cpu = cpu;
      bench.update(key, [cpu + 1, 7, 7]);
    }
    const seen = [0, 1, 2].map((cpu) => {
      bench.memory.cpu = cpu;
      return bench.lookup(key);
    });
    expect(seen).toEqual([
      [1, 7, 7],
      [0, 0, 0],
      [3, 7, 7],
    ]);
    bench.map.forEach((_, value) => {
      bench.memory.cpu = 2;
      expect(value + 2 * bench.map.cpuStrideBytes).toBe(bench.address(key));
    });
    if (type === BPF_MAP_TYPE_PERCPU_ARRAY) continue;
    bench.delete(key);
    bench.memory.cpu = 1;
    bench.update(key, [5, 5, 5]);
    bench.memory.cpu = 2;
    expect(bench.lookup(key)).toEqual([0, 0, 0]);
  }
});

describe('array', () => {
  const key = (n: number) => [n & 255, 0, 0, n >> 8];

  test('every entry is there, zero, and stays', () => {
    const bench = new Bench({ type: BPF_MAP_TYPE_ARRAY, maxEntries: 3 }, { shared: true });
    expect(bench.entries()).toEqual([0, 1, 2].map((n) => [key(n), [0, 0, 0]]));
    expect(bench.update(key(2), [1, 2, 3])).toBe(0);
    expect(bench.lookup(key(2))).toEqual([1, 2, 3]);
    expect(bench.lookup(key(3))).toBeUndefined();
    expect(bench.address(key(2)) - bench.address(key(1))).toBe(8);
  });

  test.each([
    ['beyond the end', key(3), BPF_ANY, -E2BIG],
    ['far beyond the end', [0, 0, 0, 0x80], BPF_ANY, -E2BIG],
    ['that must not exist', key(0), BPF_NOEXIST, -EEXIST],
    ['that must exist', key(0), BPF_EXIST, 0],
    ['with an unknown flag', key(0), 4, -EINVAL],
  ])('an update of an entry %s', (_, wanted, flags, result) => {
    const bench = new Bench({ type: BPF_MAP_TYPE_ARRAY, maxEntries: 3 });
    expect(bench.update(wanted, [1, 1, 1], flags)).toBe(result);
  });

  test('nothing can be deleted', () => {
    expect(new Bench({ type: BPF_MAP_TYPE_ARRAY }).delete(key(0))).toBe(-EINVAL);
  });
});

describe('longest prefix match', () => {
  const prefix = (bits: number, a: number, b: number) => [bits, 0, 0, 0, a, b];

  test.each([1, 3, 40])('with %i entries does what a list does', (maxEntries) => {
    const key = fc
      .tuple(
        fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: 0, max: 16 }) },
          { weight: 1, arbitrary: fc.constant(17) },
        ),
        fc.constantFrom(0x00, 0x80, 0xc0, 0xff, 0x55, 0x01),
        fc.constantFrom(0x00, 0x80, 0xc0, 0xff),
      )
      .map(([bits, a, b]) => prefix(bits, a, b));
    fc.assert(
      fc.property(steps(key), (list) => {
        const bench = new TrieBench({ type: BPF_MAP_TYPE_LPM_TRIE, keyBytes: 6, maxEntries });
        agree(bench, new PrefixModel(maxEntries), list);
      }),
      { numRuns: 300 },
    );
  });

  test('all nodes come back: a full trie can be emptied and filled again', () => {
    const bench = new Bench({ type: BPF_MAP_TYPE_LPM_TRIE, keyBytes: 6, maxEntries: 64 });
    for (let round = 0; round < 3; round++) {
      const keys = Array.from({ length: 64 }, (_, n) => prefix(16, (n * 37) & 255, (n * 11 + round) & 255));
      for (const key of keys) expect(bench.update(key, [1, 1, 1])).toBe(0);
      expect(bench.update(prefix(3, 0x20, 0), [1, 1, 1])).toBe(-ENOSPC);
      for (const key of keys) expect(bench.delete(key)).toBe(0);
      expect(bench.entries()).toEqual([]);
      let free = 0;
      for (let node = FIRST; node !== 0 && free < 1000; free++) node = bench.memory.load(node);
      expect(free).toBe(1 + 2 * 64);
    }
  });

  test('entries come in the order of their bytes, short prefixes first', () => {
    const bench = new Bench({ type: BPF_MAP_TYPE_LPM_TRIE, keyBytes: 6, maxEntries: 4 });
    const keys = [prefix(16, 10, 1), prefix(0, 0, 0), prefix(8, 192, 0), prefix(8, 10, 0)];
    for (const key of keys) bench.update(key, [0, 0, 0]);
    expect(bench.entries().map(([key]) => key)).toEqual([keys[1], keys[3], keys[0], keys[2]]);
  });
});
