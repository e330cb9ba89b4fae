/**
 * A live timeline for one page: every hit of the chosen points with its time, its lcore and its first arguments, from the
 * application's rings to the page in batches. What the page does not take is left out and counted.
 */
import { UsageError } from '../../base/index.ts';
import type { CompiledScript } from '../../script/index.ts';
import { connectTarget, realtimeNs, type Target } from '../../target/index.ts';
import { AgentSource, type TraceEvent } from '../../trace/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import { ARGUMENTS, createEventBatch, type HostMessage, NO_LCORE } from '../protocol/index.ts';
import { compileFor, costViews, pointView } from '../trace/page-trace.ts';

export type TimelineMessage = Extract<HostMessage, { readonly type: 'timeline' }>;

/** Rings are emptied this often. */
const LOOK_MS = 10;
/** Events in one message. */
const MOST_IN_BATCH = 16_384;
const EVENT_HEAD_BYTES = 8;

export class PageTimeline {
  readonly #points: readonly ProbePoint[];
  /** The point of each event that the script can send. */
  readonly #pointOfEvent: readonly number[];
  readonly #source: AgentSource;
  readonly #target: Target;
  readonly #send: (bytes: Uint8Array) => boolean;
  readonly #done: Promise<void>;
  #startNs = 0n;
  #leftOut = 0;
  #isStopping = false;
  #isRunning = true;
  #note = '';
  /** Losses and costs as they were at the end: then the source's memory is gone. */
  #last: Pick<TimelineMessage, 'lostEvents' | 'costs'> | undefined;

  private constructor(points: readonly ProbePoint[], target: Target, send: (bytes: Uint8Array) => boolean) {
    this.#points = points;
    this.#target = target;
    this.#send = send;
    const script = eventScript(points);
    this.#pointOfEvent = script.events.map((plan) =>
      plan.kind === 'printf' ? Number.parseInt(plan.format, 10) : 0,
    );
    this.#source = new AgentSource({
      script,
      startFeed: (request) => target.startTrace(request),
      nowNs: realtimeNs,
      pid: process.pid,
    });
    this.#done = this.#run();
  }

  /**
   * @param send takes a batch, or says that there is no room
   * @throws UsageError, PeerError
   */
  static async start(
    pid: number,
    names: readonly string[],
    send: (bytes: Uint8Array) => boolean,
  ): Promise<PageTimeline> {
    const target = await connectTarget(pid);
    try {
      const known = await target.listTracePoints();
      const points = names.map((name) => {
        const point = known.find((one) => one.name === name);
        if (point === undefined) throw new UsageError(`the application has no point ${name}`);
        return point;
      });
      if (points.length === 0) throw new UsageError('no point was chosen');
      return new PageTimeline(points, target, send);
    } catch (error) {
      target.close();
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Resolves when nothing of it is left in the application. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#source.wake();
    await this.#done;
  }

  state(): TimelineMessage {
    return {
      ...{ type: 'timeline', isRunning: this.#isRunning, note: this.#note, leftOut: this.#leftOut },
      points: this.#points.map((point) => ({
        ...pointView(point),
        arguments: shownArguments(point).map(({ name, meaning }) => ({ name, type: '', meaning })),
      })),
      ...(this.#last ?? this.#measure()),
    };
  }

  #measure(): Pick<TimelineMessage, 'lostEvents' | 'costs'> {
    return {
      lostEvents: Number(this.#source.losses().events),
      costs: costViews(this.#source.costs()),
    };
  }

  async #run(): Promise<void> {
    try {
      this.#startNs = realtimeNs();
      await this.#source.start();
      while (!this.#isStopping && this.#source.state === 'running') {
        this.#pass(this.#source.take());
        await this.#source.wait(LOOK_MS);
      }
      if (this.#source.state === 'gone') this.#note = 'the application has ended';
      await this.#source.stop();
      this.#pass(this.#source.take());
    } catch (error) {
      this.#note = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isRunning = false;
      this.#last = this.#measure();
      this.#source.close();
      this.#target.close();
    }
  }

  #pass(events: readonly TraceEvent[]): void {
    for (let start = 0; start < events.length; start += MOST_IN_BATCH) {
      const part = events.slice(start, start + MOST_IN_BATCH);
      if (!this.#send(this.#batchOf(part))) this.#leftOut += part.length;
    }
  }

  #batchOf(events: readonly TraceEvent[]): Uint8Array {
    const batch = createEventBatch(events.length);
    for (const [n, { timeNs, record }] of events.entries()) {
      const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
      const fields = (view.byteLength - EVENT_HEAD_BYTES) >>> 3;
      batch.times[n] = Number(timeNs - this.#startNs);
      batch.points[n] = this.#pointOfEvent[view.getUint32(0, true)] ?? 0;
      batch.lcores[n] = fields > 0 ? numberAt(view, 0, NO_LCORE) : NO_LCORE;
      for (let argument = 0; argument < ARGUMENTS && argument + 1 < fields; argument++) {
        batch.arguments[n * ARGUMENTS + argument] = numberAt(view, argument + 1, 0xffff_ffff);
      }
    }
    return batch.bytes;
  }
}

function numberAt(view: DataView, field: number, most: number): number {
  const at = EVENT_HEAD_BYTES + 8 * field;
  return view.getUint32(at + 4, true) !== 0 ? most : Math.min(most, view.getUint32(at, true));
}

/** A hit is a line of the point's number, the lcore, and the first arguments; lines alike would be one event. */
function eventScript(points: readonly ProbePoint[]): CompiledScript {
  const clauses = points.map((point, number) => {
    const values = ['lcore', ...shownArguments(point).map(({ name }) => `args.${name}`)];
    return `${point.name} { printf("${number} ${values.map(() => '%u').join(' ')}", ${values.join(', ')}); }`;
  });
  return compileFor(clauses.join('\n'), points);
}

function shownArguments(point: ProbePoint): ProbePoint['arguments'] {
  return point.arguments.filter(({ type }) => type.kind === 'integer').slice(0, ARGUMENTS);
}
