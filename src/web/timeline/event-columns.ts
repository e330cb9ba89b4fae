/** Events gathered into batches for the page, each on a lane that the page is told of before its first event. */
import { createEventBatch, type EventBatch, type LaneView, VALUES } from '../protocol/index.ts';
import type { TimelineOutlet } from './page-timeline.ts';

/** Events in one batch: some 350 KiB. */
const BATCH_EVENTS = 8192;
/** Lanes that a page shows; events on more of them, of a hostile trace, share the last one. */
const MOST_LANES = 256;
const OTHERS: Omit<LaneView, 'number'> = { name: 'everything else', labels: [] };

export class EventColumns {
  readonly #outlet: TimelineOutlet;
  readonly #lanes: LaneView[] = [];
  readonly #batch: EventBatch;
  /** Those before are known to the page. */
  #toldLanes = 0;
  #count = 0;

  constructor(outlet: TimelineOutlet) {
    this.#outlet = outlet;
    this.#batch = createEventBatch(BATCH_EVENTS, outlet.request);
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === BATCH_EVENTS;
  }

  addLane(name: string, labels: readonly string[]): LaneView {
    if (this.#lanes.length === MOST_LANES) return this.#lanes.at(-1)!;
    const isLast = this.#lanes.length === MOST_LANES - 1;
    const lane = {
      number: this.#lanes.length,
      ...(isLast ? OTHERS : { name: name.slice(0, 256), labels: labels.slice(0, VALUES) }),
    };
    this.#lanes.push(lane);
    return lane;
  }

  /** Only while it is not full. @param timeNs since the first event @param numberOf the number of a label */
  add(lane: LaneView, timeNs: number, numberOf: (label: number) => number): void {
    const { times, lanes, values } = this.#batch;
    const n = this.#count++;
    times[n] = timeNs;
    lanes[n] = lane.number;
    for (let label = 0; label < VALUES; label++) {
      values[n * VALUES + label] = label < lane.labels.length ? numberOf(label) : 0;
    }
  }

  /** Sends what was gathered. @returns false when the page has no room; then it is still here */
  flush(): boolean {
    const count = this.#count;
    if (count === 0) return true;
    if (this.#toldLanes < this.#lanes.length) {
      this.#outlet.tellLanes(this.#lanes.slice(this.#toldLanes));
      this.#toldLanes = this.#lanes.length;
    }
    const sent = createEventBatch(count, this.#outlet.request);
    sent.times.set(this.#batch.times.subarray(0, count));
    sent.values.set(this.#batch.values.subarray(0, count * VALUES));
    sent.lanes.set(this.#batch.lanes.subarray(0, count));
    if (!this.#outlet.offer(sent.bytes)) return false;
    this.#count = 0;
    return true;
  }

  /** Leaves out what was gathered. @returns how many events */
  drop(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
