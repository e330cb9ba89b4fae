/** One thing that can be wrong, and how it is seen. */
import type { Finding, NextStep } from './finding.ts';
import type { Observation } from './observation.ts';

export interface Rule {
  readonly name: string;
  readonly severity: Finding['severity'];
  /** What it means, and what usually helps. */
  readonly meaning: string;
  look(observation: Observation): readonly Sighting[];
}

/** What a rule saw at one place. */
export interface Sighting extends Pick<Finding, 'subject' | 'title' | 'evidence'> {
  /** Undefined: what was observed has nothing to tell by it. */
  readonly next: readonly (NextStep | undefined)[];
  /** When it is another one than the rule's. */
  readonly severity?: Finding['severity'];
}
