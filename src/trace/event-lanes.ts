/**
 * The streams of a recording as lanes of an event walk: as long as each of them stands on an event whose kind is laid out the same every
 * time, events are gone over and run in WebAssembly, in the order of time.
 */
import { type EbpfProgram, EventWalk, type TraceMachine, type WalkedEvent } from '../bpf/index.ts';
import type { EventItem, Item, ItemSource } from '../convert/index.ts';
import type { EventDescription, HeaderLayout } from '../ctf/index.ts';
import type { ContextPlace } from './context-place.ts';
import type { Recording } from './recording.ts';

/** Each is looked at when another stream is to go on. */
const MOST_LANES = 64;
/** Where a turn goes over less, something else comes between the events, and to look at them one by one is as quick. */
export const FEW_EVENTS = 256;
/** The next turn is tried so many items later, each time twice as many, up to the most. */
const LEAST_PAUSE = 64;
const MOST_PAUSE = 16_384;
/** Before whoever waits has its turn. */
const EVENTS_A_TURN = 65_536;
const NEVER_NS = 1n << 63n;

/** What events of one kind run: a part of a WalkedEvent. */
export interface HookedRuns<Attached> {
  readonly arguments: WalkedEvent['arguments'];
  readonly runs: readonly {
    readonly attached: Attached;
    readonly equal: WalkedEvent['runs'][number]['equal'];
  }[];
}

export interface EventLanesOptions<Attached> {
  readonly machine: TraceMachine;
  readonly recording: Recording;
  readonly places: ContextPlace;
  readonly programs: readonly EbpfProgram[];
  /** FEW_EVENTS, or 0 to try at each item. */
  readonly fewEvents: number;
  /** Undefined where it needs more than integers from the event. */
  readonly hookedOf: (item: EventItem) => HookedRuns<Attached> | undefined;
}

export class EventLanes<Attached extends { readonly program: number; hits: number }> {
  /** Programs run, and the time of their event is in the context. */
  isWalking = false;

  readonly #options: EventLanesOptions<Attached>;
  readonly #sources: readonly ItemSource[];
  readonly #laneOf: ReadonlyMap<ItemSource, number>;
  /** Each source has one item, which it fills in again. */
  readonly #laneOfItem: ReadonlyMap<Item, number>;
  /** Lanes of the walk: they stand where their sources do. */
  readonly #walked = new Set<number>();
  readonly #walk: EventWalk;
  /** Of the events that are gone over. */
  #header: HeaderLayout | undefined;
  readonly #known = new Map<EventDescription, boolean>();
  readonly #events: WalkedEvent[] = [];
  readonly #runs: Attached[] = [];
  #isPrepared = false;
  /** Items that are left to others, and how many the next time. */
  #pausing = 0;
  #pause = LEAST_PAUSE;

  /** Memory that the machine must have for them. */
  static extraBytes(recording: Recording): number {
    return EventWalk.extraBytes(lanesOf(recording).length);
  }

  constructor(options: EventLanesOptions<Attached>) {
    this.#options = options;
    this.#sources = lanesOf(options.recording);
    this.#laneOf = new Map(this.#sources.map((source, lane) => [source, lane]));
    this.#laneOfItem = new Map(this.#sources.map(({ item }, lane) => [item, lane]));
    this.#walk = new EventWalk(options.machine, this.#sources.length);
  }

