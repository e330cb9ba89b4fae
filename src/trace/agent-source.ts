/**
 * A script of the form `agent` on a feed: an application with the agent, or a recorded file. BEGIN, END and interval
 * probes run here, on a context of the host's own, which is merged like a writer's. Maps of the state are shared by value:
 * what BEGIN left is where every writer starts, an interval probe sees all writers' as one, and what it assigns or deletes
 * in the state is written through to the writers (write-through.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HoneError } from '../base/index.ts';
import { type CompiledProbe, type CompiledScript, type MapContents, TraceMaps } from '../script/index.ts';
import type { TraceFeed, TraceRequest, TraceWriter } from '../target/index.ts';
import { explainRefusal } from './explain-refusal.ts';
import type { HostPrograms } from './host-programs.ts';
import { IntervalClock } from './interval-clock.ts';
import { RingEvents } from './ring-events.ts';
import { startRequest } from './start-request.ts';
import type { ProbeCost, TraceEvent, TraceLosses, TraceSource } from './trace-source.ts';
import { writeThrough } from './write-through.ts';

/** A feed that goes on only when it is told to: a file. */
export interface PacedFeed extends TraceFeed {
  /** Runs what comes before this time, or a part of it. */
  advance(untilNs: bigint | undefined): Promise<void>;
  /** The time of the first packet that has not been run. */
  readonly nowNs: bigint;
  /** Everything has been run. */
  readonly isOver: boolean;
}

export interface AgentSourceOptions {
  readonly script: CompiledScript;
  readonly startFeed: (request: TraceRequest) => Promise<TraceFeed | PacedFeed>;
  /** The clock of the programs: CLOCK_REALTIME, or a file's at its start. */
  readonly nowNs: () => bigint;
  readonly pid: number;
}

/** Rings are looked at this often. */
const LOOK_MS = 5;
const COMM = 'hone';
/** Where a file is silent for long, intervals come so often at once; the others are left out. */
const MOST_INTERVALS = 10_000;

export class AgentSource implements TraceSource {
  readonly #options: AgentSourceOptions;
  readonly #maps: TraceMaps;
  /** Undefined for scripts without BEGIN, END and intervals, and before the start. */
  #host: HostPrograms | undefined;
  readonly #seed: number = Math.floor(Math.random() * 2 ** 32);
  readonly #targetProbes: readonly CompiledProbe[];
  #feed: TraceFeed | PacedFeed | undefined;
  #rings: RingEvents | undefined;
  #intervals: IntervalClock | undefined;
  #state: TraceSource['state'] = 'running';
  #isStopped = false;
  #waking = new AbortController();
  #startNs = 0n;
  #endNs: bigint | undefined;

  constructor(options: AgentSourceOptions) {
    const { script } = options;
    this.#options = options;
    this.#maps = new TraceMaps(script);
    this.#targetProbes = script.probes.filter(({ runs }) => runs === 'target');
  }

  get state(): TraceSource['state'] {
    return this.#state;
  }

  get threads(): number {
    return this.#feed?.writers.length ?? 0;
  }

  /** How long programs could run, in ns of their clock. */
  get elapsedNs(): bigint {
    return (this.#endNs ?? this.nowNs()) - this.#startNs;
  }

  /** The time that programs see. */
  nowNs(): bigint {
    return this.#paced?.nowNs ?? this.#options.nowNs();
  }

  get #paced(): PacedFeed | undefined {
    return this.#feed !== undefined && 'advance' in this.#feed ? this.#feed : undefined;
  }

