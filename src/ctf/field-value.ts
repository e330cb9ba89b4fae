/**
 * A decoded field. Integers of at most 32 bits, and floats, are numbers; wider integers are bigints. A sequence or array of characters
 * that its class says is text is a string; blobs are copied bytes. An option that is not there is undefined.
 */
export type FieldValue =
  | number
  | bigint
  | string
  | boolean
  | undefined
  | Uint8Array
  | EnumerationValue
  | readonly FieldValue[]
  | StructureValue;

export class EnumerationValue {
  readonly value: number | bigint;
  /** Of all mappings that the value lies in, in the order of the metadata; empty when there is none. */
  readonly labels: readonly string[];

  constructor(value: number | bigint, labels: readonly string[]) {
    this.value = value;
    this.labels = labels;
  }
}

export interface StructureValue {
  readonly [name: string]: FieldValue;
}
