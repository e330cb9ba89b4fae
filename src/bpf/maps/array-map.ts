/**
 * Arrays: every entry is there from the start, is zero, and stays. Layout, `stride` being the value's size rounded up
 * to 8:
 * ```
 *   +0      an index, written for forEach only
 *   +8      value 0 of cpu 0 | of cpu 1 | ... | value 1 of cpu 0 | ...      (one cpu unless the map is per-cpu)
 * ```
 */
import { BPF_EXIST, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, type KeyedMap } from './keyed-map.ts';
import { alignBytes, type MapMemory } from './map-memory.ts';
import type { MapSpec } from './map-spec.ts';

const VALUES = 8;

export function arrayMapBytes({ valueBytes, maxEntries }: MapSpec, cpus: number): number {
  return VALUES + alignBytes(valueBytes) * cpus * maxEntries;
}

export class ArrayMap implements KeyedMap {
  readonly spec: MapSpec;
  readonly at: number;
  readonly cpuStrideBytes: number;
  readonly #memory: MapMemory;
  readonly #entryBytes: number;

  /** In zeroed memory at `at`, of arrayMapBytes. */
  constructor(spec: MapSpec, memory: MapMemory, at: number, isPerCpu: boolean) {
    const stride = alignBytes(spec.valueBytes);
    this.spec = spec;
    this.at = at;
    this.cpuStrideBytes = isPerCpu ? stride : 0;
    this.#memory = memory;
    this.#entryBytes = stride * (isPerCpu ? memory.cpus : 1);
  }

  lookup(keyAt: number): number {
    const index = this.#memory.load(keyAt);
    if (index >= this.spec.maxEntries) return 0;
    return this.at + VALUES + index * this.#entryBytes + this.#memory.cpu * this.cpuStrideBytes;
  }

  update(keyAt: number, valueAt: number, flags: number): number {
    if (flags < 0 || flags > BPF_EXIST) return -EINVAL;
    const value = this.lookup(keyAt);
    if (value === 0) return -E2BIG;
    if (flags === BPF_NOEXIST) return -EEXIST;
    this.#memory.copy(value, valueAt, this.spec.valueBytes);
    return 0;
  }

  delete(): number {
    return -EINVAL;
  }

  forEach(visit: (keyAt: number, valueAt: number) => void): void {
    for (let index = 0; index < this.spec.maxEntries; index++) {
      this.#memory.store(this.at, index);
      visit(this.at, this.at + VALUES + index * this.#entryBytes);
    }
  }
}
