/** Fields of a recorded event as numbers of a timeline. */
import { EnumerationValue, type FieldValue, type StructureValue } from '../../ctf/index.ts';

/** Exact up to 2^53; undefined for what is no number. */
export function numberOf(value: FieldValue): number | undefined {
  const bare = value instanceof EnumerationValue ? value.value : value;
  if (typeof bare === 'number') return bare;
  return typeof bare === 'bigint' || typeof bare === 'boolean' ? Number(bare) : undefined;
}

/** Names of those that are numbers, in the order of the event. */
export function numericFields(fields: StructureValue): readonly string[] {
  return Object.keys(fields).filter((name) => numberOf(fields[name]) !== undefined);
}
