/**
 * JSON text sequences (RFC 7464): JSON texts, each behind a record separator, which may be left out. Unlike JSON.parse it keeps integers that
 * a double cannot have, and where objects stand, for messages; objects are maps, so that no name reaches a prototype.
 */
import { excerpt, metadataError, placeOf } from './metadata-error.ts';

/** Integers are numbers where those are exact, else bigints. */
export type JsonValue = string | number | bigint | boolean | null | JsonArray | JsonObject;

export interface JsonArray {
  readonly kind: 'array';
  readonly offset: number;
  readonly items: readonly JsonValue[];
}

export interface JsonObject {
  readonly kind: 'object';
  readonly offset: number;
  readonly entries: ReadonlyMap<string, JsonValue>;
}

const MAXIMUM_DEPTH = 256;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const SPACE = ' \t\r\n\x1e\ufeff';
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** @throws FormatError with line and column */
export function parseJsonSequence(text: string): JsonValue[] {
  const parser = new JsonParser(text);
  const values: JsonValue[] = [];
  while (!parser.isAtEnd()) values.push(parser.value(0));
  return values;
}

class JsonParser {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  isAtEnd(): boolean {
    this.#skipSpace();
    return this.#at === this.#text.length;
  }

  value(depth: number): JsonValue {
    if (depth > MAXIMUM_DEPTH) throw this.#error(`values nested deeper than ${MAXIMUM_DEPTH}`);
    this.#skipSpace();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const offset = this.#at++;
    const entries = new Map<string, JsonValue>();
    if (this.#takeMark('}')) return { kind: 'object', offset, entries };
    do {
      this.#skipSpace();
      const name = this.#string();
      if (entries.has(name)) throw this.#error(`${excerpt(name)} is given twice`);
      if (!this.#takeMark(':')) throw this.#error("expected ':'");
      entries.set(name, this.value(depth + 1));
    } while (this.#takeMark(','));
    if (!this.#takeMark('}')) throw this.#error("expected ',' or '}'");
    return { kind: 'object', offset, entries };
  }

  #array(depth: number): JsonArray {
    const offset = this.#at++;
    const items: JsonValue[] = [];
    if (this.#takeMark(']')) return { kind: 'array', offset, items };
    do items.push(this.value(depth + 1));
    while (this.#takeMark(','));
    if (!this.#takeMark(']')) throw this.#error("expected ',' or ']'");
    return { kind: 'array', offset, items };
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw this.#error('expected a string');
    this.#at++;
    let value = '';
    for (;;) {
      value += this.#plainText();
      const character = this.#text[this.#at];
      if (character === '"') {
        this.#at++;
        return value;
      }
      if (character !== '\\') throw this.#error('string without an end');
      value += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? '';
    if (letter !== 'u') {
      if (!Object.hasOwn(ESCAPES, letter)) throw this.#error('no escape of JSON');
      this.#at += 2;
      return ESCAPES[letter]!;
    }
    const digits = this.#text.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.#error('expected four hexadecimal digits');
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): number | bigint {
    NUMBER.lastIndex = this.#at;
    const match = NUMBER.exec(this.#text);
    if (match === null) throw this.#error('expected a value');
    const [digits, fraction, exponent] = match;
    const value = Number(digits);
    const isInteger = fraction === undefined && exponent === undefined;
    if (isInteger && digits.length > 80) throw this.#error('integer of more than 80 digits');
    this.#at += digits.length;
    return isInteger && !Number.isSafeInteger(value) ? BigInt(digits) : value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('expected a value');
    this.#at += word.length;
    return value;
  }

  #takeMark(mark: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && SPACE.includes(this.#text[this.#at]!)) this.#at++;
  }

  /** Up to a quote, a backslash, or a control character, which a string cannot have. */
  #plainText(): string {
    const start = this.#at;
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code < 0x20 || code === 0x22 || code === 0x5c) break;
    }
    return this.#text.slice(start, this.#at);
  }

  #error(message: string): Error {
    return metadataError(message, placeOf(this.#text, this.#at));
  }
}
