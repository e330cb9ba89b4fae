/**
 * A capture session: looks at the rings of all sources again and again, gives their packets in order to the writer, and
 * ends when a condition comes true, somebody says so, or nothing is left to capture. It owns the feeds: whatever
 * happens, they are stopped and closed when `run` has resolved. Nothing is done for each packet, only for
 * each burst.
 */
import { setTimeout as sleep, setImmediate as yieldToEvents } from 'node:timers/promises';
import { assertUnreachable, HoneError, PeerError } from '../base/index.ts';
import { ReaderGoneError } from '../output/index.ts';
import type { FeedEvent, PortInfo } from '../target/index.ts';
import { InterfaceTable } from './interface-table.ts';
import type { Lane } from './lane.ts';
import type { PacketWriter } from './packet-writer.ts';
import type { CaptureSource } from './plan.ts';
import { RingMerge, type SourceEvent } from './ring-merge.ts';

/** One write takes at most this many bytes: then the room in the ring is given back. */
const RUN_BYTES = 4 << 20;
/** Room is given back at the latest after this many bytes. */
const RELEASE_BYTES = 256 << 10;
/** A round that moved less than this may be followed by a pause. */
const BUSY_BYTES = 256 << 10;
const PAUSE_MS = 1;
/** After as many rounds without a packet the pauses are longer. */
const ROUNDS_UNTIL_IDLE = 100;
const IDLE_PAUSE_MS = 4;
/** Signals are looked at this often while packets stream. */
const EVENTS_MS = 20;
const RUNS_BETWEEN_LOOKS_AT_THE_CLOCK = 64;
const PORTS_MS = 1000;

export type CaptureEnd =
  /** `stop()` was called. */
  | 'stopped'
  /** A condition of packets, bytes, files or time came true. */
  | 'condition'
  /** Whoever read the output went away. */
  | 'reader-gone'
  /** All captured ports are gone. */
  | 'ports-removed'
  /** All applications are gone. */
  | 'targets-gone'
  /** See `error`. */
  | 'failed';

export interface CaptureResult {
  readonly end: CaptureEnd;
  /** What ended the capture before its time. */
  readonly error: unknown;
  /** Applications that went away, by name. */
  readonly gone: readonly string[];
}

export interface CaptureSessionOptions {
  readonly sources: readonly CaptureSource[];
  readonly durationMs: number | undefined;
  /** Makes the writer, when all feeds run. */
  readonly openWriter: (session: CaptureSession) => Promise<PacketWriter>;
  /** Something a person should know while the capture goes on. */
  readonly onNote: (text: string) => void;
}

export class CaptureSession {
  readonly interfaces: InterfaceTable;
  readonly sources: readonly CaptureSource[];
  /** Asked to stop while it was ending: nobody is waited for any more. */
  hurried = false;

  readonly #options: CaptureSessionOptions;
  readonly #merge: RingMerge;
  readonly #gone: boolean[];
  /** Sources whose counters broke the protocol: not read again. */
  readonly #uncounted = new Set<number>();
  #writer!: PacketWriter;
  #end: CaptureEnd | undefined;
  #deadlineMs: number = Number.POSITIVE_INFINITY;
  #idleRounds = 0;
  #lastEventsMs = 0;
  #portsTimer: NodeJS.Timeout | undefined;
  #askingPorts: Promise<void> | undefined;

  constructor(options: CaptureSessionOptions) {
    const { sources } = options;
    this.#options = options;
    this.sources = sources;
    this.interfaces = new InterfaceTable(sources.length);
    this.#merge = new RingMerge(sources.map(({ feed }) => feed));
    this.#gone = sources.map(() => false);
    for (const [source, { interfaces }] of sources.entries()) {
      for (const [localId, captured] of interfaces.entries()) this.interfaces.add(source, localId, captured);
    }
  }

  /** Packets that the output took, of all interfaces. */
  get packets(): number {
    return this.interfaces.all.reduce((sum, { written }) => sum + written, 0);
  }

  /** CLOCK_REALTIME in ns. */
  get startNs(): bigint {
    return this.sources[0]!.feed.baseNs;
  }

  get nowNs(): bigint {
    const { feed } = this.sources[0]!;
    return feed.baseNs + BigInt(Math.round(feed.nowNs()));
  }

  get isEnding(): boolean {
    return this.#end !== undefined;
  }

