/** Captures: from running feeds to files, standard output and text. */
export { createPcapngFormat } from './capture-format.ts';
export { describeInterface, describeSection, describeStatistics } from './describe.ts';
export { compilePrograms, objectPrograms } from './filter-programs.ts';
export type { FileInterface, InterfaceTable } from './interface-table.ts';
export { openFileWriter, openTextWriter } from './open-writer.ts';
export type { PacketWriter } from './packet-writer.ts';
export type { CapturedInterface, CaptureSource, RotateConditions, StopConditions } from './plan.ts';
export { keepQueue } from './queue-writer.ts';
export { type CaptureResult, CaptureSession } from './session.ts';
export { formatSummary } from './summary.ts';
