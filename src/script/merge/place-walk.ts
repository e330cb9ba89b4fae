/**
 * The entries of a map where it lies in a trace context: each place that holds one, told by its hash and the words of its
 * key and its value. What it reads may be any bytes; it stays within the map.
 */
import { strideBytes, valueOffsetInEntry } from '../../bpf/index.ts';
import type { MapPlan } from '../plan.ts';
import { isGathered } from './combine.ts';

/** The key may lie in another array than the context's: of maps whose keys are numbers of places. */
export type VisitEntry = (hash: number, keys: Uint32Array, keyAt: number, valueAt: number) => void;

/** Lower half of `used` in an entry that holds a key. */
const TAKEN = 2;

/**
 * @param words the context, or a part of it
 * @param base what is taken off the offsets of the plan, in bytes: where `words` begins in the context
 * @param isDrained leaves zeros behind: of a keyed map also where a key was deleted or found no room
 */
export function visitEntries(
  plan: MapPlan,
  words: Uint32Array,
  base: number,
  visit: VisitEntry,
  isDrained = false,
): void {
  const { place, kind } = plan;
  const valueWords = plan.valueBytes / 4;
  switch (place.kind) {
    case 'flat': {
      const at = (place.offset - base) / 4;
      if (!isGathered(kind, words, at, valueWords)) return;
      visit(0, words, at, at);
      if (isDrained) words.fill(0, at, at + valueWords);
      return;
    }
    case 'indexed': {
      const key = new Uint32Array(2);
      for (let entry = 0; entry < place.entries; entry++) {
        const at = (place.offset - base) / 4 + entry * valueWords;
        if (!isGathered(kind, words, at, valueWords)) continue;
        key[0] = entry;
        visit(entry, key, 0, at);
        if (isDrained) words.fill(0, at, at + valueWords);
      }
      return;
    }
    case 'keyed': {
      const { layout } = place;
      const stride = strideBytes(layout) / 4;
      const value = valueOffsetInEntry(layout) / 4;
      const start = (layout.offset - base) / 4;
      const end = start + (layout.slots - 2) * stride;
      for (let at = start; at < end; at += stride) {
        const used = words[at];
        if (used === TAKEN) visit(words[at + 1]!, words, at + 2, at + value);
        // A loop: a call of fill() takes longer than what it does.
        if (isDrained && used !== 0) for (let i = at; i < at + stride; i++) words[i] = 0;
      }
      if (isDrained) words.fill(0, end, end + stride);
      return;
    }
    case 'kernel':
      return;
  }
}

/** The bytes of the context that a map takes, [start, end). */
export function placeRange({ place, valueBytes }: MapPlan): { readonly start: number; readonly end: number } {
  switch (place.kind) {
    case 'flat':
      return { start: place.offset, end: place.offset + valueBytes };
    case 'indexed':
      return { start: place.offset, end: place.offset + place.entries * valueBytes };
    case 'keyed': {
      const { layout } = place;
      return { start: layout.offset, end: layout.offset + layout.slots * strideBytes(layout) };
    }
    case 'kernel':
      return { start: 0, end: 0 };
  }
}
