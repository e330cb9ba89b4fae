/**
 * Whether an event says what another one of its trace says, too: an application's burst that was recorded as a poll and as a burst is
 * in the trace twice, as two kinds of the same name and fields. The first kind counts.
 */
import type { EventItem } from './item.ts';
import type { EventKind } from './open-trace.ts';

/** @param kinds of all traces */
export function isRepeated({ name, trace, cursor }: EventItem, kinds: readonly EventKind[]): boolean {
  const named = kinds.filter((kind) => kind.name === name && kind.trace === trace);
  const own = named.find(({ id }) => id === cursor.event.id);
  return own !== undefined && named.find((kind) => isSame(kind, own)) !== own;
}

/** The same fields: else it is another version of the event. */
function isSame(a: EventKind, b: EventKind): boolean {
  return JSON.stringify(a.fields) === JSON.stringify(b.fields);
}
