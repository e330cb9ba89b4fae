/** A trace for one page, in an application or in the kernel: its maps are sent as they are every half second, what it prints as it comes. */
import { type CompiledScript, JsonFormat, type Naming, type ScriptTree } from '../../script/index.ts';
import { connectTarget, realtimeNs } from '../../target/index.ts';
import {
  AgentSource,
  type KernelPrice,
  KernelSource,
  type TraceResult,
  TraceSession,
  type TraceSource,
} from '../../trace/index.ts';
import type { ProbePoint } from '../../tracepoints/index.ts';
import type { CostView, HostMessage, PointView, PriceView } from '../protocol/index.ts';
import { OutputLines } from './output-lines.ts';
import { compileInApplication, type KernelScript } from './page-script.ts';

export type TraceMessage = Extract<HostMessage, { readonly type: 'trace' }>;

/** Programs in applications have the time since 1970. */
const REALTIME: Naming = { timeOffsetNs: 0n };
const SNAPSHOT_MS = 500;
/** Of each map those entries with the largest values. */
const MOST_ENTRIES = 100;
const MOST_MAPS_TEXT = 1 << 20;

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

interface PageTraceOptions {
  /** What it ends with. */
  readonly whose: 'application' | 'process';
  /** Of probes of the kernel, as it was before they were there. */
  readonly price: KernelPrice | undefined;
  /** Called when nothing of it is left. */
  readonly onEnd: () => void;
}

export class PageTrace {
  readonly #source: TraceSource;
  readonly #session: TraceSession;
  readonly #price: KernelPrice | undefined;
  /** What it ends with. */
  readonly #whose: 'application' | 'process';
  readonly #done: Promise<void>;
  readonly #output = new OutputLines();
  #maps = '';
  /** Maps that are printed from now on are those of the end. */
  #isEnding = false;
  #result: TraceResult | undefined;

  private constructor(
    script: CompiledScript,
    source: TraceSource,
    naming: Naming,
    { whose, onEnd, price }: PageTraceOptions,
  ) {
    this.#source = source;
    this.#price = price;
    this.#whose = whose;
    this.#session = new TraceSession({
      script,
      source,
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
      onEnd();
    });
  }

  /** In an application. @throws CompileError, PeerError */
  static async inApplication(tree: ScriptTree, pid: number): Promise<PageTrace> {
    const target = await connectTarget(pid);
    try {
      const script = compileInApplication(tree, await target.listTracePoints());
      const source = new AgentSource({
        script,
        startFeed: (request) => target.startTrace(request),
        nowNs: realtimeNs,
        pid: process.pid,
      });
      return new PageTrace(script, source, REALTIME, {
        ...{ whose: 'application', price: undefined },
        onEnd: () => target.close(),
      });
    } catch (error) {
      target.close();
      throw error;
    }
  }

  /** @throws PermissionError, ProgramRefusedError, SysError */
  static inKernel({ script, pid }: KernelScript, price: KernelPrice | undefined): PageTrace {
    const source = new KernelSource({ script, pid });
    return new PageTrace(script, source, source.naming, { whose: 'process', price, onEnd: () => {} });
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
      price: this.#price === undefined ? null : priceView(this.#price),
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
        return `the ${this.#whose} has ended`;
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

export function priceView({ point, hitsPerSecond, percent }: KernelPrice): PriceView {
  return { point, hitsPerSecond, percent };
}