  /** Ends the capture soon; what was captured is still written. Called again, that is cut short. */
  stop(): void {
    if (this.#end !== undefined) this.hurried = true;
    this.#end ??= 'stopped';
  }

  /** Brings the interfaces' counters up to date. @throws PeerError once, when they cannot be read */
  takeCounters(): void {
    for (const [source, { feed }] of this.sources.entries()) {
      if (this.#uncounted.has(source)) continue;
      this.#uncounted.add(source);
      this.interfaces.takeCounters(source, feed.counters());
      this.#uncounted.delete(source);
    }
  }

  /** Never throws: what goes wrong is in the result. */
  async run(): Promise<CaptureResult> {
    let error: unknown;
    try {
      await this.#capture();
    } catch (thrown) {
      if (thrown instanceof ReaderGoneError) this.#end = 'reader-gone';
      else {
        this.#end = 'failed';
        error = thrown;
      }
    }
    clearInterval(this.#portsTimer);
    for (const { feed } of this.sources) feed.close();
    const gone = this.sources.filter((_, source) => this.#gone[source]);
    return { end: this.#end!, error, gone: gone.map(({ application }) => application) };
  }

  async #capture(): Promise<void> {
    this.#writer = await this.#options.openWriter(this);
    this.#portsTimer = setInterval(() => void this.#takePorts(), PORTS_MS);
    try {
      await this.#rounds();
      await this.#stopAndDrain();
    } catch (error) {
      if (!(error instanceof HoneError)) throw error;
      // The file is completed whatever the other side did; one that cannot be written is closed already.
      await this.#complete();
      throw error;
    }
    await this.#complete();
  }

  async #rounds(): Promise<void> {
    const { durationMs } = this.#options;
    if (durationMs !== undefined) this.#deadlineMs = performance.now() + durationMs;
    while (this.#end === undefined) {
      await this.#announce(this.#merge.look());
      const bytes = await this.#drain(() => this.#end !== undefined);
      await this.#writer.tick();
      await this.#writer.flush();
      this.#checkLeft();
      this.#checkConditions();
      if (this.#end === undefined) await this.#pause(bytes);
    }
  }

  #checkConditions(): void {
    if (this.#writer.full || performance.now() >= this.#deadlineMs) this.#end ??= 'condition';
  }

  /** Gives everything that may be written to the writer, until `isOver`. Gives the number of bytes. */
  async #drain(isOver: () => boolean): Promise<number> {
    const merge = this.#merge;
    let sum = 0;
    for (let runs = 1; !this.#writer.full && !isOver() && merge.next(); runs++) {
      const { lane } = merge;
      const start = lane.offset;
      const waited = this.#takeRun(lane, merge.untilNs);
      if (waited !== undefined) await waited;
      sum += lane.offset - start;
      if (lane.offset >= RELEASE_BYTES) lane.release();
      if (runs % RUNS_BETWEEN_LOOKS_AT_THE_CLOCK === 0 || waited !== undefined) await this.#lookAtTheClock();
    }
    merge.release();
    return sum;
  }

  /** Gives a run to the writer, or a part of it. Undefined when there is nothing to wait for. */
  #takeRun(lane: Lane, untilNs: number): Promise<void> | undefined {
    const writer = this.#writer;
    const start = lane.offset;
    let packets = 0;
    while (
      lane.ready &&
      lane.timeNs <= untilNs &&
      lane.offset - start < RUN_BYTES &&
      writer.admits(packets + lane.packets, lane.offset - start + lane.bytes)
    ) {
      this.interfaces.get(lane.source, lane.interfaceId).written += lane.packets;
      packets += lane.packets;
      lane.take();
    }
    if (lane.offset === start) return this.#splitBurst(lane);
    return writer.put(lane.source, lane.view.subarray(start, lane.offset), packets);
  }

  async #splitBurst(lane: Lane): Promise<void> {
    const entry = this.interfaces.get(lane.source, lane.interfaceId);
    const burst = lane.view.subarray(lane.offset, lane.offset + lane.bytes);
    await this.#writer.split(lane.source, burst, (packets) => {
      entry.written += packets;
    });
    lane.take();
  }

  /** What was captured until the feeds had stopped is written as well, unless the writer is full. */
  async #stopAndDrain(): Promise<void> {
    const feeds = this.sources.map(({ feed }) => feed);
    const stopped = await Promise.allSettled(feeds.map((feed) => feed.stop()));
    let bytes: number;
    // One look takes in a part of what a large ring holds.
    do {
      if (this.#writer.full || this.hurried) break;
      await this.#announce(this.#merge.lookFinally());
      bytes = await this.#drain(() => this.hurried);
    } while (bytes > 0);
    for (const result of stopped) if (result.status === 'rejected') throw result.reason;
  }

  async #complete(): Promise<void> {
    clearInterval(this.#portsTimer);
    await this.#takePorts();
    try {
      this.takeCounters();
    } finally {
      await this.#writer.finish();
    }
  }

  async #announce(events: readonly SourceEvent[]): Promise<void> {
    for (const { source, event } of events) {
      if (event.kind === 'gone') this.#loseSource(source);
      else await this.#announcePort(source, event);
    }
  }

  #loseSource(source: number): void {
    this.#gone[source] = true;
    for (const entry of this.interfaces.all) if (entry.source === source) entry.state = 'removed';
    this.#options.onNote(`${this.sources[source]!.application} has ended`);
  }

  async #announcePort(source: number, event: Exclude<FeedEvent, { kind: 'gone' }>): Promise<void> {
    const { onNote } = this.#options;
    const { interfaceId, port } = event;
    const known = this.interfaces.find(source, interfaceId);
    switch (event.kind) {
      case 'port-added': {
        if (known !== undefined) known.state = 'live';
        else await this.#addInterface(source, interfaceId, port);
        return;
      }
      case 'port-removed':
        if (known !== undefined) known.state = 'removed';
        onNote(`port ${known?.captured.name ?? port.name} was removed`);
        return;
      case 'port-refused':
        if (known !== undefined) known.state = 'refused';
        onNote(`${this.sources[source]!.application}: port ${port.name} cannot be captured: ${event.reason}`);
        return;
      default:
        assertUnreachable(event);
    }
  }

  async #addInterface(source: number, interfaceId: number, port: PortInfo): Promise<void> {
    const { application, describe } = this.sources[source]!;
    const captured = describe(port);
    if (captured === undefined) {
      throw new PeerError(
        'PEER_PROTOCOL',
        `${application}: announced port ${port.name}, which nobody asked for`,
      );
    }
    const added = this.interfaces.add(source, interfaceId, captured);
    await this.#writer.announce(added);
    this.#options.onNote(`capturing on '${added.captured.name}', too`);
  }

  /** Ends the capture when nothing is left to wait for. */
  #checkLeft(): void {
    const { sources } = this;
    const { all } = this.interfaces;
    const isLive = all.some(({ state }) => state === 'live');
    const waits = sources.some(({ expectsPorts }, source) => !this.#gone[source] && expectsPorts);
    if (isLive || waits) return;
    if (this.#gone.every((gone) => gone)) this.#end ??= 'targets-gone';
    else if (all.some(({ state }) => state === 'removed')) this.#end ??= 'ports-removed';
    else throw new PeerError('PEER_REFUSED', 'none of the ports can be captured');
  }

  async #pause(bytes: number): Promise<void> {
    if (bytes >= BUSY_BYTES) {
      this.#idleRounds = 0;
      await this.#letEventsIn();
      return;
    }
    this.#idleRounds = bytes > 0 ? 0 : this.#idleRounds + 1;
    const pauseMs = this.#idleRounds < ROUNDS_UNTIL_IDLE ? PAUSE_MS : IDLE_PAUSE_MS;
    await sleep(Math.max(0, Math.min(pauseMs, this.#deadlineMs - performance.now())));
    this.#lastEventsMs = performance.now();
  }

  /** While packets stream: now and then, signals and conditions of time have their turn. */
  async #lookAtTheClock(): Promise<void> {
    if (performance.now() - this.#lastEventsMs <= EVENTS_MS) return;
    await this.#letEventsIn();
    await this.#writer.tick();
    this.#checkConditions();
  }

  async #letEventsIn(): Promise<void> {
    await yieldToEvents();
    this.#lastEventsMs = performance.now();
  }

  /** The ports' own counters are asked for now and then, so that the last ones are known when a source ends. */
  #takePorts(): Promise<void> {
    this.#askingPorts ??= this.#askPorts().finally(() => {
      this.#askingPorts = undefined;
    });
    return this.#askingPorts;
  }

  async #askPorts(): Promise<void> {
    for (const [source, { target }] of this.sources.entries()) {
      if (this.#gone[source]) continue;
      try {
        this.interfaces.takePorts(source, await target.listPorts());
      } catch (error) {
        // The feed tells why; here it only means that the counters stay as they are.
        if (!(error instanceof HoneError)) throw error;
      }
    }
  }
}
