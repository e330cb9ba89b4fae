/**
 * A map of the kernel as the host sees it: arrays and hashes, also those with a value for each processor. What a value
 * means is not looked at; `sumWords` adds those that are counts. While programs write, a reading is a moment of each
 * entry, not of the whole map.
 */
import { closeSync } from 'node:fs';
import { kernelMapType } from '../../bpf/index.ts';
import {
  createMap,
  deleteElement,
  lookupElement,
  type MapShape,
  nextKey,
  updateElement,
} from './bpf-syscall.ts';
import { lookupBatch } from './lookup-batch.ts';
import { possibleCpuCount } from './possible-cpus.ts';

const perCpuTypes: ReadonlySet<number> = new Set([
  kernelMapType.perCpuHash,
  kernelMapType.perCpuArray,
  kernelMapType.lruPerCpuHash,
]);

export interface MapEntry {
  readonly key: Uint8Array;
  /** The value of each possible processor, or the only one. */
  readonly values: readonly Uint8Array[];
}

export class KernelMap {
  readonly shape: MapShape;
  readonly fd: number;
  readonly #isArray: boolean;
  readonly #copies: number;
  /** Of one copy: the kernel pads those of processors to 8. */
  readonly #strideBytes: number;

  /** @throws PermissionError, SysError */
  constructor(shape: MapShape) {
    this.shape = shape;
    this.#isArray = shape.type === kernelMapType.array || shape.type === kernelMapType.perCpuArray;
    const isPerCpu = perCpuTypes.has(shape.type);
    this.#copies = isPerCpu ? possibleCpuCount() : 1;
    this.#strideBytes = isPerCpu ? Math.ceil(shape.valueBytes / 8) * 8 : shape.valueBytes;
    this.fd = createMap(shape);
  }

  /** All entries, copied; of an array those that are all zeros, too. Of a hash in no order. */
  entries(): MapEntry[] {
    if (this.#isArray) {
      return Array.from({ length: this.shape.maxEntries }, (_, index) => {
        const key = new Uint8Array(Uint32Array.of(index).buffer);
        return { key, values: this.lookup(key) ?? [] };
      });
    }
    const { keyBytes, maxEntries } = this.shape;
    const valueBytes = this.#strideBytes * this.#copies;
    const batch = lookupBatch(this.fd, { keyBytes, valueBytes, maxEntries });
    if (batch === undefined) return this.#entriesOneByOne();
    return batch.map(({ key, value }) => ({ key, values: this.#split(value) }));
  }

  lookup(key: Uint8Array): readonly Uint8Array[] | undefined {
    const value = new Uint8Array(this.#strideBytes * this.#copies);
    return lookupElement(this.fd, key, value) ? this.#split(value) : undefined;
  }

  /** The same value for each processor. */
  update(key: Uint8Array, value: Uint8Array): void {
    const all = new Uint8Array(this.#strideBytes * this.#copies);
    for (let copy = 0; copy < this.#copies; copy++) all.set(value, copy * this.#strideBytes);
    updateElement(this.fd, key, all);
  }

  delete(key: Uint8Array): boolean {
    return deleteElement(this.fd, key);
  }

  /** Deletes every key; an array's values become zeros. */
  clear(): void {
    if (this.#isArray) this.zero();
    else for (const { key } of this.entries()) this.delete(key);
  }

  /** Keys stay, values become zeros. */
  zero(): void {
    const zeros = new Uint8Array(this.shape.valueBytes);
    for (const { key } of this.entries()) this.update(key, zeros);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Before Linux 5.6. A key that is deleted meanwhile makes the walk begin again: what was seen is not taken twice. */
  #entriesOneByOne(): MapEntry[] {
    const seen = new Map<string, MapEntry>();
    let key: Uint8Array | undefined;
    const walkedMost = 2 * this.shape.maxEntries;
    for (let walked = 0; walked < walkedMost; walked++) {
      const next = new Uint8Array(this.shape.keyBytes);
      if (!nextKey(this.fd, key, next)) break;
      const values = this.lookup(next);
      if (values !== undefined) seen.set(next.toString(), { key: next, values });
      key = next;
    }
    return [...seen.values()];
  }

  #split(value: Uint8Array): Uint8Array[] {
    const { valueBytes } = this.shape;
    return Array.from({ length: this.#copies }, (_, copy) =>
      value.slice(copy * this.#strideBytes, copy * this.#strideBytes + valueBytes),
    );
  }
}

/** The values of all processors as 64-bit numbers, added modulo 2^64, in new memory. */
export function sumWords(values: readonly Uint8Array[]): BigUint64Array {
  const sum = new BigUint64Array(Math.ceil((values[0]?.length ?? 0) / 8));
  for (const value of values) {
    const view = new DataView(value.buffer, value.byteOffset, value.length);
    for (let word = 0; word < sum.length; word++) sum[word]! += view.getBigUint64(8 * word, true);
  }
  return sum;
}
