/**
 * A running trace whose maps are read for each of the application's threads by itself, not summed up over them: what each
 * gathered since it was read last.
 */
import { type CompiledScript, type MapContents, TraceMaps } from '../script/index.ts';
import type { Target, TraceFeed } from '../target/index.ts';
import { startRequest } from '../trace/index.ts';
import { programNs } from './program-time.ts';

export interface WriterContents {
  readonly lcore: number | undefined;
  readonly tid: number;
  readonly name: string;
  readonly contents: (map: string) => MapContents['entries'];
}

export class WriterMaps {
  readonly #script: CompiledScript;
  readonly #feed: TraceFeed;
  /** By a writer's number. */
  readonly #maps = new Map<number, TraceMaps>();
  #withoutRoom = 0n;
  #takenNs = 0;

  private constructor(script: CompiledScript, feed: TraceFeed) {
    this.#script = script;
    this.#feed = feed;
  }

  /** @throws PeerError */
  static async start(target: Pick<Target, 'startTrace'>, script: CompiledScript): Promise<WriterMaps> {
    const seed = Math.floor(Math.random() * 2 ** 32);
    return new WriterMaps(script, await target.startTrace(startRequest(script, seed, new Uint8Array(0))));
  }

  /** @throws PeerError when the application has gone */
  async take(): Promise<readonly WriterContents[]> {
    this.#feed.poll();
    await this.#feed.snapshot();
    return this.#feed.writers.map(({ number, lcore, tid, name, quiet }) => {
      const maps = this.#maps.get(number) ?? new TraceMaps(this.#script);
      this.#maps.set(number, maps);
      maps.takeBank(quiet);
      const taken = new Map(
        this.#script.maps
          .filter(({ isState }) => !isState)
          .map((plan) => [plan.name, maps.copyContents(plan.name)?.entries ?? []]),
      );
      for (const map of taken.keys()) maps.clear(map, []);
      return { lcore, tid, name, contents: (map: string) => taken.get(map) ?? [] };
    });
  }

  /** Updates since the call before that found no room in their map. */
  takeWithoutRoom(): number {
    const sum = this.#feed.writers.flatMap(({ withoutRoom }) => withoutRoom).reduce((a, b) => a + b, 0n);
    const since = Number(sum - this.#withoutRoom);
    this.#withoutRoom = sum;
    return since;
  }

  /** Time that the program took since the call before, by what was sampled; of all threads together. */
  takeProgramNs(): number {
    const sum = programNs(this.#feed);
    const since = sum - this.#takenNs;
    this.#takenNs = sum;
    return Math.max(0, since);
  }

  close(): void {
    this.#feed.close();
  }
}

/** The 64-bit numbers of a map's value. */
export function numbersOf(value: Uint8Array): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return Array.from({ length: value.byteLength / 8 }, (_, index) =>
    Number(view.getBigUint64(8 * index, true)),
  );
}
