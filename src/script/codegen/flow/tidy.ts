/**
 * Tidies jumps: those to jumps, those to what comes next, tests around a jump; and drops what no way leads to. No label
 * stands beside another afterwards.
 */
import { opcodes as o } from '../../../bpf/index.ts';
import { type Item, isAlways, isEnd, type Label } from './items.ts';

const opposites: ReadonlyMap<number, number> = new Map(
  [
    [o.BPF_JEQ, o.BPF_JNE],
    [o.BPF_JGT, o.BPF_JLE],
    [o.BPF_JGE, o.BPF_JLT],
    [o.BPF_JSGT, o.BPF_JSLE],
    [o.BPF_JSGE, o.BPF_JSLT],
  ].flatMap(([a, b]): [number, number][] => [
    [a!, b!],
    [b!, a!],
  ]),
);

/** The comparison that holds when this one does not; undefined for a bit test. */
export function oppositeOf(comparison: number): number | undefined {
  return opposites.get(comparison);
}

export function tidy(program: readonly Item[]): readonly Item[] {
  let items = program;
  for (let before = -1; before !== items.length; ) {
    before = items.length;
    items = dropJumpsToNext(invertTests(dropUnreached(skipJumps(items))));
  }
  return items;
}

/** A jump to a jump leads where that one does, and of labels at one place the last is taken. */
function skipJumps(items: readonly Item[]): readonly Item[] {
  const leadsTo = new Map<Label, Label>();
  for (let i = items.length - 1; i >= 0; i--) {
    const [item, behind] = [items[i]!, items[i + 1]];
    if (item.kind !== 'label' || behind === undefined || behind.kind === 'insn') continue;
    const next = behind.kind === 'label' ? behind : isAlways(behind) ? behind.to : undefined;
    if (next !== undefined) leadsTo.set(item, leadsTo.get(next) ?? next);
  }
  return items.map((item) => {
    const to = item.kind === 'jump' ? leadsTo.get(item.to) : undefined;
    return item.kind !== 'jump' || to === undefined ? item : { ...item, to };
  });
}

function dropUnreached(items: readonly Item[]): readonly Item[] {
  const used = new Set(items.flatMap((item) => (item.kind === 'jump' ? [item.to] : [])));
  let isReached = true;
  return items.filter((item) => {
    if (item.kind === 'label') {
      isReached ||= used.has(item);
      return used.has(item);
    }
    const keep = isReached;
    if (keep && isEnd(item)) isReached = false;
    return keep;
  });
}

/** `if c goto 1; goto 2; 1:` is `if not c goto 2; 1:`. */
function invertTests(items: readonly Item[]): readonly Item[] {
  const inverted: Item[] = [];
  for (let i = 0; i < items.length; i++) {
    const [test, jump] = [items[i]!, items[i + 1]];
    const opposite = test.kind === 'jump' ? opposites.get(test.code & 0xf0) : undefined;
    if (test.kind !== 'jump' || jump?.kind !== 'jump' || opposite === undefined) inverted.push(test);
    else if (!isAlways(jump) || !isNext(items, i + 2, test.to)) inverted.push(test);
    else {
      inverted.push({ ...test, code: (test.code & 0x0f) | opposite, to: jump.to });
      i++;
    }
  }
  return inverted;
}

function dropJumpsToNext(items: readonly Item[]): readonly Item[] {
  return items.filter((item, i) => item.kind !== 'jump' || !isNext(items, i + 1, item.to));
}

function isNext(items: readonly Item[], at: number, label: Label): boolean {
  for (let i = at; items[i]?.kind === 'label'; i++) if (items[i] === label) return true;
  return false;
}
