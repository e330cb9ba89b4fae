/** Captures: from running feeds to files, standard output and text. */
export { compilePrograms, objectPrograms } from './filter-programs.ts';
export { openFileWriter, openTextWriter } from './open-writer.ts';
export type { CapturedInterface, CaptureSource, RotateConditions, StopConditions } from './plan.ts';
export { keepQueue } from './queue-writer.ts';
export { CaptureSession } from './session.ts';
export { formatSummary } from './summary.ts';
