/**
 * A conversion: items of all sources in the order of time into a sink. Memory is bounded by the number of sources, whatever their length.
 * Of a damaged source everything before the damage is taken.
 */
import { setImmediate } from 'node:timers/promises';
import { FormatError } from '../base/index.ts';
import { isOfOutput, ReaderGoneError } from '../output/index.ts';
import type { Item } from './item.ts';
import type { ItemSink } from './item-sink.ts';
import type { ItemSource } from './item-source.ts';
import { Merge } from './merge.ts';

/** Of the items, those that are wanted. */
export interface ItemSelection {
  readonly fromNs: bigint | undefined;
  readonly beforeNs: bigint | undefined;
  /** At most so many. */
  readonly items: number | undefined;
}

/** So many items before whoever waits (signals, progress) has its turn. */
const ITEMS_A_TURN = 4096;

export class Conversion {
  events = 0;
  packets = 0;
  readonly sources: readonly ItemSource[];
  readonly #selection: ItemSelection;
  #isStopped = false;

  /** Takes over `sources`; those of events before those of packets, so that of the same time they come first. */
  constructor(sources: readonly ItemSource[], selection: ItemSelection) {
    this.sources = sources;
    this.#selection = selection;
  }

  get taken(): number {
    return this.events + this.packets;
  }

  /** Ends the conversion soon; what was taken by then is complete. */
  stop(): void {
    this.#isStopped = true;
    for (const source of this.sources) source.close();
  }

  /**
   * Resolves when everything is converted, or nobody reads the output any more.
   * @throws FormatError for damage, after everything else was written; SysError
   */
  async run(sink: ItemSink): Promise<void> {
    try {
      await this.#run(sink);
    } catch (error) {
      if (!(error instanceof ReaderGoneError)) throw error;
    } finally {
      for (const source of this.sources) source.close();
    }
  }

  async #run(sink: ItemSink): Promise<void> {
    let failure: unknown;
    try {
      await this.#pump(sink);
    } catch (error) {
      if (isOfOutput(error)) throw error;
      failure = error;
    }
    await sink.finish();
    if (failure !== undefined) throw failure;
    this.#throwDamage();
  }

  async #pump(sink: ItemSink): Promise<void> {
    const merge = new Merge(this.sources);
    const isLive = this.sources.some(({ sizeBytes }) => sizeBytes === undefined);
    for (let turn = 0; !this.#isStopped && !this.#isComplete; turn++) {
      if (turn % ITEMS_A_TURN === 0) await setImmediate();
      const item = merge.next();
      if (item === undefined) {
        if (isLive) await sink.flush();
        if (!(await merge.fill())) return;
        continue;
      }
      if (!this.#wants(item)) continue;
      if (item.kind === 'event') this.events++;
      else this.packets++;
      const waiting = sink.put(item);
      if (waiting !== undefined) await waiting;
    }
  }

  get #isComplete(): boolean {
    return this.#selection.items !== undefined && this.taken >= this.#selection.items;
  }

  #wants({ timeNs }: Item): boolean {
    const { fromNs, beforeNs } = this.#selection;
    return (fromNs === undefined || timeNs >= fromNs) && (beforeNs === undefined || timeNs < beforeNs);
  }

  #throwDamage(): void {
    const damages = this.sources.flatMap(({ damage }) => damage ?? []);
    if (damages.length > 0) throw new FormatError(damages.join('; '), 0);
  }
}