  /**
   * Runs what events hit from the one at hand on, as far as it can. Then the recording's next item is to be read.
   * @param untilNs not the events from then on
   * @returns how many events it went over; 0 when it can do nothing, and nothing has changed
   */
  run(untilNs: bigint | undefined): number {
    if (this.#pausing > 0) {
      this.#pausing--;
      return 0;
    }
    const { recording } = this.#options;
    const { item } = recording;
    if (item?.kind !== 'event' || !this.#isWalked(item) || this.#sources.length === 0) return 0;
    let beforeNs = untilNs ?? NEVER_NS;
    const waitFor = ({ item: next }: ItemSource): void => {
      if (next.timeNs < beforeNs) beforeNs = next.timeNs;
    };
    for (const source of recording.standing) {
      const lane = this.#laneOf.get(source);
      if (lane === undefined || !(this.#walked.has(lane) || this.#put(lane))) waitFor(source);
    }
    const ended = new Set<ItemSource>();
    let { nowNs } = recording;
    let events = 0;
    for (;;) {
      if (!this.#isPrepared) this.#prepare();
      this.isWalking = true;
      const result = this.#walk.run({ beforeNs, mostEvents: EVENTS_A_TURN - events, nowNs });
      this.isWalking = false;
      this.#runs.forEach((attached, run) => {
        attached.hits += this.#walk.hitsOf(run);
      });
      events += result.events;
      nowNs = result.nowNs;
      if (result.end !== 'hungry') break;
      const { lane } = result;
      const source = this.#sources[lane]!;
      source.skip!(this.#walk.positionOf(lane));
      this.#drop(lane);
      if (source.next() === 'end') ended.add(source);
      else if (!this.#put(lane)) waitFor(source);
      if (result.isStopped || events >= EVENTS_A_TURN) break;
    }
    for (const lane of this.#walked) this.#catchUp(lane);
    const isFew = events < this.#options.fewEvents;
    this.#pausing = isFew ? this.#pause : 0;
    this.#pause = isFew ? Math.min(2 * this.#pause, MOST_PAUSE) : LEAST_PAUSE;
    if (events === 0) return 0;
    this.#options.places.forget();
    recording.resume(ended, nowNs);
    return events;
  }

  /** Somebody else goes on from the item. */
  leave(item: Item): void {
    if (this.#walked.size === 0) return;
    const lane = this.#laneOfItem.get(item);
    if (lane !== undefined && this.#walked.has(lane)) this.#drop(lane);
  }

  /** The source stands where the lane does. */
  #catchUp(lane: number): void {
    const source = this.#sources[lane]!;
    const moved = this.#walk.positionOf(lane);
    if (moved === 0) return;
    this.#walk.settle(lane);
    source.skip!(moved);
    if (source.next() !== 'item') throw new Error(`${source.name}: an event was gone over that is not there`);
  }

  #drop(lane: number): void {
    this.#walked.delete(lane);
    this.#walk.drop(lane);
  }

  /** @returns false when the lane's event is not gone over, or there is nothing of it in memory */
  #put(lane: number): boolean {
    const source = this.#sources[lane]!;
    const { item } = source;
    if (item.kind !== 'event' || !this.#isWalked(item)) return false;
    const stretch = source.ahead!();
    if (stretch === undefined) return false;
    const words = this.#options.places.wordsOf(item.place);
    const place = new Uint8Array(words.buffer);
    const { bytes, ...where } = stretch;
    this.#walk.put(lane, bytes, { ...where, timeNs: item.timeNs, place });
    this.#walked.add(lane);
    return true;
  }

  #isWalked(item: EventItem): boolean {
    const { event } = item.cursor;
    let isWalked = this.#known.get(event);
    if (isWalked === undefined) {
      isWalked = this.#learn(item);
      this.#known.set(event, isWalked);
    }
    return isWalked;
  }

  #learn(item: EventItem): boolean {
    const { id, layout } = item.cursor.event;
    if (layout === undefined || id >= EventWalk.mostIds) return false;
    if (layout.sizeBytes > EventWalk.mostEventBytes) return false;
    if (this.#header !== undefined && this.#header !== layout.header) return false;
    const hooked = this.#options.hookedOf(item);
    if (hooked === undefined || this.#runs.length + hooked.runs.length > EventWalk.mostRuns) return false;
    const runs = hooked.runs.map(({ attached, equal }) => ({
      ...{ program: attached.program, equal },
      number: this.#runs.push(attached) - 1,
    }));
    this.#header = layout.header;
    this.#events.push({ id, sizeBytes: layout.sizeBytes, arguments: hooked.arguments, runs });
    this.#isPrepared = false;
    return true;
  }

  #prepare(): void {
    this.#walk.prepare(this.#header!, this.#events, this.#options.programs);
    this.#isPrepared = true;
  }
}

function lanesOf({ sources }: Recording): readonly ItemSource[] {
  const lanes = sources.filter((source) => source.ahead !== undefined);
  return lanes.length > MOST_LANES ? [] : lanes;
}
