/**
 * An application in memory that runs trace programs: threads that a test makes hit points, each with a context of its own
 * that exchanges its banks when it is told to. And a trace run from its script to its last line.
 */
import { type BatchProgram, decodeEbpf, TraceMachine, traceContext } from '../../src/bpf/index.ts';
import {
  bpftraceOrder,
  type CompiledScript,
  compileScript,
  JsonFormat,
  TextFormat,
} from '../../src/script/index.ts';
import type {
  FeedEvent,
  RecordRing,
  TraceCost,
  TraceFeed,
  TraceRequest,
  TraceWriter,
} from '../../src/target/index.ts';
import { AgentSource } from '../../src/trace/agent-source.ts';
import { pointFinder } from '../../src/trace/find-points.ts';
import { MemoryRing } from '../../src/trace/memory-ring.ts';
import { type TraceResult, TraceSession } from '../../src/trace/trace-session.ts';
import { dpdkPoints } from '../../src/tracepoints/index.ts';

const BASE_NS = 1_700_000_000_000_000_000n;

/** One thread of the application. */
class FakeThread {
  readonly writer: TraceWriter;
  readonly ring: MemoryRing;
  lostEvents = 0n;
  readonly #machine: TraceMachine;
  readonly #quiet: Uint8Array;
  readonly #stateOffset: number;
  readonly #runs: readonly { readonly point: string; readonly run: () => void }[];
  #timeNs = 0;

  constructor(tid: number, request: TraceRequest) {
    const { contextBytes, stateOffset, keyedMaps, seed, initialState, attachments, programs } = request;
    this.ring = new MemoryRing(tid);
    this.#machine = new TraceMachine({
      contextBytes,
      keyedMaps,
      seed,
      emit: (record) => {
        this.ring.put(this.#timeNs, record);
        return true;
      },
    });
    const { context, maps } = this.#machine;
    if (initialState !== undefined) context.set(initialState, stateOffset);
    this.#quiet = new Uint8Array(stateOffset);
    this.#stateOffset = stateOffset;
    this.#runs = attachments.map(({ point, program }) => ({
      point,
      run: this.#machine.prepare(decodeEbpf(programs[program!]!) satisfies BatchProgram['program']),
    }));
    const lost = () => this.lostEvents;
    this.writer = {
      number: tid,
      tid,
      lcore: tid,
      name: `lcore-${tid}`,
      quiet: this.#quiet,
      state: context.subarray(stateOffset),
      get withoutRoom() {
        return maps.map(({ withoutRoom }) => BigInt(withoutRoom));
      },
      get lostEvents() {
        return lost();
      },
    };
  }

  /** @param timeNs since BASE_NS; @param args in the point's order */
  hit(point: string, timeNs: number, args: readonly number[]): void {
    this.#timeNs = timeNs;
    const { view } = this.#machine;
    view.setBigUint64(traceContext.timeNs, BASE_NS + BigInt(timeNs), true);
    view.setUint32(traceContext.tid, this.writer.tid, true);
    for (const [n, value] of args.entries())
      view.setBigUint64(traceContext.args + 8 * n, BigInt(value), true);
    for (const attached of this.#runs) if (attached.point === point) attached.run();
  }

  exchange(): void {
    const { maps } = traceContext;
    this.#quiet.set(this.#machine.context.subarray(maps, this.#stateOffset), maps);
    this.#machine.context.fill(0, maps, this.#stateOffset);
  }
}

export class FakeTraceFeed implements TraceFeed {
  readonly engine: TraceFeed['engine'] = 'jit';
  readonly baseNs: bigint = BASE_NS;
  readonly threads: readonly FakeThread[];
  readonly queued: FeedEvent[] = [];
  unplacedHits = 0n;
  isClosed = false;
  /** What costs() gives. */
  prices: readonly TraceCost[] = [];
  /** Called at every poll. */
  onPoll: () => void = () => {};

  constructor(request: TraceRequest, threads: number) {
    this.threads = Array.from({ length: threads }, (_, n) => new FakeThread(n + 1, request));
  }

  get writers(): readonly TraceWriter[] {
    return this.threads.map(({ writer }) => writer);
  }

  get recordRings(): readonly RecordRing[] {
    return [];
  }

  get rings(): readonly MemoryRing[] {
    return this.threads.map(({ ring }) => ring);
  }

  poll(): readonly FeedEvent[] {
    this.onPoll();
    return this.queued.splice(0);
  }

  async snapshot(): Promise<void> {
    for (const thread of this.threads) thread.exchange();
  }

  costs(): readonly TraceCost[] {
    return this.prices;
  }

  async stop(): Promise<void> {}

  close(): void {
    this.isClosed = true;
  }
}

export function compileForTest(source: string, positional: readonly string[] = []): CompiledScript {
  return compileScript(source, { form: 'agent', positional, findPoints: pointFinder(dpdkPoints, 'a test') });
}

export interface TraceRun {
  readonly text: string;
  readonly frames: readonly string[];
  readonly result: TraceResult;
  readonly feed: FakeTraceFeed | undefined;
}

export interface TraceRunOptions {
  readonly format?: 'text' | 'json';
  readonly threads?: number;
  readonly snapshotMs?: number;
  readonly durationMs?: number;
  /** Called at the poll of this number, from 0 on, with the time that it then is. */
  readonly play?: (feed: FakeTraceFeed, poll: number) => void;
  /** The clock: ns since BASE_NS at each look. */
  readonly nowNs?: (poll: number) => number;
}

/** Runs a script to its end. */
export async function runTrace(source: string, options: TraceRunOptions = {}): Promise<TraceRun> {
  const { format = 'text', threads = 1, play, nowNs = () => Date.now() } = options;
  const script = compileForTest(source);
  let feed: FakeTraceFeed | undefined;
  let polls = 0;
  const agent = new AgentSource({
    script,
    startFeed: async (request) => {
      const started = new FakeTraceFeed(request, threads);
      started.onPoll = () => play?.(started, polls++);
      feed = started;
      return started;
    },
    nowNs: () => BASE_NS + BigInt(nowNs(polls)),
    pid: 4711,
  });
  let text = '';
  const frames: string[] = [];
  const naming = { timeOffsetNs: 0n };
  const session = new TraceSession({
    script,
    source: agent,
    format: format === 'text' ? new TextFormat(naming, bpftraceOrder) : new JsonFormat(naming, bpftraceOrder),
    naming,
    sink: {
      write: (more) => {
        text += more;
      },
      frame: (frame) => frames.push(frame),
      flush: async () => {},
    },
    nowNs: () => agent.nowNs(),
    durationMs: options.durationMs,
    snapshotMs: options.snapshotMs,
  });
  return { result: await session.run(), text, frames, feed };
}
