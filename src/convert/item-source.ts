/** One ordered stream of items: a stream of a trace, or a capture file. */
import type { EventStretch } from '../ctf/index.ts';
import type { Item } from './item.ts';

export type Step =
  /** `item` is the next one. */
  | 'item'
  /** `fill` has to be awaited first. */
  | 'wait'
  | 'end';

export interface ItemSource {
  /** What messages call it. */
  readonly name: string;
  readonly item: Item;
  next(): Step;
  /** Of a stream of events: EventCursor's, with times as items have them. */
  ahead?(): EventStretch | undefined;
  skip?(lengthBytes: number): void;
  /** Reads on after 'wait'. @throws SysError */
  fill(): Promise<void>;
  /** Why it ended before its time; everything before was given. */
  readonly damage: string | undefined;
  /** What there is to say about it when it was read: a line each. */
  readonly notes: readonly string[];
  /** So much of the input was read, of so much: for people who wait. */
  readonly takenBytes: number;
  readonly sizeBytes: number | undefined;
  close(): void;
}
