/** Values of fields as text. */
import { EnumerationValue, type FieldValue, type StructureValue } from '../ctf/index.ts';

/** As C writes it, near what babeltrace2 prints: `3`, `"text"`, `link_up (2)`, `[ 1, 2 ]`, `{ a = 1 }`. */
export function formatValue(value: FieldValue): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value === undefined) return '-';
  if (typeof value !== 'object') return String(value);
  if (value instanceof EnumerationValue) {
    return value.labels.length === 0 ? String(value.value) : `${value.labels.join('|')} (${value.value})`;
  }
  if (value instanceof Uint8Array) return formatHex(value);
  if (isArray(value)) return value.length === 0 ? '[ ]' : `[ ${value.map(formatValue).join(', ')} ]`;
  const fields = Object.entries(value).map(([name, field]) => `${name} = ${formatValue(field)}`);
  return fields.length === 0 ? '{ }' : `{ ${fields.join(', ')} }`;
}

/** `a=1 b="x"`: fields of an event in a line. */
export function formatFields(fields: StructureValue): string {
  let line = '';
  for (const name in fields) line += `${line === '' ? '' : ' '}${name}=${formatValue(fields[name])}`;
  return line;
}

/**
 * As JSON. Integers keep all their digits, whatever their size; enumerations are their first label, bytes are hex digits; what JSON has no
 * number for (NaN, infinities) is a string.
 */
export function formatJson(value: FieldValue): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : `"${value}"`;
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    default:
      return formatCompound(value);
  }
}

function formatCompound(value: FieldValue & object): string {
  if (value instanceof EnumerationValue) return formatJson(value.labels[0] ?? value.value);
  if (value instanceof Uint8Array) return `"${formatHex(value)}"`;
  if (isArray(value)) return `[${value.map(formatJson).join(',')}]`;
  let text = '';
  for (const name in value) {
    // An option that is not there.
    if (value[name] === undefined) continue;
    text += `${text === '' ? '' : ','}${formatKey(name)}${formatJson(value[name])}`;
  }
  return `{${text}}`;
}

const keys = new Map<string, string>();
const MOST_KEYS = 4096;

/** `"name":` */
export function formatKey(name: string): string {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const key = `${JSON.stringify(name)}:`;
  if (keys.size < MOST_KEYS) keys.set(name, key);
  return key;
}

export function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function isArray(value: object): value is readonly FieldValue[] {
  return Array.isArray(value);
}
