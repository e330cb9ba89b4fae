/**
 * A live timeline for one page: every hit of the chosen points with its time, its lcore and its first arguments, from the
 * application's rings to the page in batches. What the page does not take is left out and counted.
 */
import { UsageError } from '../../base/index.ts';
import { type CompiledScript, parseScript } from '../../script/index.ts';
import { connectTarget, realtimeNs, type Target } from '../../target/index.ts';
import { AgentSource, type TraceEvent } from '../../trace/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import { type LaneView, VALUES } from '../protocol/index.ts';
import { compileInApplication } from '../trace/page-script.ts';
import { costViews } from '../trace/page-trace.ts';
import { EventColumns } from './event-columns.ts';
import type { PageTimeline, TimelineMessage, TimelineOutlet } from './page-timeline.ts';

/** Rings are emptied this often. */
const LOOK_MS = 10;
const EVENT_HEAD_BYTES = 8;
/** Lcores have lower numbers; other threads have this one, or LCORE_ID_ANY. */
const NO_LCORE = 0xffff;

export class LiveTimeline implements PageTimeline {
  readonly #points: readonly ProbePoint[];
  /** Of each point those that are shown. */
  readonly #arguments: readonly ProbePoint['arguments'][];
  /** The point of each event that the script can send. */
  readonly #pointOfEvent: readonly number[];
  readonly #source: AgentSource;
  readonly #target: Target;
  readonly #request: number;
  readonly #columns: EventColumns;
  /** By point and lcore. */
  readonly #lanes = new Map<number, LaneView>();
  readonly #done: Promise<void>;
  #startNs = 0n;
  #leftOut = 0;
  #isStopping = false;
  #isRunning = true;
  #note = '';
  #fault = '';
  /** Losses and costs as they were at the end: then the source's memory is gone. */
  #last: Pick<TimelineMessage, 'lostEvents' | 'costs'> | undefined;

  private constructor(points: readonly ProbePoint[], target: Target, outlet: TimelineOutlet) {
    this.#points = points;
    this.#arguments = points.map(shownArguments);
    this.#target = target;
    this.#request = outlet.request;
    this.#columns = new EventColumns(outlet);
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

  /** @throws UsageError, PeerError */
  static async start(pid: number, names: readonly string[], outlet: TimelineOutlet): Promise<LiveTimeline> {
    const target = await connectTarget(pid);
    try {
      const known = await target.listTracePoints();
      const points = names.map((name) => {
        const point = known.find((one) => one.name === name);
        if (point === undefined) throw new UsageError(`the application has no point ${name}`);
        return point;
      });
      if (points.length === 0) throw new UsageError('no point was chosen');
      return new LiveTimeline(points, target, outlet);
    } catch (error) {
      target.close();
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#source.wake();
    await this.#done;
  }

  state(): TimelineMessage {
    return {
      ...{ type: 'timeline', request: this.#request, isRunning: this.#isRunning },
      ...{ note: this.#note, fault: this.#fault, leftOut: this.#leftOut, readBytes: 0, sizeBytes: 0 },
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
      this.#fault = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isRunning = false;
      this.#last = this.#measure();
      this.#source.close();
      this.#target.close();
    }
  }

  #pass(events: readonly TraceEvent[]): void {
    for (const { timeNs, record } of events) {
      this.#put(Number(timeNs - this.#startNs), record);
      if (this.#columns.isFull) this.#flush();
    }
    this.#flush();
  }

  #flush(): void {
    if (!this.#columns.flush()) this.#leftOut += this.#columns.drop();
  }

  #put(timeNs: number, record: Uint8Array): void {
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const fields = (view.byteLength - EVENT_HEAD_BYTES) >>> 3;
    const point = this.#pointOfEvent[view.getUint32(0, true)] ?? 0;
    const lcore = fields === 0 ? NO_LCORE : Math.min(NO_LCORE, numberAt(view, 0, false));
    const shown = this.#arguments[point]!;
    this.#columns.add(this.#laneOf(point, lcore), timeNs, (label) =>
      label + 1 < fields ? numberAt(view, label + 1, isSigned(shown[label])) : 0,
    );
  }

  #laneOf(point: number, lcore: number): LaneView {
    const key = point * (NO_LCORE + 1) + lcore;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const where = lcore === NO_LCORE ? 'other threads' : `lcore ${lcore}`;
    const labels = this.#arguments[point]!.map(({ name }) => name);
    const made = this.#columns.addLane(`${where} · ${this.#points[point]!.name}`, labels);
    this.#lanes.set(key, made);
    return made;
  }
}

function isSigned(argument: ProbePoint['arguments'][number] | undefined): boolean {
  return argument?.type.kind === 'integer' && argument.type.isSigned;
}

/** A field of 8 bytes; exact up to 2^53. */
function numberAt(view: DataView, field: number, isSigned: boolean): number {
  const at = EVENT_HEAD_BYTES + 8 * field;
  const high = isSigned ? view.getInt32(at + 4, true) : view.getUint32(at + 4, true);
  return high * 2 ** 32 + view.getUint32(at, true);
}

/** A hit is a line of the point's number, the lcore, and the first arguments; lines alike would be one event. */
function eventScript(points: readonly ProbePoint[]): CompiledScript {
  const clauses = points.map((point, number) => {
    const values = ['lcore', ...shownArguments(point).map(({ name }) => `args.${name}`)];
    return `${point.name} { printf("${number} ${values.map(() => '%u').join(' ')}", ${values.join(', ')}); }`;
  });
  return compileInApplication(parseScript(clauses.join('\n')), points);
}

function shownArguments(point: ProbePoint): ProbePoint['arguments'] {
  return point.arguments.filter(({ type }) => type.kind === 'integer').slice(0, VALUES);
}
