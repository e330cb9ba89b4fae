/** Where the numbers of a map's value lie (MapKind in plan.ts), and how large values are. */
import { type MapKind, valueBytes } from '../plan.ts';

/** Of count, sum, avg, stats, min, max and the time of a `value`. */
export const FIRST_OFFSET = 0;
/** How often sum, avg, stats, min and max were updated. */
export const UPDATES_OFFSET = 8;
/** The value itself behind its time. */
export const VALUE_OFFSET = 8;

export function mapValueBytes(kind: MapKind): number {
  switch (kind.kind) {
    case 'count':
      return 8;
    case 'hist':
    case 'lhist':
      return 8 * kind.buckets;
    case 'value':
      return VALUE_OFFSET + valueBytes(kind.type);
    default:
      return 16;
  }
}

/**
 * Where a number lies that is not 0 as soon as something was gathered; undefined for histograms, whose buckets would
 * all have to be looked at.
 */
export function seenOffset(kind: MapKind): number | undefined {
  switch (kind.kind) {
    case 'count':
    case 'value':
      return FIRST_OFFSET;
    case 'hist':
    case 'lhist':
      return undefined;
    default:
      return UPDATES_OFFSET;
  }
}
