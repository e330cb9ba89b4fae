/** Properties of JSON objects with the kinds that a specification asks for; what is wrong is said with its place. */
import type { JsonArray, JsonObject, JsonValue } from './json-sequence.ts';
import { metadataError, placeOf } from './metadata-error.ts';

export class JsonFields {
  readonly #text: string;

  /** @param text what the values were parsed from */
  constructor(text: string) {
    this.#text = text;
  }

  error(at: JsonObject | JsonArray, message: string): Error {
    return metadataError(message, placeOf(this.#text, at.offset));
  }

  object(value: JsonValue, what: string, at: JsonObject | JsonArray): JsonObject {
    if (!isObject(value)) throw this.error(at, `${what} must be an object`);
    return value;
  }

  optionalObject(of: JsonObject, key: string): JsonObject | undefined {
    const value = of.entries.get(key);
    return value === undefined ? undefined : this.object(value, key, of);
  }

  array(of: JsonObject, key: string): readonly JsonValue[] {
    return this.optionalArray(of, key) ?? this.#missing(of, key);
  }

  optionalArray(of: JsonObject, key: string): readonly JsonValue[] | undefined {
    const value = of.entries.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || value === null || value.kind !== 'array') {
      throw this.error(of, `${key} must be an array`);
    }
    return value.items;
  }

  string(of: JsonObject, key: string): string {
    return this.optionalString(of, key) ?? this.#missing(of, key);
  }

  optionalString(of: JsonObject, key: string): string | undefined {
    const value = of.entries.get(key);
    if (value !== undefined && typeof value !== 'string') throw this.error(of, `${key} must be a string`);
    return value;
  }

  integer(of: JsonObject, key: string): number | bigint {
    return this.optionalInteger(of, key) ?? this.#missing(of, key);
  }

  optionalInteger(of: JsonObject, key: string): number | bigint | undefined {
    const value = of.entries.get(key);
    if (value !== undefined && !isInteger(value)) throw this.error(of, `${key} must be an integer`);
    return value;
  }

  /** From `minimum` to `maximum`, which are safe integers. */
  number(of: JsonObject, key: string, minimum: number, maximum: number): number {
    return this.optionalNumber(of, key, minimum, maximum) ?? this.#missing(of, key);
  }

  optionalNumber(of: JsonObject, key: string, minimum: number, maximum: number): number | undefined {
    const value = this.optionalInteger(of, key);
    if (value === undefined) return undefined;
    if (typeof value !== 'number' || value < minimum || value > maximum) {
      throw this.error(of, `${key} must be from ${minimum} to ${maximum}, got ${value}`);
    }
    return value;
  }

  choice<T>(of: JsonObject, key: string, choices: Readonly<Record<string, T>>): T | undefined {
    const value = this.optionalString(of, key);
    if (value === undefined) return undefined;
    if (!Object.hasOwn(choices, value)) {
      throw this.error(of, `${key} must be one of ${Object.keys(choices).join(', ')}`);
    }
    return choices[value];
  }

  #missing(of: JsonObject, key: string): never {
    throw this.error(of, `${key} is missing`);
  }
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && value.kind === 'object';
}

export function isInteger(value: JsonValue): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
}
