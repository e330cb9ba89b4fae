/**
 * Makes a program shorter, and its ways, which is what counts where it runs for every packet. librte_bpf takes no
 * program with an unreachable instruction.
 */
import { type Item, placesOf } from './items.ts';
import { skipKnownTests } from './known-tests.ts';
import { dropDeadWrites } from './live-registers.ts';
import { separateEnds } from './own-ends.ts';
import { tidy } from './tidy.ts';

export function shorten(program: readonly Item[]): readonly Item[] {
  let items = tidy(program);
  if (hasLoop(items)) return items;
  for (let before = -1; before !== items.length; ) {
    before = items.length;
    items = tidy(skipKnownTests(items));
  }
  const { items: needed, live } = dropDeadWrites(labelExit(items));
  return tidy(separateEnds(needed, live));
}

/** With a label in front of the exit at its end. */
function labelExit(items: readonly Item[]): readonly Item[] {
  return [...items.slice(0, -1), { kind: 'label' }, ...items.slice(-1)];
}

function hasLoop(items: readonly Item[]): boolean {
  const places = placesOf(items);
  return items.some((item, i) => item.kind === 'jump' && places.get(item.to)! <= i);
}
