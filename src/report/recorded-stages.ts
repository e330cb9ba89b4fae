/** Stages that an application marked, from recorded events. Stages may lie in others. */
import type { Place } from '../convert/index.ts';
import type { StageObservation } from '../findings/index.ts';

/** Of a hostile file that has more: they are left out. */
const MOST_STAGES = 1024;

type Stage = { -readonly [Name in keyof StageObservation]: StageObservation[Name] };

export class RecordedStages {
  readonly #begun = new Map<string, bigint>();
  readonly #stages = new Map<string, Stage>();

  begin({ tid }: Place, name: string, timeNs: bigint): void {
    const key = `${tid} ${name}`;
    if (tid !== undefined && (this.#begun.size < MOST_STAGES || this.#begun.has(key)))
      this.#begun.set(key, timeNs);
  }

  /** @param lossUntilNs events may be missing up to then */
  end({ tid }: Place, name: string, count: number, timeNs: bigint, lossUntilNs: bigint): void {
    const key = `${tid} ${name}`;
    const begunNs = this.#begun.get(key);
    this.#begun.delete(key);
    if (tid === undefined || begunNs === undefined || begunNs < lossUntilNs || timeNs < begunNs) return;
    let stage = this.#stages.get(key);
    if (stage === undefined) {
      if (this.#stages.size >= MOST_STAGES) return;
      stage = { name, tid, calls: 0, ns: 0, packets: 0, measuredSeconds: 0 };
      this.#stages.set(key, stage);
    }
    stage.calls++;
    stage.ns += Number(timeNs - begunNs);
    stage.packets += count;
  }

  observe(seconds: number): StageObservation[] {
    return [...this.#stages.values()].map((stage) => ({ ...stage, measuredSeconds: seconds }));
  }
}
