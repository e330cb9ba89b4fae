/** Traces: compiled scripts on applications and recorded files, their events and maps as text. */
export { AgentSource, type AgentSourceOptions } from './agent-source.ts';
export { FileFeed } from './file-feed.ts';
export { pointFinder } from './find-points.ts';
export { estimateKernelPrice, formatKernelPrice, type KernelPrice } from './kernel-price.ts';
export { KernelSource, type KernelSourceOptions } from './kernel-source.ts';
export { needsKernel } from './needs-kernel.ts';
export { queueOf } from './packet-arguments.ts';
export { recordedPoints } from './recorded-points.ts';
export { Recording } from './recording.ts';
export { RecordingFeed } from './recording-feed.ts';
export { startRequest } from './start-request.ts';
export { isOutgoing, TraceFile } from './trace-file.ts';
export { type TraceEnd, type TraceResult, TraceSession, type TraceSink } from './trace-session.ts';
export type { ProbeCost, TraceEvent, TraceLosses, TraceSource } from './trace-source.ts';
