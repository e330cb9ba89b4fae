/** The events of several streams on one timeline. */
import { Heap } from '../base/index.ts';
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
}

/** A merge over a heap: each step costs the logarithm of the number of streams. Within a stream, the order stays its own. */
export function mergeCursors(cursors: readonly EventCursor[]): MergedEvents {
  return new HeapMerge(cursors);
}

class HeapMerge implements MergedEvents {
  readonly #heap = new Heap<Entry>(isBefore);
  /** Those to be moved on before the next event is known: all at the start, then the one that was given. */
  #hungry: readonly Entry[];

  constructor(cursors: readonly EventCursor[]) {
    this.#hungry = cursors.map((cursor, order) => ({ cursor, order }));
  }

  next(): EventCursor | undefined {
    for (const entry of this.#hungry) {
      if (entry.cursor.next()) this.#heap.push(entry);
    }
    const first = this.#heap.pop();
    this.#hungry = first === undefined ? [] : [first];
    return first?.cursor;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return (one.cursor.time.compare(other.cursor.time) || one.order - other.order) < 0;
}
