/**
 * A sample as values of counters. What tells one port, pool or ring from another (its number, its name) becomes part of the counters'
 * names; every other number is a counter.
 */
import { EnumerationValue, type FieldValue, type StructureValue } from '../../ctf/index.ts';

export interface CounterValue {
  /** `port 0 ipackets`, `mbuf_pool available`. */
  readonly name: string;
  readonly value: number | bigint;
}

/** Fields that name what was sampled, with the word before them. */
const KEYS: readonly (readonly [field: string, word: string])[] = [
  ['port', 'port '],
  ['port_id', 'port '],
  ['queue', 'queue '],
  ['queue_id', 'queue '],
  ['name', ''],
];

export function counterValues(fields: StructureValue): readonly CounterValue[] {
  const keys = KEYS.filter(([field]) => fields[field] !== undefined);
  const head = keys.map(([field, word]) => `${word}${plain(fields[field])} `).join('');
  const names = keys.map(([field]) => field);
  const values: CounterValue[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (names.includes(field) || (typeof value !== 'number' && typeof value !== 'bigint')) continue;
    values.push({ name: `${head}${field}`, value });
  }
  return values;
}

function plain(value: FieldValue): string {
  return String(value instanceof EnumerationValue ? (value.labels[0] ?? value.value) : value);
}
