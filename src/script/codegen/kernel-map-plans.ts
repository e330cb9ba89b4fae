/**
 * The maps of a script of the form `kernel`, and those that its programs need beside them, numbered as programs name
 * them. Aggregations that no program reads have a value for each processor; what programs read is one for all.
 */
import { kernelMapType, LOST_EVENTS_MAP, NO_ROOM_MAP, STACKS_MAP, START_TIME_MAP } from '../../bpf/index.ts';
import { type KernelMapPlan, type MapPlan, valueBytes } from '../plan.ts';
import type { CheckedMap } from '../typed.ts';
import { mapValueBytes } from './map-values.ts';

/** Keys that a map has room for, when its values do not become too large by that. */
const MAX_ENTRIES = 16_384;
const MAX_MAP_BYTES = 16 * 1024 * 1024;
/** Of the ring. */
const RING_BYTES = 1 << 21;
const STACK_ENTRIES = 4096;
/** Of the scratch memory of a processor: {u64 in use, bytes}. */
export const SCRATCH_BYTES = 8192;

export class KernelMapPlans {
  readonly maps: readonly MapPlan[];
  readonly #kernelMaps: KernelMapPlan[] = [];

  constructor(maps: readonly CheckedMap[]) {
    this.maps = maps.map((map) => this.#plan(map));
  }

  /** What there is by now: programs ask for more while they are made. */
  get kernelMaps(): readonly KernelMapPlan[] {
    return this.#kernelMaps;
  }

  ring(): number {
    return this.#shared('events', kernelMapType.ringBuffer, 0, 0, RING_BYTES);
  }

  lostEvents(): number {
    return this.#shared(LOST_EVENTS_MAP, kernelMapType.perCpuArray, 4, 8, 1);
  }

  /** For each map of the script, how many updates found no room. */
  noRoom(): number {
    return this.#shared(NO_ROOM_MAP, kernelMapType.perCpuArray, 4, 8, Math.max(1, this.maps.length));
  }

  /** @param kind programs of different kinds may interrupt one another */
  scratch(kind: 'uprobe' | 'other'): number {
    return this.#shared(`scratch_${kind}`, kernelMapType.perCpuArray, 4, 8 + SCRATCH_BYTES, 1);
  }

  /** Zeros, as many as the largest value has. */
  zeros(): number {
    const most = Math.max(8, ...this.maps.map((map) => map.valueBytes));
    return this.#shared('zeros', kernelMapType.array, 4, most, 1);
  }

  startTime(): number {
    return this.#shared(START_TIME_MAP, kernelMapType.array, 4, 8, 1);
  }

  stacks(depth: number): number {
    return this.#shared(`${STACKS_MAP}${depth}`, kernelMapType.stackTrace, 4, 8 * depth, STACK_ENTRIES);
  }

  #shared(name: string, type: number, keyBytes: number, bytes: number, maxEntries: number): number {
    const known = this.#kernelMaps.findIndex((map) => map.name === name);
    return known >= 0 ? known : this.#add({ name, type, keyBytes, valueBytes: bytes, maxEntries });
  }

  #add(plan: KernelMapPlan): number {
    return this.#kernelMaps.push(plan) - 1;
  }

  #plan({ name, kind, keys, isRead }: CheckedMap): MapPlan {
    const keyBytes = keys.reduce((sum, key) => sum + valueBytes(key), 0);
    const bytes = mapValueBytes(kind);
    const isShared = isRead || kind.kind === 'value';
    let maxEntries = keys.length === 0 ? 1 : MAX_ENTRIES;
    while (maxEntries > 16 && maxEntries * (keyBytes + bytes) > MAX_MAP_BYTES) maxEntries /= 2;
    const index = this.#add({
      name: `map_${name.slice(1)}`,
      type: mapType(keys.length > 0, isShared),
      keyBytes: keys.length === 0 ? 4 : keyBytes,
      valueBytes: bytes,
      maxEntries,
    });
    const place = { kind: 'kernel', index } as const;
    return { name, kind, keys, keyBytes, valueBytes: bytes, maxEntries, place, isState: isRead };
  }
}

function mapType(hasKeys: boolean, isShared: boolean): number {
  if (hasKeys) return isShared ? kernelMapType.hash : kernelMapType.perCpuHash;
  return isShared ? kernelMapType.array : kernelMapType.perCpuArray;
}
