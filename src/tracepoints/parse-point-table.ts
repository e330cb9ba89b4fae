/**
 * An application's own table of trace points, as JSON:
 *
 * ```
 * { "provider": "forwarder", "prefix": "fwd", "meaning": "...",
 *   "enumerations": [ { "name": "color", "type": "uint8_t", "values": [ { "label": "red", "value": 1, "meaning": "..." } ] } ],
 *   "points": [ { "name": "drop", "meaning": "when it fires", "level": "info",
 *                 "arguments": [ { "name": "port", "type": "uint16_t", "unit": "...", "meaning": "..." } ] } ] }
 * ```
 *
 * Everything is checked, for what comes of it is C: each fault is a line that says where, what, and what was expected.
 */
import { nearest, UsageError } from '../base/index.ts';
import { cKeywords } from './c-keywords.ts';
import { type LogLevel, logLevels } from './log-levels.ts';
import {
  type Enumeration,
  type EnumerationValue,
  integerTypes,
  type PointTable,
  type TableArgument,
  type TablePoint,
  tableLimits,
} from './point-table.ts';

/** Beyond it nobody reads them. */
const MOST_FAULTS = 20;
const MOST_POINTS = 512;
const MOST_VALUES = 4096;
const DEFAULT_LEVEL: LogLevel = 'debug_line';
const enumerationTypes = ['uint8_t', 'uint16_t', 'uint32_t'] as const;

/**
 * @param path what messages call it
 * @throws UsageError with a line for each fault
 */
