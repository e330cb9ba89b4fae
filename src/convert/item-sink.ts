/** Where a conversion's items go. */
import type { Item } from './item.ts';

export interface ItemSink {
  /** Takes an item, which is borrowed. Undefined when there is nothing to wait for. */
  put(item: Item): Promise<void> | undefined;
  /** What was taken becomes visible, because an input makes us wait. */
  flush(): Promise<void>;
  /** Completes everything. Nothing is called afterwards. */
  finish(): Promise<void>;
  /** What there is to say about what was written, or could not be: a line each. */
  readonly notes: readonly string[];
}
