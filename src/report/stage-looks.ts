/** Time in the stages that an application marks (hone/dataplane.h), for a short part of each second. Stages may lie in others. */
import type { StageObservation } from '../findings/index.ts';
import type { CompiledScript } from '../script/index.ts';
import type { Target } from '../target/index.ts';
import { compileProbes } from '../watch/index.ts';
import { lookFor, numberOf, numbersByKey } from './look.ts';

const [BEGIN, END] = ['app:dataplane:stage_begin', 'app:dataplane:stage_end'] as const;
const MOST_STAGES = 128;
const SCRIPT = `
  ${BEGIN} { @begun[str(args.stage)] = nsecs; @first = min(nsecs); }
  ${END} {
    $stage = str(args.stage);
    $begun = @begun[$stage];
    if ($begun != 0) {
      @ns[$stage] = sum(nsecs - $begun);
      @calls[$stage] = count();
      @packets[$stage] = sum(args.count);
      @begun[$stage] = 0;
    }
    @last = max(nsecs);
  }`;

export class StageLooks {
  readonly #target: Target;
  readonly #script: CompiledScript;
  readonly #stages = new Map<string, StageObservation>();
  programNs = 0;

  private constructor(target: Target, script: CompiledScript) {
    this.#target = target;
    this.#script = script;
  }

  /** Undefined when the application marks none. @throws PeerError */
  static async open(target: Target): Promise<StageLooks | undefined> {
    const points = (await target.listTracePoints()).filter(({ name }) => name === BEGIN || name === END);
    return points.length < 2
      ? undefined
      : new StageLooks(target, compileProbes(SCRIPT, { points, mostKeys: MOST_STAGES }));
  }

  /** @throws PeerError */
  async look(ms: number): Promise<void> {
    const { writers, programNs } = await lookFor(this.#target, this.#script, ms);
    this.programNs += programNs;
    for (const writer of writers) {
      // Its own clock: on a busy machine the host is told late when counting is over.
      const ownNs = (numberOf(writer, '@last') ?? 0) - (numberOf(writer, '@first') ?? 0);
      const seconds = Math.max(1e6 * ms, ownNs) / 1e9;
      const [time, calls, packets] = ['@ns', '@calls', '@packets'].map((map) =>
        numbersByKey(this.#script, writer, map),
      );
      for (const [name, ns] of time!) {
        const key = `${writer.tid} ${name}`;
        const known = this.#stages.get(key);
        this.#stages.set(key, {
          name,
          tid: writer.tid,
          calls: (known?.calls ?? 0) + (calls!.get(name) ?? 0),
          ns: (known?.ns ?? 0) + ns,
          packets: (known?.packets ?? 0) + (packets!.get(name) ?? 0),
          measuredSeconds: (known?.measuredSeconds ?? 0) + seconds,
        });
      }
    }
  }

  observe(): StageObservation[] {
    return [...this.#stages.values()];
  }
}
