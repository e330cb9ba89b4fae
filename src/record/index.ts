/** Recordings: the events of a running application as CTF traces, all of them or the last ones. */
export { checkFolder, claimFolder } from './output-folder.ts';
export {
  type RecordConditions,
  type RecordResult,
  type RecordSession,
  recordedOf,
} from './record-session.ts';
export { openRecording, type Recording } from './recording.ts';
export { planRecording, type RecordingPlan } from './recording-plan.ts';
export { RteTraces } from './rte-traces.ts';
