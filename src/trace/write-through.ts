/**
 * What a program of the host did to the state goes to the writers' states: values that it assigned, and keys that it took
 * away. Aggregations are not written: the host's part of them is added when they are merged. A writer that makes the very
 * same key, or deletes beside it, at that moment may lose its update or this one: nothing is locked.
 */
import { ContextMap, type KeyedMapLayout, strideBytes, valueOffsetInEntry } from '../bpf/index.ts';
import type { CompiledScript, MapPlan } from '../script/index.ts';
import type { TraceWriter } from '../target/index.ts';

/** The host's state, from stateOffset on, behind a program and before it. */
interface HostState {
  readonly after: Uint8Array;
  readonly before: Uint8Array;
}

/** Lower half of `used` in an entry that holds a key. */
const TAKEN = 2;

/** @param seed of the hashes of every keyed map of this trace */
export function writeThrough(
  { maps, stateOffset }: Pick<CompiledScript, 'maps' | 'stateOffset'>,
  seed: number,
  host: HostState,
  writers: readonly Pick<TraceWriter, 'state'>[],
): void {
  for (const map of maps) {
    if (!map.isState) continue;
    if (map.place.kind === 'keyed') writeTable(map, map.place.layout, stateOffset, seed, host, writers);
    else writePlaces(map, stateOffset, host, writers);
  }
}

function writePlaces(
  { kind, place, valueBytes }: MapPlan,
  stateOffset: number,
  { after, before }: HostState,
  writers: readonly Pick<TraceWriter, 'state'>[],
): void {
  if (place.kind !== 'flat' && place.kind !== 'indexed') return;
  const entries = place.kind === 'indexed' ? place.entries : 1;
  for (let entry = 0; entry < entries; entry++) {
    const start = place.offset - stateOffset + entry * valueBytes;
    const value = after.subarray(start, start + valueBytes);
    if (value.every((byte, i) => byte === before[start + i])) continue;
    const isDeleted = value.every((byte) => byte === 0);
    if (kind.kind !== 'value' && !isDeleted) continue;
    for (const { state } of writers) state.set(value, start);
  }
}

/** Keys that are gone first: a program may delete one and make it again in another slot. */
function writeTable(
  { kind, valueBytes }: MapPlan,
  layout: KeyedMapLayout,
  stateOffset: number,
  seed: number,
  host: HostState,
  writers: readonly Pick<TraceWriter, 'state'>[],
): void {
  const [now, then] = [asWords(host.after), asWords(host.before)];
  const stride = strideBytes(layout) / 4;
  const valueAt = valueOffsetInEntry(layout) / 4;
  const valueWords = valueBytes / 4;
  const changed: number[] = [];
  const start = (layout.offset - stateOffset) / 4;
  for (let at = start; at < start + (layout.slots - 2) * stride; at += stride) {
    if (differs(now, then, at, stride)) changed.push(at);
  }
  if (changed.length === 0) return;
  const tableIn = (words: Int32Array): ContextMap => new ContextMap(words, -stateOffset, layout, seed);
  const left = tableIn(now);
  const deleted = changed.filter((at) => then[at] === TAKEN && left.find(at + 2, then) === layout.slots - 1);
  const assigned = kind.kind === 'value' ? changed.filter((at) => now[at] === TAKEN) : [];
  for (const { state } of writers) {
    const words = asWords(state);
    const table = tableIn(words);
    for (const at of deleted) table.delete(at + 2, then);
    for (const at of assigned) {
      // One without room is a slot of the table all the same, which nobody reads.
      const slot = table.findOrMake(at + 2, now);
      words.set(now.subarray(at + valueAt, at + valueAt + valueWords), table.valueAt(slot));
    }
  }
}

function differs(a: Int32Array, b: Int32Array, at: number, words: number): boolean {
  for (let i = at; i < at + words; i++) if (a[i] !== b[i]) return true;
  return false;
}

/** A view; states begin at a multiple of 4. */
function asWords(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
}
