/**
 * A recording as a trace sees it: what happened in all its streams and captures, one after another, with a time that does not go
 * back.
 */
import { FormatError, UsageError } from '../base/index.ts';
import {
  type EventKind,
  type Item,
  type ItemSource,
  Merge,
  type OpenInputs,
  openInputs,
} from '../convert/index.ts';
import { Halves } from '../ctf/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';
import { recordedPoints } from './recorded-points.ts';

export class Recording {
  /** What scripts can be put on. */
  readonly points: readonly ProbePoint[];
  readonly #inputs: OpenInputs;
  readonly #merge: Merge;
  #next: Item | undefined;
  #isAtStart = true;
  readonly #now = new Halves();

  private constructor(inputs: OpenInputs) {
    this.#inputs = inputs;
    this.#merge = new Merge(inputs.sources);
    this.points = recordedPoints(inputs.kinds, inputs.hasPackets);
  }

  /** @throws SysError, FormatError when it is no recording, UsageError when nothing is in it */
  static async open(path: string): Promise<Recording> {
    const recording = new Recording(await openInputs([path], []));
    try {
      await recording.readOn();
      if (recording.#next !== undefined) return recording;
      throw recording.damage ?? new UsageError(`${path}: nothing was recorded in it`);
    } catch (error) {
      recording.close();
      throw error;
    }
  }

  /** Of the events that can be in it. */
  get kinds(): readonly EventKind[] {
    return this.#inputs.kinds;
  }

  /** The time of what is at hand, of the first at the start, ns since 1970. */
  get nowNs(): bigint {
    return this.#now.signed;
  }

  /** What ended inputs before their time; all before was given. */
  get damage(): FormatError | undefined {
    const damages = this.#inputs.sources.flatMap(({ damage }) => damage ?? []);
    return damages.length === 0 ? undefined : new FormatError(damages.join('; '), 0);
  }

  /** A line each. */
  get notes(): readonly string[] {
    return [...new Set(this.#inputs.sources.flatMap(({ notes }) => notes))];
  }

  /** What is at hand, borrowed until readOn or tryReadOn; undefined at the end. */
  get item(): Item | undefined {
    return this.#next;
  }

  /** What comes next and is in memory; false when readOn must be called. */
  tryReadOn(): boolean {
    const item = this.#merge.next();
    if (item === undefined) return false;
    this.#next = item;
    if (this.#isAtStart || this.#now.compare(item.time) < 0) this.#now.copy(item.time);
    this.#isAtStart = false;
    return true;
  }

  /** What comes next, or the end. */
  async readOn(): Promise<void> {
    this.#next = undefined;
    while (!this.tryReadOn()) if (!(await this.#merge.fill())) return;
  }

  /** Those that are not at their end; what is at hand is the item of one of them. */
  get standing(): readonly ItemSource[] {
    return this.#merge.standing;
  }

  /** In the order in which items of the same time come. */
  get sources(): readonly ItemSource[] {
    return this.#inputs.sources;
  }

  /** Goes on after others have moved the sources, up to that time: see Merge. What is at hand then is to be read. */
  resume(ended: ReadonlySet<ItemSource>, untilNs: bigint): void {
    this.#merge.resume(ended);
    if (this.#now.signed < untilNs) this.#now.assign(untilNs);
  }

  close(): void {
    for (const source of this.#inputs.sources) source.close();
  }
}
