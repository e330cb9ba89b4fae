/** What is known of an application, what is wrong with it, and what to do next. */
export { evaluateGoals, lostPps } from './evaluate-goals.ts';
export { findFindings, rules } from './find-findings.ts';
export type { Finding, NextStep } from './finding.ts';
export type { Goal, GoalMetric, GoalResult } from './goal.ts';
export {
  type DropObservation,
  FLOWS_KEPT,
  type FlowObservation,
  type LcoreObservation,
  type LevelObservation,
  type Observation,
  type PortObservation,
  type QueueObservation,
  type RecordedInput,
  type RecordingLoss,
  type RecordingObservation,
  type SeriesPoint,
  type StageObservation,
  type TrafficObservation,
} from './observation.ts';
export { parseGoals } from './parse-goals.ts';
export { busyShare, formatCount, formatPercent, formatTime, nameOfLcore, nameOfPort } from './words.ts';
