/** A field that was asked for by its name, and its values in a packet as text. */
import { nearest, UsageError } from '../base/index.ts';
import {
  FIELDS,
  type Field,
  fieldsByName,
  formatFieldValue,
  type Packet,
  readField,
} from '../packet/index.ts';

export class FieldColumn {
  readonly name: string;
  readonly #rows: readonly Field[];

  /** @throws UsageError for a name that the field table does not have */
  constructor(name: string) {
    const rows = fieldsByName(name);
    if (rows === undefined) {
      const near = nearest(
        name,
        FIELDS.map((field) => field.name),
      );
      const hint = near === undefined ? '; docs/fields.md lists all' : `, did you mean "${near}"?`;
      throw new UsageError(`-e ${name}: no such field${hint}`);
    }
    this.name = name;
    this.#rows = rows;
  }

  /** All values, outermost first. */
  read(packet: Packet): string[] {
    const [row] = this.#rows;
    return readField(this.#rows, packet).map((value) => formatFieldValue(row!, value));
  }
}
