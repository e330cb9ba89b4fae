/** A report: what was asked, what is known, what is wrong. Its JSON form is this with `undefined` as null. */
import type { Finding, GoalResult, Observation } from '../findings/index.ts';

export interface Report {
  /** hone's version. */
  readonly version: string;
  readonly observation: Observation;
  readonly goals: readonly GoalResult[];
  /** The worst first. */
  readonly findings: readonly Finding[];
  /** What looking cost the application: share of the time of its busiest lcore, 0 to 1; undefined for recordings. */
  readonly price: number | undefined;
}
