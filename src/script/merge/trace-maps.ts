/**
 * The maps of a script of the form `agent`, merged over the application's threads and the host. Maps in the banks are
 * taken over bank by bank; maps in the state are read where they are. Nothing here waits or maps memory: whoever calls
 * knows when a bank is quiet.
 */
import type { CompiledScript, MapPlan } from '../plan.ts';
import type { MapContents } from './map-contents.ts';
import { MergedMap } from './merged-map.ts';
import { placeRange, visitEntries } from './place-walk.ts';

interface StateMap {
  readonly plan: MapPlan;
  /** What the host's programs did to it. */
  readonly host: MergedMap;
  merged: MergedMap;
}

export class TraceMaps {
  readonly #stateOffset: number;
  readonly #banked: readonly MergedMap[];
  readonly #state: readonly StateMap[];
  /** What every writer's state was at the start. */
  #initial: Uint32Array<ArrayBuffer> | undefined;

  constructor({ maps, stateOffset }: Pick<CompiledScript, 'maps' | 'stateOffset'>) {
    this.#stateOffset = stateOffset;
    this.#banked = maps.filter(({ isState }) => !isState).map((plan) => new MergedMap(plan));
    this.#state = maps
      .filter(({ isState }) => isState)
      .map((plan) => ({ plan, host: new MergedMap(plan), merged: new MergedMap(plan) }));
  }

  get hasState(): boolean {
    return this.#state.length > 0;
  }

  /** Takes over and zeroes the maps of a bank. @param context from its first byte on; nobody else uses it */
  takeBank(context: Uint8Array): void {
    const words = asWords(context);
    for (const map of this.#banked) map.take(words, 0, true);
  }

  /** What BEGIN left in the host's state, and every writer starts with. Copied. */
  setInitialState(state: Uint8Array): void {
    this.#initial = asWords(state.slice());
    for (const { host } of this.#state) host.take(this.#initial, this.#stateOffset);
  }

  /**
   * What a program of the host did: `after` is its state, `before` what it was given (both from stateOffset on). Keys that
   * it deleted come back when a writer still has them: whoever calls takes them from there, too.
   */
  takeHostState(after: Uint8Array, before: Uint8Array): void {
    const [now, then] = [asWords(after.slice()), asWords(before.slice())];
    for (const { plan, host } of this.#state) {
      host.takeSince(now, then, this.#stateOffset);
      const [deleted, left] = [new MergedMap(plan), new MergedMap(plan)];
      deleted.take(then, this.#stateOffset);
      left.take(now, this.#stateOffset);
      deleted.remove(left);
      host.remove(deleted);
      this.#forgetInitial(plan, deleted);
    }
  }

  /** What begins anew behind a delete begins with zeros. */
  #forgetInitial(plan: MapPlan, deleted: MergedMap): void {
    const initial = this.#initial;
    if (initial === undefined || deleted.size === 0) return;
    visitEntries(plan, initial, this.#stateOffset, (hash, keys, keyAt, valueAt) => {
      if (deleted.has(hash, keys, keyAt)) initial.fill(0, valueAt, valueAt + plan.valueBytes / 4);
    });
  }

  /** Puts the maps of the state together anew. @param states of the writers, from stateOffset on; copied before use */
  readStates(states: readonly Uint8Array[]): void {
    const copies = states.map((state) => asWords(state.slice()));
    for (const map of this.#state) {
      map.merged = new MergedMap(map.plan);
      map.merged.takeMap(map.host);
      for (const words of copies) {
        if (this.#initial === undefined) map.merged.take(words, this.#stateOffset);
        else map.merged.takeSince(words, this.#initial, this.#stateOffset);
      }
    }
  }

  /** Maps of the state as they were put together last. */
  stateMaps(): readonly MergedMap[] {
    return this.#state.map(({ merged }) => merged);
  }

  /** A copy, for printing. */
  copyContents(name: string): MapContents | undefined {
    return this.#find(name)?.copyContents();
  }

  /**
   * clear(). Of a map in the state the writers' part goes while they use it: what they are doing to it at that moment
   * may come through or be lost.
   * @param states of the writers and the host, from stateOffset on
   */
  clear(name: string, states: readonly Uint8Array[]): void {
    this.#find(name)?.clear();
    const state = this.#state.find(({ plan }) => plan.name === name);
    if (state === undefined) return;
    state.host.clear();
    const { start, end } = placeRange(state.plan);
    for (const bytes of this.#allStates(states))
      bytes.fill(0, start - this.#stateOffset, end - this.#stateOffset);
  }

  /** zero(): the keys stay. The same is to be said of a map in the state. */
  zero(name: string, states: readonly Uint8Array[]): void {
    this.#find(name)?.zero();
    const state = this.#state.find(({ plan }) => plan.name === name);
    if (state === undefined) return;
    // The host keeps the keys, with zeros.
    state.host.takeMap(state.merged);
    state.host.zero();
    for (const bytes of this.#allStates(states)) {
      const words = asWords(bytes);
      const valueWords = state.plan.valueBytes / 4;
      visitEntries(state.plan, words, this.#stateOffset, (_hash, _keys, _keyAt, valueAt) => {
        words.fill(0, valueAt, valueAt + valueWords);
      });
    }
  }

  #allStates(states: readonly Uint8Array[]): readonly Uint8Array[] {
    return this.#initial === undefined ? states : [...states, new Uint8Array(this.#initial.buffer)];
  }

  #find(name: string): MergedMap | undefined {
    return (
      this.#banked.find(({ plan }) => plan.name === name) ??
      this.#state.find(({ plan }) => plan.name === name)?.merged
    );
  }
}

/** Its words; a view, so the bytes must begin at a multiple of 4. */
function asWords(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  return new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength >>> 2);
}
