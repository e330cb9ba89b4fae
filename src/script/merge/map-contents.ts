/** A map as it is at one moment, merged over everybody who writes to it: what is printed. */
import type { MapPlan } from '../plan.ts';

export interface MapEntry {
  /** As long as the plan's keyBytes; empty for a map without keys. */
  readonly key: Uint8Array;
  /** In the layout that MapKind says, as long as the plan's valueBytes. */
  readonly value: Uint8Array;
}

export interface MapContents {
  readonly plan: MapPlan;
  readonly entries: readonly MapEntry[];
}
