/**
 * A trace from its first line to its last: starts the source, runs what events ask for in their order, draws snapshots
 * where they are asked for, and prints what the maps hold at the end, as bpftrace does. It owns the source: whatever
 * happens, it is stopped and closed when `run` has resolved.
 */
import { HoneError } from '../base/index.ts';
import { ReaderGoneError } from '../output/index.ts';
import type { CompiledScript, Naming, TraceFormat } from '../script/index.ts';
import { ActionRunner } from './action-runner.ts';
import { eventOf, needsMaps } from './event-record.ts';
import type { ProbeCost, TraceEvent, TraceLosses, TraceSource } from './trace-source.ts';

/** Where a trace is written. */
export interface TraceSink {
  /** Takes text that is to stay. */
  write(text: string): void;
  /** Takes a snapshot of the maps, which takes the place of the one before where that can be. */
  frame(text: string): void;
  /** @throws ReaderGoneError, SysError */
  flush(): Promise<void>;
}

export type TraceEnd =
  /** The script called exit(). */
  | 'exit'
  | 'stopped'
  /** The time that was given is over. */
  | 'duration'
  /** Nothing is left to trace: a file has been read. */
  | 'over'
  | 'gone'
  | 'reader-gone'
  | 'failed';

export interface TraceResult {
  readonly end: TraceEnd;
  /** What ended the trace before its time. */
  readonly error: unknown;
  readonly losses: TraceLosses;
  readonly costs: readonly ProbeCost[];
  /** Threads that hit probes. */
  readonly threads: number;
}

export interface TraceSessionOptions {
  readonly script: CompiledScript;
  readonly source: TraceSource;
  readonly format: TraceFormat;
  readonly naming: Naming;
  readonly sink: TraceSink;
  /** CLOCK_REALTIME, or a file's: of time(). */
  readonly nowNs: () => bigint;
  readonly durationMs: number | undefined;
  /** A snapshot of all maps so often; undefined for none. */
  readonly snapshotMs: number | undefined;
}

const LONGEST_WAIT_MS = 1000;

export class TraceSession {
  readonly #options: TraceSessionOptions;
  readonly #actions: ActionRunner;
  #end: TraceEnd | undefined;
  #deadlineMs: number = Number.POSITIVE_INFINITY;
  #snapshotMs: number = Number.POSITIVE_INFINITY;
  /** Events that were lost at the look before the one that brought an exit. */
  #lostBeforeExit: bigint | undefined;

  constructor(options: TraceSessionOptions) {
    const { format, naming, source, nowNs } = options;
    this.#options = options;
    this.#actions = new ActionRunner(format, naming, source, nowNs);
  }

  /** Ends the trace soon; END runs and the maps are printed. */
  stop(): void {
    this.#end ??= 'stopped';
    this.#options.source.wake();
  }

  /** Never throws: what goes wrong is in the result. */
  async run(): Promise<TraceResult> {
    let error: unknown;
    try {
      await this.#trace();
    } catch (thrown) {
      this.#end = thrown instanceof ReaderGoneError ? 'reader-gone' : 'failed';
      if (this.#end === 'failed') error = thrown;
    }
    const { source } = this.#options;
    const { threads } = source;
    const losses = { ...source.losses(), events: this.#lostEvents() };
    const result = { end: this.#end!, error, losses, costs: source.costs(), threads };
    source.close();
    return result;
  }

  async #trace(): Promise<void> {
    const { script, source, format, sink, durationMs, snapshotMs } = this.#options;
    sink.write(format.attached(script.probes.length));
    await source.start();
    const startMs = performance.now();
    if (durationMs !== undefined) this.#deadlineMs = startMs + durationMs;
    if (snapshotMs !== undefined) this.#snapshotMs = startMs + snapshotMs;
    let fault: unknown;
    try {
      await this.#rounds();
    } catch (error) {
      if (!(error instanceof HoneError) || error instanceof ReaderGoneError) throw error;
      // The maps are printed whatever the other side did.
      fault = error;
    }
    await this.#finish(fault);
  }

  async #rounds(): Promise<void> {
    const { source, sink } = this.#options;
    let lostUntilLook = 0n;
    while (this.#end === undefined) {
      const lost = source.losses().events;
      await this.#runAll(source.take());
      if (this.#end === 'exit') this.#lostBeforeExit = lostUntilLook;
      lostUntilLook = lost;
      await this.#snapshot();
      await sink.flush();
      if (source.state !== 'running') this.#end ??= source.state;
      if (performance.now() >= this.#deadlineMs) this.#end ??= 'duration';
      if (this.#end === undefined) await source.wait(this.#mostMs());
    }
  }

  /** Runs events until one of them is an exit. */
  async #runAll(events: readonly TraceEvent[]): Promise<void> {
    const { script, source, sink } = this.#options;
    const planned = events.map(({ record }) => ({ record, plan: eventOf(script.events, record) }));
    if (planned.some(({ plan }) => needsMaps(plan))) await source.update();
    for (const { plan, record } of planned) {
      sink.write(this.#actions.run(plan, record));
      if (plan.kind !== 'exit') continue;
      this.#end ??= 'exit';
      return;
    }
  }

  async #finish(fault: unknown): Promise<void> {
    const { script, source, format, sink } = this.#options;
    try {
      await source.stop();
      const rest = source.take();
      // Behind an exit nobody waits for events.
      if (this.#end !== 'exit') await this.#runAll(rest);
      source.runEnd();
      await this.#runAll(source.take());
      await source.update();
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      fault ??= error;
    }
    sink.write(format.end());
    for (const name of mapNames(script)) sink.write(this.#actions.printMap(name, 0, 1n));
    const events = this.#lostEvents();
    if (events > 0n) sink.write(format.lost(events));
    await sink.flush();
    if (fault !== undefined) throw fault;
  }

  /** Programs run on until they are stopped: what a full ring lost behind an exit is no loss. */
  #lostEvents(): bigint {
    return this.#lostBeforeExit ?? this.#options.source.losses().events;
  }

  async #snapshot(): Promise<void> {
    const { script, source, sink, snapshotMs } = this.#options;
    if (snapshotMs === undefined || performance.now() < this.#snapshotMs) return;
    await source.update();
    sink.frame(
      mapNames(script)
        .map((name) => this.#actions.printMap(name, 0, 1n))
        .join(''),
    );
    this.#snapshotMs = Math.max(this.#snapshotMs + snapshotMs, performance.now());
  }

  #mostMs(): number {
    const nextMs = Math.min(this.#deadlineMs, this.#snapshotMs) - performance.now();
    return Math.max(0, Math.min(LONGEST_WAIT_MS, nextMs));
  }
}

/** In the order in which bpftrace prints them: by the bytes of their names. */
function mapNames({ maps }: CompiledScript): readonly string[] {
  return maps.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1));
}