export function parsePointTable(text: string, path: string): PointTable {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: got no JSON: ${(error as Error).message}`);
  }
  const parser = new TableParser();
  const table = parser.table(value);
  const { faults } = parser;
  if (faults.length === 0) return table;
  const shown = faults.slice(0, MOST_FAULTS).map((fault) => `${path}: ${fault}`);
  if (faults.length > shown.length) shown.push(`${path}: ... and ${faults.length - shown.length} more`);
  throw new UsageError(shown.join('\n'));
}

type Fields = Readonly<Record<string, unknown>>;

class TableParser {
  readonly faults: string[] = [];

  table(value: unknown): PointTable {
    const fields = this.#object(value, '', ['provider', 'points'], ['prefix', 'meaning', 'enumerations']);
    const provider = this.#name(fields, '', 'provider');
    const prefix = fields.prefix === undefined ? provider : this.#name(fields, '', 'prefix');
    const enumerations = this.#list(fields, '', 'enumerations', 0, MOST_POINTS).map((item, n) =>
      this.#enumeration(item, `enumerations[${n}]`),
    );
    this.#unique(enumerations, 'enumerations', 'name');
    const types = [...Object.keys(integerTypes), 'text', ...enumerations.map(({ name }) => name)];
    const points = this.#list(fields, '', 'points', 1, MOST_POINTS).map((item, n) =>
      this.#point(item, `points[${n}]`, types),
    );
    this.#unique(points, 'points', 'name');
    return { provider, prefix, meaning: this.#text(fields, '', 'meaning'), enumerations, points };
  }

  #enumeration(value: unknown, where: string): Enumeration {
    const fields = this.#object(value, where, ['name', 'values'], ['type']);
    const name = this.#name(fields, where, 'name');
    if (Object.hasOwn(integerTypes, name) || name === 'text') {
      this.#fault(where, 'name', `got ${quote(name)}, which is a type already`);
    }
    const type =
      fields.type === undefined ? 'uint8_t' : this.#choice(fields, where, 'type', enumerationTypes);
    // A constant of an enum of C is an int.
    const most = Math.min(2 ** (8 * integerTypes[type].bytes) - 1, 2 ** 31 - 1);
    const values = this.#list(fields, where, 'values', 1, MOST_VALUES).map((item, n) =>
      this.#enumerationValue(item, `${where}.values[${n}]`, type, most),
    );
    this.#unique(values, `${where}.values`, 'label');
    this.#unique(values, `${where}.values`, 'value');
    return { name, type, values };
  }

  #enumerationValue(value: unknown, where: string, type: string, most: number): EnumerationValue {
    const fields = this.#object(value, where, ['label', 'value'], ['meaning']);
    const number = fields.value;
    const isFit = typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= most;
    if (fields.value !== undefined && !isFit) {
      this.#fault(where, 'value', `got ${show(number)}, expected a whole number from 0 to ${most} (${type})`);
    }
    return {
      label: this.#name(fields, where, 'label'),
      value: isFit ? number : 0,
      meaning: this.#text(fields, where, 'meaning'),
    };
  }

  #point(value: unknown, where: string, types: readonly string[]): TablePoint {
    const fields = this.#object(value, where, ['name', 'meaning'], ['level', 'arguments']);
    const most = tableLimits.arguments;
    const items = this.#list(fields, where, 'arguments', 0, most);
    const args = items.map((item, n) => this.#argument(item, `${where}.arguments[${n}]`, types));
    this.#unique(args, `${where}.arguments`, 'name');
    this.#checkRoom(args, where);
    return {
      name: this.#name(fields, where, 'name'),
      meaning: this.#text(fields, where, 'meaning'),
      level:
        fields.level === undefined
          ? DEFAULT_LEVEL
          : this.#choice(fields, where, 'level', Object.keys(logLevels) as LogLevel[]),
      arguments: args,
    };
  }

  #argument(value: unknown, where: string, types: readonly string[]): TableArgument {
    const fields = this.#object(value, where, ['name', 'type', 'meaning'], ['unit']);
    return {
      name: this.#name(fields, where, 'name'),
      type: this.#choice(fields, where, 'type', types),
      unit: fields.unit === undefined ? undefined : this.#text(fields, where, 'unit'),
      meaning: this.#text(fields, where, 'meaning'),
    };
  }

  /** What HONE_TRACE and the point's note can hold. */
  #checkRoom(args: readonly TableArgument[], where: string): void {
    const texts = args.filter(({ type }) => type === 'text').length;
    if (texts > tableLimits.texts) {
      this.#fault(where, 'arguments', `got ${texts} texts, expected at most ${tableLimits.texts}`);
    }
    const written = args.map(({ name, type }) => `(${type})${name}`).join(', ').length;
    if (written > tableLimits.argumentsBytes) {
      this.#fault(where, 'arguments', `got names of together ${written} bytes, expected at most 359`);
    }
  }

  #object(value: unknown, where: string, required: readonly string[], optional: readonly string[]): Fields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#fault(where, '', `got ${show(value)}, expected an object`);
      return {};
    }
    const fields = value as Fields;
    const known = [...required, ...optional];
    for (const key of Object.keys(fields)) {
      if (known.includes(key)) continue;
      const near = nearest(key, known);
      const hint =
        near === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${quote(near)}?`;
      this.#fault(where, '', `got ${quote(key)}, which means nothing here: ${hint}`);
    }
    for (const key of required) {
      if (!Object.hasOwn(fields, key)) this.#fault(where, '', `has no ${quote(key)}`);
    }
    return fields;
  }

  /** A word of C that the field must be; empty when it is none. */
  #name(fields: Fields, where: string, key: string): string {
    const value = fields[key];
    if (value === undefined) return '';
    const most = tableLimits.nameBytes;
    if (typeof value !== 'string' || !/^[A-Za-z]\w*$/.test(value) || value.length > most) {
      const expected = `a word of letters, digits and _ that begins with a letter, of at most ${most}`;
      this.#fault(where, key, `got ${show(value)}, expected ${expected}`);
      return '';
    }
    if (cKeywords.has(value)) this.#fault(where, key, `got ${quote(value)}, a word of C or C++ itself`);
    // Names that HONE_TRACE uses within.
    if (/^hone_(hook|values|a\d|s\d|types)/i.test(value)) {
      this.#fault(where, key, `got ${quote(value)}, a name that hone/trace.h uses`);
    }
    return value;
  }

  /** Text of one line. */
  #text(fields: Fields, where: string, key: string): string {
    const value = fields[key];
    if (value === undefined) return '';
    if (typeof value === 'string' && !/\p{Cc}/u.test(value)) return value;
    this.#fault(where, key, `got ${show(value)}, expected text of one line`);
    return '';
  }

  #choice<Word extends string>(fields: Fields, where: string, key: string, words: readonly Word[]): Word {
    const value = fields[key];
    if (value === undefined) return words[0]!;
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const near = typeof value === 'string' ? nearest(value, words) : undefined;
    const hint = near === undefined ? `expected one of ${words.join(', ')}` : `did you mean ${quote(near)}?`;
    this.#fault(where, key, `got ${show(value)}, ${hint}`);
    return words[0]!;
  }

  #list(fields: Fields, where: string, key: string, least: number, most: number): readonly unknown[] {
    const value = fields[key];
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.#fault(where, key, `got ${show(value)}, expected a list`);
      return [];
    }
    if (value.length < least || value.length > most) {
      this.#fault(where, key, `got ${value.length} of them, expected ${least} to ${most}`);
    }
    return value.slice(0, most);
  }

  #unique<Key extends string>(
    items: readonly { readonly [key in Key]: string | number }[],
    where: string,
    key: Key,
  ): void {
    const first = new Map<string | number, number>();
    for (const [n, item] of items.entries()) {
      const value = item[key];
      const before = first.get(value);
      if (value === '') continue;
      if (before === undefined) first.set(value, n);
      else this.#fault(`${where}[${n}]`, key, `got ${show(value)}, which ${where}[${before}] has`);
    }
  }

  #fault(where: string, key: string, what: string): void {
    const place = [where, key].filter((part) => part !== '').join('.');
    this.faults.push(`${place === '' ? 'the table' : place}: ${what}`);
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** A value of JSON as a message can hold it. */
function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
