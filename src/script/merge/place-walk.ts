/**
 * The entries of a map where it lies in a trace context: each place that holds one, told by the words of its key and its
 * value. What it reads may be any bytes; it stays within the map.
 */
import { strideBytes, valueOffsetInEntry } from '../../bpf/index.ts';
import type { MapPlan } from '../plan.ts';
import { isGathered } from './combine.ts';

/** `source` may be another array for the key than the context's: for maps whose keys are numbers of places. */
export type VisitEntry = (keys: Uint32Array, keyAt: number, valueAt: number) => void;

/** Lower half of `used` in an entry that holds a key. */
const TAKEN = 2;

/**
 * @param words the context, or a part of it
 * @param base what is taken off the offsets of the plan, in bytes: where `words` begins in the context
 */
export function visitEntries(plan: MapPlan, words: Uint32Array, base: number, visit: VisitEntry): void {
  const { place, kind } = plan;
  const valueWords = plan.valueBytes / 4;
  switch (place.kind) {
    case 'flat': {
      const at = (place.offset - base) / 4;
      if (isGathered(kind, words, at, valueWords)) visit(words, at, at);
      return;
    }
    case 'indexed': {
      const key = new Uint32Array(2);
      for (let entry = 0; entry < place.entries; entry++) {
        const at = (place.offset - base) / 4 + entry * valueWords;
        if (!isGathered(kind, words, at, valueWords)) continue;
        key[0] = entry;
        visit(key, 0, at);
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
        if (words[at] === TAKEN) visit(words, at + 2, at + value);
      }
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
