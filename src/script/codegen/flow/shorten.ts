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
  const { items: needed, live } = dropDeadWrites(items);
  return tidy(separateEnds(needed, live));
}

function hasLoop(items: readonly Item[]): boolean {
  const places = placesOf(items);
  return items.some((item, i) => item.kind === 'jump' && places.get(item.to)! <= i);
}
