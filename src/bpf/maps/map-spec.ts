/**
 * What a map is before it has memory: its type, sizes and limits, under the numbers of <linux/bpf.h>, and the check
 * that the numbers go together. Which bytes a map takes is with its type.
 */
import { HoneError } from '../../base/index.ts';

export const BPF_MAP_TYPE_HASH = 1;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_PERCPU_HASH = 5;
export const BPF_MAP_TYPE_PERCPU_ARRAY = 6;
export const BPF_MAP_TYPE_LRU_HASH = 9;
export const BPF_MAP_TYPE_LRU_PERCPU_HASH = 10;
export const BPF_MAP_TYPE_LPM_TRIE = 11;
export const BPF_MAP_TYPE_RINGBUF = 27;

/** Elements are made when needed: here all are made in advance, so that the flag says nothing. */
const BPF_F_NO_PREALLOC = 1;
/** Programs read the values and do not write them. */
export const BPF_F_RDONLY_PROG = 0x80;

export interface MapSpec {
  readonly name: string;
  /** One of BPF_MAP_TYPE_*. */
  readonly type: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
  /** For a ring buffer its size in bytes. */
  readonly maxEntries: number;
  /** BPF_F_* */
  readonly flags: number;
}

/** A map that cannot be: its type is not known here, or its sizes do not fit its type. */
export class MapError extends HoneError {
  constructor(name: string, why: string) {
    super('MAP', `map ${name}: ${why}`);
  }
}

export interface MapKind {
  readonly name: string;
  readonly perCpu: boolean;
  /** What the key must be; the largest when it is a range. */
  readonly keyBytes: readonly [least: number, most: number];
  readonly valueBytes: readonly [least: number, most: number];
}

const MAX_KEY_BYTES = 512;
const MAX_VALUE_BYTES = 1 << 26;
const MAX_ENTRIES = 1 << 26;

/** A trie's key: the length of the prefix in bits, 4 bytes, and the bytes that it is a prefix of. */
const LPM_KEY_BYTES = [5, 4 + 256] as const;

const arrayKind = { keyBytes: [4, 4], valueBytes: [1, MAX_VALUE_BYTES] } as const;
const hashKind = { keyBytes: [1, MAX_KEY_BYTES], valueBytes: [1, MAX_VALUE_BYTES] } as const;

const mapKinds: Readonly<Record<number, MapKind>> = {
  [BPF_MAP_TYPE_HASH]: { name: 'hash', perCpu: false, ...hashKind },
  [BPF_MAP_TYPE_ARRAY]: { name: 'array', perCpu: false, ...arrayKind },
  [BPF_MAP_TYPE_PERCPU_HASH]: { name: 'percpu_hash', perCpu: true, ...hashKind },
  [BPF_MAP_TYPE_PERCPU_ARRAY]: { name: 'percpu_array', perCpu: true, ...arrayKind },
  [BPF_MAP_TYPE_LRU_HASH]: { name: 'lru_hash', perCpu: false, ...hashKind },
  [BPF_MAP_TYPE_LRU_PERCPU_HASH]: { name: 'lru_percpu_hash', perCpu: true, ...hashKind },
  [BPF_MAP_TYPE_LPM_TRIE]: {
    name: 'lpm_trie',
    perCpu: false,
    keyBytes: LPM_KEY_BYTES,
    valueBytes: [1, MAX_VALUE_BYTES],
  },
  [BPF_MAP_TYPE_RINGBUF]: { name: 'ringbuf', perCpu: false, keyBytes: [0, 0], valueBytes: [0, 0] },
};

/** The kind of a map whose numbers go together. @throws MapError */
export function checkMapSpec({ name, type, keyBytes, valueBytes, maxEntries, flags }: MapSpec): MapKind {
  const kind = mapKinds[type];
  if (kind === undefined) {
    const known = Object.entries(mapKinds).map(([number, { name }]) => `${name} (${number})`);
    throw new MapError(name, `type ${type} is not supported: expected one of ${known.join(', ')}`);
  }
  const expectBetween = (what: string, got: number, [least, most]: readonly [number, number]) => {
    if (Number.isInteger(got) && got >= least && got <= most) return;
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new MapError(name, `${what} of ${got} bytes: expected ${wanted} for type ${kind.name}`);
  };
  expectBetween('key', keyBytes, kind.keyBytes);
  expectBetween('value', valueBytes, kind.valueBytes);
  const isRing = type === BPF_MAP_TYPE_RINGBUF;
  if (!Number.isInteger(maxEntries) || maxEntries < 1 || maxEntries > MAX_ENTRIES) {
    throw new MapError(name, `max_entries ${maxEntries}: expected 1 to ${MAX_ENTRIES}`);
  }
  if (isRing && (maxEntries < 4096 || (maxEntries & (maxEntries - 1)) !== 0)) {
    throw new MapError(
      name,
      `max_entries ${maxEntries}: expected a power of two from 4096, the ring's bytes`,
    );
  }
  if ((flags & ~(BPF_F_NO_PREALLOC | BPF_F_RDONLY_PROG)) !== 0) {
    throw new MapError(
      name,
      `flags 0x${flags.toString(16)}: expected BPF_F_NO_PREALLOC or BPF_F_RDONLY_PROG`,
    );
  }
  return kind;
}
