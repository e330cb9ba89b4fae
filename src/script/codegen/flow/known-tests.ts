/**
 * Lets a way that leads to a test whose outcome is known on it lead to what comes behind the test at once, as in
 * `x = 0; goto 1; ... 1: if x == 0 goto 2`. For tidy programs without loops.
 */
import { type Item, isAlways, isEnd, type Jump, jumpTo, type Label, placesOf } from './items.ts';
import { assume, type Known, knownAfter, meet, nothingKnown, outcomeOf } from './known-numbers.ts';

export function skipKnownTests(items: readonly Item[]): readonly Item[] {
  return new Skipping(items).run();
}

class Skipping {
  readonly #items: readonly Item[];
  readonly #places: ReadonlyMap<Label, number>;
  readonly #result: Item[] = [];
  /** What is known on all ways that lead to a label, of those seen so far. */
  readonly #atLabel = new Map<Label, Known>();
  /** New labels behind the items of these numbers. */
  readonly #behind = new Map<number, Label>();
  /** Undefined where no way leads. */
  #known: Known | undefined = nothingKnown;

  constructor(items: readonly Item[]) {
    this.#items = items;
    this.#places = placesOf(items);
  }

  run(): readonly Item[] {
    this.#items.forEach((item, i) => {
      if (item.kind === 'label') this.#arrive(item);
      else if (this.#known !== undefined) this.#pass(item, this.#known);
      const behind = this.#behind.get(i);
      if (behind !== undefined) this.#bind(behind);
    });
    return this.#result;
  }

  #arrive(label: Label): void {
    if (this.#known !== undefined) {
      const test = this.#items[this.#places.get(label)! + 1];
      const isTaken = test?.kind === 'jump' && outcomeOf(test, this.#known) === true;
      if (isTaken) this.#jump(jumpTo(label), this.#known);
    }
    this.#bind(label);
  }

  #bind(label: Label): void {
    const known = this.#atLabel.get(label);
    if (known !== undefined) this.#known = this.#known === undefined ? known : meet(this.#known, known);
    this.#result.push(label);
  }

  #pass(item: Exclude<Item, Label>, known: Known): void {
    if (item.kind === 'insn') {
      this.#result.push(item);
      this.#known = isEnd(item) ? undefined : knownAfter(known, item.insn);
      return;
    }
    const outcome = isAlways(item) ? true : outcomeOf(item, known);
    if (outcome === false) return;
    this.#jump(outcome === true ? jumpTo(item.to) : item, known);
  }

  #jump(jump: Jump, known: Known): void {
    const isTaken = isAlways(jump) ? known : assume(jump, known, true);
    const to = this.#follow(jump.to, isTaken);
    const before = this.#atLabel.get(to);
    this.#atLabel.set(to, before === undefined ? isTaken : meet(before, isTaken));
    this.#result.push({ ...jump, to });
    this.#known = isAlways(jump) ? undefined : assume(jump, known, false);
  }

  /** Where a jump to `label` may lead instead. */
  #follow(label: Label, known: Known): Label {
    const at = this.#places.get(label)! + 1;
    const item = this.#items[at];
    if (item?.kind !== 'jump') return label;
    const outcome = outcomeOf(item, known);
    if (outcome === undefined) return label;
    if (outcome) return this.#follow(item.to, known);
    const behind = this.#behind.get(at) ?? { kind: 'label' };
    this.#behind.set(at, behind);
    return behind;
  }
}
