/**
 * A recording from its start to its end: looks at the rings again and again, ends when a condition comes true, somebody says so,
 * or the application goes away, and completes what is written. It owns the feed: whatever happens, it is stopped and
 * closed when `run` has resolved.
 */
import { setTimeout as sleep, setImmediate as yieldToEvents } from 'node:timers/promises';
import { HoneError, SysError } from '../base/index.ts';
import type { TraceCost, TraceFeed } from '../target/index.ts';
import type { FlightRecorder } from './flight-recorder.ts';
import type { Recorder } from './recorder.ts';
import type { PlannedAttachment } from './recording-plan.ts';

const LOOK_MS = 5;
/** A predicate that fires again and again is one reason in this time. */
const TRIGGER_MS = 1000;

export type RecordEnd =
  | 'stopped'
  /** A condition of time, events, bytes or snapshots came true. */
  | 'condition'
  /** The application has ended. */
  | 'gone'
  /** See `error`. */
  | 'failed';

export interface RecordConditions {
  readonly durationMs?: number | undefined;
  readonly bytes?: number | undefined;
  readonly snapshots?: number | undefined;
}

export interface RecordResult {
  readonly end: RecordEnd;
  /** What ended the recording before its time. */
  readonly error: unknown;
  /** Of each attachment of the plan. */
  readonly costs: readonly TraceCost[];
  readonly lostEvents: bigint;
  /** Hits of threads for which the target had no place. */
  readonly unplacedHits: bigint;
  readonly threads: number;
  readonly elapsedMs: number;
}

export interface RecordSessionOptions {
  readonly feed: TraceFeed;
  readonly recorder: Recorder;
  /** The same recorder, where it keeps events until they are asked for. */
  readonly flight: FlightRecorder | undefined;
  readonly attachments: readonly PlannedAttachment[];
  readonly conditions: RecordConditions;
  /** A snapshot was written. */
  readonly onSnapshot: (path: string) => void;
}

export class RecordSession {
  readonly #options: RecordSessionOptions;
  #end: RecordEnd | undefined;
  #isGone = false;
  #startMs = 0;
  #snapshots = 0;
  #isSnapshotWanted = false;
  #triggered = 0n;
  #triggerMs = Number.NEGATIVE_INFINITY;
  #waking = new AbortController();

  constructor(options: RecordSessionOptions) {
    this.#options = options;
  }

  /** Ends the recording soon; what happened until then is still recorded. */
  stop(): void {
    this.#end ??= 'stopped';
    this.#wake();
  }

  /** Asks for a snapshot, soon. */
  requestSnapshot(): void {
    this.#isSnapshotWanted = true;
    this.#wake();
  }

  /** Recorded and lost so far, as far as the target says. @throws PeerError */
  progress(): { readonly recorded: bigint; readonly lost: bigint } {
    const { feed, attachments, recorder } = this.#options;
    const lost = recorder.lostEvents;
    return { recorded: recordedOf(attachments, feed.costs(), lost), lost };
  }

  /** Never throws: what goes wrong is in the result. */
  async run(): Promise<RecordResult> {
    const { feed, recorder } = this.#options;
    this.#startMs = performance.now();
    let error: unknown;
    const fail = (thrown: unknown) => {
      this.#end = 'failed';
      error ??= thrown;
    };
    await this.#record().catch(fail);
    try {
      recorder.close();
    } catch (thrown) {
      fail(thrown);
    }
    const result: RecordResult = {
      end: this.#end!,
      error,
      costs: feed.costs(),
      lostEvents: recorder.lostEvents,
      unplacedHits: feed.unplacedHits,
      threads: feed.writers.length,
      elapsedMs: performance.now() - this.#startMs,
    };
    feed.close();
    return result;
  }

  async #record(): Promise<void> {
    const { feed, recorder } = this.#options;
    let fault: unknown;
    try {
      await this.#rounds();
    } catch (error) {
      // What was recorded is completed whatever the other side did; a disk that is full takes no more.
      if (!(error instanceof HoneError) || error instanceof SysError) throw error;
      fault = error;
    }
    await feed.stop().catch((error: unknown) => {
      fault ??= error;
    });
    this.#takeAnnounced();
    recorder.finish();
    this.#takeSnapshot();
    if (fault !== undefined) throw fault;
  }

  async #rounds(): Promise<void> {
    const { recorder } = this.#options;
    while (this.#end === undefined) {
      this.#takeAnnounced();
      const isBusy = recorder.look();
      this.#lookAtTriggers();
      if (this.#isSnapshotWanted) this.#takeSnapshot();
      if (this.#isGone) this.#end ??= 'gone';
      if (this.#isOver()) this.#end ??= 'condition';
      if (this.#end === undefined) await this.#pause(isBusy);
    }
  }

  /** New rings appear by this, too. */
  #takeAnnounced(): void {
    for (const { kind } of this.#options.feed.poll()) this.#isGone ||= kind === 'gone';
  }

  #isOver(): boolean {
    const { recorder, conditions } = this.#options;
    const { durationMs, bytes, snapshots } = conditions;
    return (
      recorder.isFull ||
      recorder.bytes >= (bytes ?? Number.POSITIVE_INFINITY) ||
      this.#snapshots >= (snapshots ?? Number.POSITIVE_INFINITY) ||
      performance.now() - this.#startMs >= (durationMs ?? Number.POSITIVE_INFINITY)
    );
  }

  #lookAtTriggers(): void {
    const { feed, attachments } = this.#options;
    if (attachments.every(({ event }) => event !== undefined)) return;
    const nowMs = performance.now();
    if (nowMs - this.#triggerMs < TRIGGER_MS) return;
    const fired = feed
      .costs()
      .reduce((sum, { matched }, n) => (attachments[n]?.event === undefined ? sum + matched : sum), 0n);
    if (fired <= this.#triggered) return;
    this.#triggered = fired;
    this.#triggerMs = nowMs;
    this.#isSnapshotWanted = true;
  }

  #takeSnapshot(): void {
    const { flight, onSnapshot } = this.#options;
    this.#isSnapshotWanted = false;
    const path = flight?.snapshot();
    if (path === undefined) return;
    this.#snapshots++;
    onSnapshot(path);
  }

  async #pause(isBusy: boolean): Promise<void> {
    if (isBusy) {
      await yieldToEvents();
      return;
    }
    const { durationMs = Number.POSITIVE_INFINITY } = this.#options.conditions;
    const leftMs = this.#startMs + durationMs - performance.now();
    await sleep(Math.max(0, Math.min(LOOK_MS, leftMs)), undefined, { signal: this.#waking.signal }).catch(
      () => {},
    );
  }

  #wake(): void {
    this.#waking.abort();
    this.#waking = new AbortController();
  }
}

/** Events in files, of what matched. */
export function recordedOf(
  attachments: readonly PlannedAttachment[],
  costs: readonly TraceCost[],
  lost: bigint,
): bigint {
  return costs.reduce(
    (sum, { matched }, n) => (attachments[n]?.event === undefined ? sum : sum + matched),
    -lost,
  );
}
