/**
 * Puts maps one after another into a linear memory. Where a map lies is a function of the specs and the number of
 * processors alone.
 */
import { UnsupportedError } from '../../base/index.ts';
import { ArrayMap, arrayMapBytes } from './array-map.ts';
import { HashMap, hashMapBytes } from './hash-map.ts';
import type { KeyedMap } from './keyed-map.ts';
import { LpmTrieMap, lpmTrieMapBytes } from './lpm-trie-map.ts';
import { alignBytes, type MapMemory } from './map-memory.ts';
import {
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_LPM_TRIE,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_LRU_PERCPU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  BPF_MAP_TYPE_RINGBUF,
  checkMapSpec,
  type MapSpec,
} from './map-spec.ts';
import { RingBufferMap, ringBufferMapBytes } from './ring-buffer-map.ts';

export type BpfMap = KeyedMap | RingBufferMap;

/** The most that the maps of one program may take together. */
const MAX_BYTES = 1 << 30;

/** Maps begin where a line of the cache does. */
const MAP_ALIGNMENT = 64;

/** Where each map goes, and the end of the last. @throws MapError, UnsupportedError when they take more than 1 GiB */
export function layOutMaps(
  specs: readonly MapSpec[],
  offset: number,
  cpus: number,
): { readonly offsets: readonly number[]; readonly endOffset: number } {
  let end = offset;
  const offsets = specs.map((spec) => {
    const at = Math.ceil(end / MAP_ALIGNMENT) * MAP_ALIGNMENT;
    end = at + mapBytes(spec, cpus);
    if (end - offset > MAX_BYTES) {
      throw new UnsupportedError(
        `maps of ${end - offset} bytes, up to ${spec.name}: expected ${MAX_BYTES} at most`,
        'smaller max_entries',
      );
    }
    return at;
  });
  return { offsets, endOffset: end };
}

function mapBytes(spec: MapSpec, cpus: number): number {
  const { perCpu } = checkMapSpec(spec);
  const values = perCpu ? cpus : 1;
  switch (spec.type) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return alignBytes(arrayMapBytes(spec, values));
    case BPF_MAP_TYPE_LPM_TRIE:
      return lpmTrieMapBytes(spec);
    case BPF_MAP_TYPE_RINGBUF:
      return ringBufferMapBytes(spec);
    default:
      return hashMapBytes(spec, values);
  }
}

export interface PlaceOptions {
  /** Where layOutMaps starts; the memory from there on is zero and long enough. */
  readonly offset: number;
  /** Of the hashes. */
  readonly seed: number;
}

/** Makes the maps, in the order of the specs, where layOutMaps says. */
export function placeMaps(
  specs: readonly MapSpec[],
  memory: MapMemory,
  { offset, seed }: PlaceOptions,
): BpfMap[] {
  const { offsets } = layOutMaps(specs, offset, memory.cpus);
  return specs.map((spec, n) => placeMap(spec, memory, offsets[n]!, seed));
}

function placeMap(spec: MapSpec, memory: MapMemory, at: number, seed: number): BpfMap {
  const isPerCpu = checkMapSpec(spec).perCpu;
  switch (spec.type) {
    case BPF_MAP_TYPE_ARRAY:
    case BPF_MAP_TYPE_PERCPU_ARRAY:
      return new ArrayMap(spec, memory, at, isPerCpu);
    case BPF_MAP_TYPE_LPM_TRIE:
      return new LpmTrieMap(spec, memory, at);
    case BPF_MAP_TYPE_RINGBUF:
      return new RingBufferMap(spec, memory, at);
    default: {
      const isLru = spec.type === BPF_MAP_TYPE_LRU_HASH || spec.type === BPF_MAP_TYPE_LRU_PERCPU_HASH;
      return new HashMap(spec, memory, at, { isPerCpu, isLru, seed });
    }
  }
}
