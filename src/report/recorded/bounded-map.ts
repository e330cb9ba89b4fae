/** What a recording names (ports, threads, stages): a hostile one names more than there can be, and the rest is not looked at. */

const MOST = 4096;

export class BoundedMap<Value> {
  readonly #values = new Map<string, Value>();
  /** Something found no room. */
  isFull = false;

  /** The value of a key, made when it is new; undefined when there are too many. */
  get(key: string, make: () => Value): Value | undefined {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#values.size >= MOST) {
      this.isFull = true;
      return undefined;
    }
    const made = make();
    this.#values.set(key, made);
    return made;
  }

  values(): Value[] {
    return [...this.#values.values()];
  }
}
