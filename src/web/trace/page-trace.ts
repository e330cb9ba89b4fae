/** A trace for one page: its maps are sent as they are every half second, what it prints as it comes. */
import { CompileError } from '../../base/index.ts';
import { type CompiledScript, compileScript, JsonFormat } from '../../script/index.ts';
import { connectTarget, realtimeNs, type Target } from '../../target/index.ts';
import { AgentSource, pointFinder, type TraceResult, TraceSession } from '../../trace/index.ts';
import { dpdkPoints, type ProbePoint } from '../../tracepoints/index.ts';
import type { CostView, HostMessage, PointView } from '../protocol/index.ts';
import { OutputLines } from './output-lines.ts';

export type TraceMessage = Extract<HostMessage, { readonly type: 'trace' }>;
type ScriptMessage = Omit<Extract<HostMessage, { readonly type: 'script' }>, 'type' | 'request'>;

const SNAPSHOT_MS = 500;
/** Of each map those entries with the largest values. */
const MOST_ENTRIES = 100;
const MOST_MAPS_TEXT = 1 << 20;

/** @param points those of the application that is meant; undefined when it is not known yet */
export function compileFor(script: string, points: readonly ProbePoint[] = dpdkPoints): CompiledScript {
  return compileScript(script, {
    form: 'agent',
    positional: [],
    findPoints: pointFinder(points, 'the application'),
  });
}

/** What is wrong with a script, or what it becomes. */
export function checkScript(script: string, points: readonly ProbePoint[] | undefined): ScriptMessage {
  try {
    const { probes } = compileFor(script, points);
    return {
      diagnostics: [],
      probes: probes.map(({ point, port, queue }) =>
        [point.name, ...[port, queue].filter((place) => place !== undefined)].join(':'),
      ),
      instructions: probes.reduce((sum, { program }) => sum + program.length, 0),
    };
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const diagnostics = error.diagnostics.map(({ message, span, hint }) => ({
      ...{ message, start: span.start, end: span.end, hint: hint ?? null },
    }));
    return { diagnostics, probes: [], instructions: 0 };
  }
}

export function pointView(point: ProbePoint): PointView {
  return {
    name: point.name,
    meaning: point.meaning,
    arguments: point.arguments.map(({ name, type, meaning }) => ({
      name,
      type: type.kind === 'text' ? 'text' : `${type.isSigned ? 'int' : 'uint'}${8 * type.bytes}`,
      meaning,
    })),
  };
}

export class PageTrace {
  readonly #source: AgentSource;
  readonly #session: TraceSession;
  readonly #target: Target;
  readonly #done: Promise<void>;
  readonly #output = new OutputLines();
  #maps = '';
  /** Maps that are printed from now on are those of the end. */
  #isEnding = false;
  #result: TraceResult | undefined;

  private constructor(script: CompiledScript, target: Target) {
    this.#target = target;
    this.#source = new AgentSource({
      script,
      startFeed: (request) => target.startTrace(request),
      nowNs: realtimeNs,
      pid: process.pid,
    });
    const naming = { timeOffsetNs: 0n };
    this.#session = new TraceSession({
      script,
      source: this.#source,
      format: new JsonFormat(naming, { sort: undefined, isDescending: false, top: MOST_ENTRIES }),
      naming,
      sink: {
        write: (text) => this.#write(text),
        frame: (text) => {
          this.#maps = text.slice(0, MOST_MAPS_TEXT);
        },
        flush: async () => {},
      },
      nowNs: realtimeNs,
      durationMs: undefined,
      snapshotMs: SNAPSHOT_MS,
    });
    this.#done = this.#session.run().then((result) => {
      this.#result = result;
      this.#target.close();
    });
  }

  /** @throws CompileError, PeerError */
  static async start(script: string, pid: number): Promise<PageTrace> {
    const target = await connectTarget(pid);
    try {
      return new PageTrace(compileFor(script, await target.listTracePoints()), target);
    } catch (error) {
      target.close();
      throw error;
    }
  }

  get isRunning(): boolean {
    return this.#result === undefined;
  }

  /** Resolves when nothing of it is left in the application. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#session.stop();
    await this.#done;
  }

  state(): TraceMessage {
    const losses = this.#result?.losses ?? this.#source.losses();
    return {
      ...{
        type: 'trace',
        isRunning: this.isRunning,
        note: this.#note(),
        timeMs: Date.now(),
        maps: this.#maps,
      },
      costs: costViews(this.#result?.costs ?? this.#source.costs()),
      threads: this.#result?.threads ?? this.#source.threads,
      lostEvents: Number(losses.events),
      withoutRoom: Number(losses.withoutRoom.reduce((sum, { updates }) => sum + updates, 0n)),
    };
  }

  flushOutput(send: (lines: string, leftOut: number) => boolean): void {
    this.#output.flush(send);
  }

  #write(text: string): void {
    if (text.trim() === '') {
      if (text !== '') this.#beginEnd();
      return;
    }
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (this.#isEnding) this.#maps += `${line}\n`;
      else if (!line.startsWith('{"type": "attached_probes"')) this.#output.add(line);
    }
  }

  #beginEnd(): void {
    this.#isEnding = true;
    this.#maps = '';
  }

  #note(): string {
    switch (this.#result?.end) {
      case 'failed': {
        const { error } = this.#result;
        return error instanceof Error ? error.message : String(error);
      }
      case 'gone':
        return 'the application has ended';
      case 'exit':
        return 'the script called exit()';
      default:
        return '';
    }
  }
}

export function costViews(
  costs: readonly { readonly probe: string; readonly hits: bigint; readonly nsPerHit: number | undefined }[],
): readonly CostView[] {
  return costs.map(({ probe, hits, nsPerHit }) => ({
    probe,
    hits: Number(hits),
    nsPerHit: nsPerHit ?? null,
  }));
}
