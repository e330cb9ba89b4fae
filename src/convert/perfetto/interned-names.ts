/** Names that are written once and then go by a number. */
import type { ProtoWriter } from './proto-writer.ts';
import { internedData } from './trace-fields.ts';

/** Of a hostile trace that has more names they are written out. */
const MOST_NAMES = 1 << 16;

export class InternedNames {
  readonly #field: number;
  readonly #numbers = new Map<string, number>();
  #new: string[] = [];

  /** @param field of InternedData */
  constructor(field: number) {
    this.#field = field;
  }

  get hasNew(): boolean {
    return this.#new.length > 0;
  }

  /** Undefined when the table is full. */
  find(name: string): number | undefined {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#numbers.size >= MOST_NAMES) return undefined;
    const number = this.#numbers.size + 1;
    this.#numbers.set(name, number);
    this.#new.push(name);
    return number;
  }

  /** Those that were not written yet. */
  writeNew(writer: ProtoWriter): void {
    let number = this.#numbers.size - this.#new.length;
    for (const name of this.#new) {
      writer.open(this.#field);
      writer.uint(internedData.iid, ++number);
      writer.string(internedData.name, name);
      writer.close();
    }
    if (this.#new.length > 0) this.#new = [];
  }
}
