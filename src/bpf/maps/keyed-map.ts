/**
 * The one interface of the maps that have keys and values: arrays, hashes, tries. Keys and values are given by their
 * address in the linear memory, so that no operation allocates; what a lookup gives stays where it is until the entry is
 * deleted, so that a program may write through it. Errors are those of the kernel's maps, as negative numbers.
 */
import type { MapSpec } from './map-spec.ts';

export const EAGAIN = 11;
export const E2BIG = 7;
export const ENOENT = 2;
export const EEXIST = 17;
export const EINVAL = 22;
export const ENOSPC = 28;

/** What an update may do: anything, make a new entry only, or change one that is there. */
export const BPF_ANY = 0;
export const BPF_NOEXIST = 1;
export const BPF_EXIST = 2;

export interface KeyedMap {
  readonly spec: MapSpec;
  readonly at: number;
  /** Bytes from a value to the same entry's value for the next processor; 0 when there is one for all. */
  readonly cpuStrideBytes: number;
  /** The address of the value (of this processor's, in a per-cpu map), or 0 when there is none. */
  lookup(keyAt: number): number;
  /** @returns 0, -EINVAL for flags above BPF_EXIST, -ENOENT, -EEXIST, or -E2BIG or -ENOSPC when the map is full */
  update(keyAt: number, valueAt: number, flags: number): number;
  /** @returns 0, -ENOENT, or -EINVAL when nothing can be deleted */
  delete(keyAt: number): number;
  /**
   * Calls `visit` for each entry with the addresses of its key and its (first processor's) value, in an order that is a
   * function of the operations before. The map must not be changed meanwhile.
   */
  forEach(visit: (keyAt: number, valueAt: number) => void): void;
}
