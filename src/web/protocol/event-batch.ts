/**
 * Events of a live timeline as bytes, column by column: u32 count, u32 zero, then `count` each of f64 time (ns since the start),
 * ARGUMENTS times u32 argument, u16 point (by the order in which points were asked for) and u16 lcore. Little-endian.
 */
import { PeerError } from '../../base/index.ts';

/** Arguments that an event carries; integers above 32 bits are cut to the largest one. */
export const ARGUMENTS = 4;
/** The lcore of a thread that is none. */
export const NO_LCORE = 0xffff;

const HEAD_BYTES = 8;
const EVENT_BYTES = 8 + 4 * ARGUMENTS + 2 + 2;

export interface EventBatch {
  readonly count: number;
  readonly times: Float64Array;
  /** Of event n from n * ARGUMENTS on. */
  readonly arguments: Uint32Array;
  readonly points: Uint16Array;
  readonly lcores: Uint16Array;
}

/** A batch with room for `count` events, and the bytes that its columns are views of. */
export function createEventBatch(count: number): EventBatch & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(HEAD_BYTES + count * EVENT_BYTES);
  new DataView(bytes.buffer).setUint32(0, count, true);
  return { ...columnsOf(bytes.buffer, count), bytes };
}

/** The columns are views of the bytes. @throws PeerError when the length is another than the count says */
export function decodeEventBatch(bytes: ArrayBuffer): EventBatch {
  const count = bytes.byteLength < HEAD_BYTES ? -1 : new DataView(bytes).getUint32(0, true);
  if (bytes.byteLength !== HEAD_BYTES + count * EVENT_BYTES) {
    throw new PeerError('PEER_PROTOCOL', `events: got ${bytes.byteLength} bytes for ${count} events`);
  }
  return columnsOf(bytes, count);
}

function columnsOf(buffer: ArrayBuffer, count: number): EventBatch {
  let at = HEAD_BYTES;
  const times = new Float64Array(buffer, at, count);
  at += 8 * count;
  const args = new Uint32Array(buffer, at, ARGUMENTS * count);
  at += 4 * ARGUMENTS * count;
  const points = new Uint16Array(buffer, at, count);
  at += 2 * count;
  return { count, times, arguments: args, points, lcores: new Uint16Array(buffer, at, count) };
}
