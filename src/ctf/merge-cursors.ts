/** The events of several streams on one timeline. */
import type { EventCursor } from './event-cursor.ts';

export interface MergedEvents {
  /**
   * The cursor that stands on the next event of all in time, those given first before others of the same time; undefined when all are at
   * their end. It is valid until the next call. Whether one ended early is told by its `damage`.
   */
  next(): EventCursor | undefined;
}

interface Entry {
  readonly cursor: EventCursor;
  readonly order: number;
  timeNs: bigint;
}

/** A merge over a heap: each step costs the logarithm of the number of streams. Within a stream, the order stays its own. */
export function mergeCursors(cursors: readonly EventCursor[]): MergedEvents {
  return new HeapMerge(cursors);
}

class HeapMerge implements MergedEvents {
  /** A binary heap, the earliest first. */
  readonly #heap: Entry[] = [];
  #waiting: readonly EventCursor[];
  #isFirst = true;

  constructor(cursors: readonly EventCursor[]) {
    this.#waiting = cursors;
  }

  next(): EventCursor | undefined {
    if (this.#isFirst) this.#begin();
    else this.#advance();
    return this.#heap[0]?.cursor;
  }

  #begin(): void {
    this.#isFirst = false;
    this.#waiting.forEach((cursor, order) => {
      if (cursor.next()) this.#heap.push({ cursor, order, timeNs: cursor.timeNs });
    });
    this.#waiting = [];
    for (let index = (this.#heap.length >>> 1) - 1; index >= 0; index--) this.#sink(index);
  }

  #advance(): void {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined) return;
    if (first.cursor.next()) first.timeNs = first.cursor.timeNs;
    else {
      const last = heap.pop()!;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    this.#sink(0);
  }

  #sink(start: number): void {
    const heap = this.#heap;
    const entry = heap[start]!;
    let at = start;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, entry)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.timeNs < other.timeNs || (one.timeNs === other.timeNs && one.order < other.order);
}
