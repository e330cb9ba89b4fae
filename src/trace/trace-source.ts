/**
 * What a session drives: something that runs a script's probes and gathers its maps. An application with the agent, a
 * recorded file, and the kernel stand behind this.
 */
import type { MapContents } from '../script/index.ts';

/** An event record: {u32 event, u32 zero}, then its fields. Borrowed until the source is asked again. */
export interface TraceEvent {
  readonly timeNs: bigint;
  readonly record: Uint8Array;
}

/** What did not come through, since the start; exact. */
export interface TraceLosses {
  readonly events: bigint;
  /** Updates of a map that found no room for their key. */
  readonly withoutRoom: readonly { readonly map: string; readonly updates: bigint }[];
  /** Hits in threads for which the target had no place. */
  readonly unplacedHits: bigint;
}

/** What a probe cost, over all threads. */
export interface ProbeCost {
  readonly probe: string;
  readonly hits: bigint;
  /** Undefined when no hit was timed. */
  readonly nsPerHit: number | undefined;
}

export interface TraceSource {
  /** Starts the probes; BEGIN has run when this resolves. @throws HoneError */
  start(): Promise<void>;
  /** Waits until something may have happened, for at most so long; less when woken. */
  wait(mostMs: number): Promise<void>;
  /** Ends a wait. */
  wake(): void;
  /** What has happened since the last call, in the order of its time. @throws PeerError */
  take(): readonly TraceEvent[];
  /** `gone`: the application went away; `over`: there is nothing left to trace. */
  readonly state: 'running' | 'gone' | 'over';
  /** Brings the maps up to now. */
  update(): Promise<void>;
  copyContents(map: string): MapContents | undefined;
  clear(map: string): void;
  zero(map: string): void;
  /** No probe runs any more. What was sent until then is still to be taken. */
  stop(): Promise<void>;
  /** Runs END; after `stop`, and after what was sent until then has been taken. */
  runEnd(): void;
  /** Takes everything away. */
  close(): void;
  losses(): TraceLosses;
  /** In the order of the script; empty when nothing is timed. */
  costs(): readonly ProbeCost[];
  /** Threads that hit probes. */
  readonly threads: number;
}
