/** A walk over finished event records, for whoever has to count them: everybody else takes them as they lie. */
import { PeerError } from '../base/index.ts';
import type { RecordedEvent } from '../target/index.ts';

/** u16 event, u64 time. */
const HEAD_BYTES = 10;
const TIME_OFFSET = 2;

/** Records at the beginning of some bytes. */
export interface WalkedRecords {
  readonly events: number;
  readonly bytes: number;
  /** Time of the last one; 0 for none. */
  readonly lastNs: bigint;
}

export class RecordWalker {
  /** For each event, what its fields take one after another: numbers of bytes, 0 for a text. */
  readonly #pieces: readonly (readonly number[])[];

  constructor(events: readonly RecordedEvent[]) {
    const pieces: number[][] = [];
    for (const { id, fields } of events) {
      const list: number[] = [HEAD_BYTES];
      for (const { bytes } of fields) {
        if (bytes === 'text') list.push(0);
        else if (list.at(-1) === 0) list.push(bytes);
        else list[list.length - 1]! += bytes;
      }
      pieces[id] = list;
    }
    this.#pieces = pieces;
  }

  /** @throws PeerError PEER_PROTOCOL for what are no whole records */
  walk(records: Uint8Array, most: number): WalkedRecords {
    const view = new DataView(records.buffer, records.byteOffset, records.length);
    let [at, events, last] = [0, 0, 0];
    for (; at < records.length && events < most; events++) {
      last = at;
      at = this.#endOf(records, view, at);
    }
    const lastNs = events === 0 ? 0n : view.getBigUint64(last + TIME_OFFSET, true);
    return { events, bytes: at, lastNs };
  }

  #endOf(records: Uint8Array, view: DataView, start: number): number {
    const pieces =
      records.length - start < HEAD_BYTES ? undefined : this.#pieces[view.getUint16(start, true)];
    let at = start;
    for (const bytes of pieces ?? []) at = bytes > 0 ? at + bytes : records.indexOf(0, at) + 1 || Number.NaN;
    if (at > start && at <= records.length) return at;
    throw new PeerError('PEER_PROTOCOL', `no whole event record at byte ${start} of ${records.length}`);
  }
}

/** The time of the record that begins at `offset`. */
export function recordTimeNs(records: Uint8Array, offset: number): bigint {
  return new DataView(records.buffer, records.byteOffset).getBigUint64(offset + TIME_OFFSET, true);
}
