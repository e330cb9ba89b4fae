/** What all stages share: where things run, how long a rate is taken, what to undo. */

import type { Cleanup } from './cleanup.ts';
import type { ApplicationMemory } from './hugepages.ts';

export interface Workbench {
  /** The command line of hone itself. */
  readonly hone: readonly string[];
  readonly placement: Placement;
  readonly memory: ApplicationMemory;
  readonly cleanup: Cleanup;
  readonly signal: AbortSignal;
  /** A rate is taken over so long. */
  readonly windowMs: number;
  /** For files that tools write: on tmpfs when there is one. */
  readonly scratch: string;
}

/** Processors. The tools and the applications' main lcore share all but one. */
export interface Placement {
  readonly forwarding: number;
  readonly others: readonly number[];
}

/** A command that keeps off the forwarding lcore's processor. */
export function besideForwarding({ placement }: Workbench, command: readonly string[]): string[] {
  return ['taskset', '-c', placement.others.join(','), ...command];
}
