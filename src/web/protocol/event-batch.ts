/**
 * Events of a timeline as bytes, column by column: u32 count, u32 request (of the message that asked for the timeline), then `count`
 * each of f64 time (ns since the first), VALUES times f64 value, u32 lane (its number in `timeline-lanes`). Little-endian.
 */
import { PeerError } from '../../base/index.ts';

/** Numbers that an event carries, exact up to 2^53; those that its lane has no label for are 0. */
export const VALUES = 4;

const HEAD_BYTES = 8;
const EVENT_BYTES = 8 + 8 * VALUES + 4;

export interface EventBatch {
  readonly count: number;
  readonly request: number;
  readonly times: Float64Array;
  /** Of event n from n * VALUES on. */
  readonly values: Float64Array;
  readonly lanes: Uint32Array;
}

/** A batch of zeros, and the bytes that its columns are views of. */
export function createEventBatch(
  count: number,
  request: number,
): EventBatch & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(HEAD_BYTES + count * EVENT_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, count, true);
  view.setUint32(4, request, true);
  return { ...columnsOf(bytes.buffer, count, request), bytes };
}

/** The columns are views of the bytes. @throws PeerError when the length is another than the count says */
export function decodeEventBatch(bytes: ArrayBuffer): EventBatch {
  const view = bytes.byteLength < HEAD_BYTES ? undefined : new DataView(bytes);
  const count = view?.getUint32(0, true) ?? -1;
  if (view === undefined || bytes.byteLength !== HEAD_BYTES + count * EVENT_BYTES) {
    throw new PeerError('PEER_PROTOCOL', `events: got ${bytes.byteLength} bytes for ${count} events`);
  }
  return columnsOf(bytes, count, view.getUint32(4, true));
}

function columnsOf(buffer: ArrayBuffer, count: number, request: number): EventBatch {
  const times = new Float64Array(buffer, HEAD_BYTES, count);
  const values = new Float64Array(buffer, HEAD_BYTES + 8 * count, VALUES * count);
  const lanes = new Uint32Array(buffer, HEAD_BYTES + 8 * (1 + VALUES) * count, count);
  return { count, request, times, values, lanes };
}
