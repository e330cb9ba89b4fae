/** BPF_MAP_LOOKUP_BATCH: thousands of entries of a hash with one call (Linux 5.6). */
import { ENOENT, ENOSPC, sysError, tryBpf } from '../posix.ts';

const BPF_MAP_LOOKUP_BATCH = 24;
/** Where the next call goes on: of a hash 4 bytes, of other maps a key. */
const MIN_CURSOR_BYTES = 4;
const FIRST_ROWS = 4096;
/** Memory for the values of one call. */
const MAX_BYTES = 1 << 26;

export interface BatchShape {
  readonly keyBytes: number;
  /** Of all processors together. */
  readonly valueBytes: number;
  readonly maxEntries: number;
}

/** Copied. Undefined when this kernel cannot do it for this map. @throws SysError */
export function lookupBatch(
  fd: number,
  { keyBytes, valueBytes, maxEntries }: BatchShape,
): { readonly key: Uint8Array; readonly value: Uint8Array }[] | undefined {
  const entries: { key: Uint8Array; value: Uint8Array }[] = [];
  const most = Math.max(1, Math.min(maxEntries, Math.floor(MAX_BYTES / valueBytes)));
  let rows = Math.min(most, FIRST_ROWS);
  let cursor: Uint8Array | undefined;
  for (;;) {
    const keys = new Uint8Array(rows * keyBytes);
    const values = new Uint8Array(rows * valueBytes);
    const next = new Uint8Array(Math.max(keyBytes, MIN_CURSOR_BYTES));
    const attr = new Uint8Array(56);
    const view = new DataView(attr.buffer);
    view.setUint32(32, rows, true);
    view.setUint32(36, fd, true);
    const fields = [
      { offset: 8, memory: next },
      { offset: 16, memory: keys },
      { offset: 24, memory: values },
    ];
    const result = tryBpf(
      BPF_MAP_LOOKUP_BATCH,
      attr,
      cursor === undefined ? fields : [{ offset: 0, memory: cursor }, ...fields],
    );
    // One bucket of the hash has more than was asked for: nothing was taken.
    if (result === -ENOSPC && rows < most) {
      rows = Math.min(most, rows * 4);
      continue;
    }
    if (result < 0 && result !== -ENOENT) {
      if (cursor === undefined && result !== -ENOSPC) return undefined;
      throw sysError('bpf(BPF_MAP_LOOKUP_BATCH)', -result);
    }
    const count = view.getUint32(32, true);
    for (let row = 0; row < count; row++) {
      entries.push({
        key: keys.slice(row * keyBytes, (row + 1) * keyBytes),
        value: values.slice(row * valueBytes, (row + 1) * valueBytes),
      });
    }
    if (result === -ENOENT) return entries;
    cursor = next;
  }
}
