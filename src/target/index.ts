/** Targets: what packets can be captured from, how they are found, and how the agent gets into one. */
export { connectTarget } from './connect-target.ts';
export { type Check, diagnose } from './diagnose.ts';
export {
  type Application,
  type FoundApplication,
  findApplications,
  findByThread,
  findWithSocket,
  listApplications,
} from './discovery.ts';
export { buildAgent } from './dpdk/agent-build.ts';
export { agentHash } from './dpdk/agent-source.ts';
export { attachAgent } from './dpdk/attach-agent.ts';
export { readElfPoints } from './dpdk/elf-points.ts';
export { runApplication } from './dpdk/run-application.ts';
export { Telemetry } from './dpdk/telemetry.ts';
export { bootTimeNs, realtimeNs } from './posix.ts';
export type { Pace as ReplayPace } from './replay/player.ts';
export { runReplay } from './replay/run-replay.ts';
export { openFileTraffic, openSampleTraffic } from './replay/traffic.ts';
export { resolveApplication } from './resolve-application.ts';
export {
  type AnsweringApplication,
  type OpenApplication,
  openApplications,
  resolvePorts,
  type SelectedPort,
  selectApplication,
} from './resolve-ports.ts';
export { socketPids } from './socket-path.ts';
export type {
  CaptureFeed,
  CapturePort,
  Direction,
  FeedEvent,
  HookCounters,
  PortInfo,
  RecordedEvent,
  RecordRing,
  Ring,
  RteTraceList,
  RteTracePoint,
  RteTraceSession,
  Target,
  TargetInfo,
  TraceAttachment,
  TraceCost,
  TraceFeed,
  TraceRequest,
  TraceWriter,
} from './target.ts';