  async start(): Promise<void> {
    const { script, startFeed, nowNs, pid } = this.#options;
    this.#startNs = nowNs();
    const { startTimeOffset, stateOffset, contextBytes } = script;
    if (script.probes.some(({ runs }) => runs === 'host')) {
      // Its engine is large, and most scripts do without.
      const { HostPrograms } = await import('./host-programs.ts');
      this.#host = new HostPrograms(script, this.#seed, { pid, comm: COMM });
    }
    const startTime = startTimeOffset === undefined ? undefined : startTimeOffset - stateOffset;
    const state =
      this.#host?.state ?? (startTime === undefined ? undefined : new Uint8Array(contextBytes - stateOffset));
    if (startTime !== undefined) {
      new DataView(state!.buffer, state!.byteOffset).setBigUint64(startTime, this.#startNs, true);
    }
    for (const probe of script.probes) {
      if (probe.point.kind === 'begin') this.#host!.run(probe, this.#startNs);
    }
    if (state !== undefined) this.#maps.setInitialState(state);
    // Nothing to attach to: timers alone.
    if (this.#targetProbes.length > 0) {
      try {
        this.#feed = await startFeed(startRequest(script, this.#seed, state?.slice()));
      } catch (error) {
        throw explainRefusal(error, this.#targetProbes);
      }
      this.#rings = new RingEvents(this.#feed.baseNs);
    }
    this.#intervals = new IntervalClock(script.probes, this.#startNs);
  }

  async wait(mostMs: number): Promise<void> {
    const paced = this.#paced;
    if (paced !== undefined) {
      await paced.advance(this.#intervals?.nextNs);
      return;
    }
    const nextNs = this.#intervals?.nextNs;
    const dueMs = nextNs === undefined ? mostMs : Number(nextNs - this.nowNs()) / 1e6;
    const lookMs = this.#feed === undefined ? mostMs : LOOK_MS;
    await sleep(Math.max(0, Math.min(mostMs, dueMs, lookMs)), undefined, {
      signal: this.#waking.signal,
    }).catch(() => {});
  }

  wake(): void {
    this.#waking.abort();
    this.#waking = new AbortController();
  }

  take(): readonly TraceEvent[] {
    // Events have the time before they are put into the ring: it is read before the rings are.
    const nowNs = this.nowNs();
    const [feed, paced] = [this.#feed, this.#paced];
    if (!this.#isStopped) {
      for (const { kind } of feed?.poll() ?? []) if (kind === 'gone') this.#state = 'gone';
    }
    const isLast = this.#isStopped || this.#state === 'gone' || paced !== undefined;
    const events = this.#rings?.take(feed!.rings, isLast ? undefined : nowNs) ?? [];
    if (!this.#isStopped) this.#runIntervals(nowNs);
    if (paced?.isOver === true) this.#state = 'over';
    return [...events, ...(this.#host?.takeEvents() ?? [])];
  }

  #runIntervals(nowNs: bigint): void {
    const intervals = this.#intervals!;
    // A file says exactly when; elsewhere it is now.
    for (let n = 0; this.#paced !== undefined && n < MOST_INTERVALS; n++) {
      const { nextNs } = intervals;
      if (nextNs === undefined || nextNs >= nowNs) break;
      for (const probe of intervals.takeDue(nextNs)) this.#runInHost(probe, nextNs);
    }
    for (const probe of intervals.takeDue(nowNs)) this.#runInHost(probe, nowNs);
  }

  async update(): Promise<void> {
    const feed = this.#feed;
    if (feed !== undefined) {
      try {
        await feed.snapshot();
      } catch (error) {
        // Who went away leaves its banks as they are.
        if (!(error instanceof HoneError) || error.code !== 'PEER_GONE') throw error;
      }
      for (const { quiet } of feed.writers) this.#maps.takeBank(quiet);
    }
    if (this.#host !== undefined) this.#maps.takeBank(this.#host.context);
    if (this.#maps.hasState) this.#maps.readStates(this.#writers().map(({ state }) => state));
  }

  copyContents(map: string): MapContents | undefined {
    return this.#maps.copyContents(map);
  }

  clear(map: string): void {
    this.#maps.clear(map, this.#states());
  }

  zero(map: string): void {
    this.#maps.zero(map, this.#states());
  }

  async stop(): Promise<void> {
    try {
      await this.#feed?.stop();
    } catch (error) {
      if (!(error instanceof HoneError) || error.code !== 'PEER_GONE') throw error;
    } finally {
      this.#endNs = this.nowNs();
      this.#isStopped = true;
    }
  }

  runEnd(): void {
    const { probes } = this.#options.script;
    const endNs = this.#endNs ?? this.nowNs();
    for (const probe of probes) if (probe.point.kind === 'end') this.#runInHost(probe, endNs);
  }

  close(): void {
    this.#feed?.close();
  }

  losses(): TraceLosses {
    const writers = this.#writers();
    const keyed = this.#options.script.maps.filter(({ place }) => place.kind === 'keyed');
    const withoutRoom = keyed.map(({ name, place }) => {
      const index = place.kind === 'keyed' ? place.index : 0;
      const inHost = BigInt(this.#host?.withoutRoom[index] ?? 0);
      return {
        map: name,
        updates: writers.reduce((sum, writer) => sum + (writer.withoutRoom[index] ?? 0n), inHost),
      };
    });
    return {
      events: writers.reduce((sum, { lostEvents }) => sum + lostEvents, BigInt(this.#host?.lostEvents ?? 0)),
      withoutRoom: withoutRoom.filter(({ updates }) => updates > 0n),
      unplacedHits: this.#feed?.unplacedHits ?? 0n,
    };
  }

  costs(): readonly ProbeCost[] {
    return (this.#feed?.costs() ?? []).map(({ hits, sampledHits, sampledNs }, n) => {
      const { point, port, queue } = this.#targetProbes[n]!;
      const place = [port, queue].filter((number) => number !== undefined);
      return {
        probe: [point.name, ...place].join(':'),
        hits,
        nsPerHit: sampledHits === 0n ? undefined : Number(sampledNs) / Number(sampledHits),
      };
    });
  }

  #runInHost(probe: CompiledProbe, nowNs: bigint): void {
    const host = this.#host!;
    if (!this.#maps.hasState) {
      host.run(probe, nowNs);
      return;
    }
    this.#maps.readStates(this.#writers().map(({ state }) => state));
    host.loadState(this.#maps.stateMaps());
    const before = host.state.slice();
    host.run(probe, nowNs);
    this.#maps.takeHostState(host.state, before);
    const { script } = this.#options;
    writeThrough(script, this.#seed, { after: host.state, before }, this.#writers());
  }

  #writers(): readonly TraceWriter[] {
    return this.#feed?.writers ?? [];
  }

  #states(): readonly Uint8Array[] {
    const states = this.#writers().map(({ state }) => state);
    return this.#host === undefined ? states : [...states, this.#host.state];
  }
}
