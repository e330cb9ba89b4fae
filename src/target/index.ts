/** Targets: what packets can be captured from, how they are found, and how the agent gets into one. */
export { connectTarget } from './connect-target.ts';
export type { Pace as ReplayPace } from './replay/player.ts';
export { runReplay } from './replay/run-replay.ts';
export { openFileTraffic, openSampleTraffic } from './replay/traffic.ts';
export type {
  CaptureFeed,
  CapturePort,
  CaptureRequest,
  Direction,
  FeedEvent,
  FilterEngine,
  HookCounters,
  PortCounters,
  PortInfo,
  Ring,
  Target,
  TargetInfo,
} from './target.ts';
