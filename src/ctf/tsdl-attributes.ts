/**
 * The attributes of integer, floating_point and string (CTF 1.8.3, sections 4.1.5 to 4.1.7 and 4.2.5): `{ size = 8; align = 8; ... }`.
 * Attributes that are not known are passed over, as the specification asks.
 */
import type { Encoding, FloatClass, IntegerClass, TextClass } from './trace-class.ts';
import type { Token } from './tsdl-lexer.ts';
import type { TsdlTokens } from './tsdl-tokens.ts';

export interface AttributeValue {
  readonly token: Token;
  readonly integer: bigint | undefined;
  /** A word, several joined by dots, or the text of a string. */
  readonly text: string | undefined;
}

/** More bits than any integer needs; the limit keeps hostile metadata from asking for more. */
export const MAXIMUM_INTEGER_BITS: number = 4096;
export const MAXIMUM_ALIGN_BITS: number = 1 << 20;

const BASES: Readonly<Record<string, 2 | 8 | 10 | 16>> = {
  '2': 2,
  b: 2,
  binary: 2,
  '8': 8,
  o: 8,
  oct: 8,
  octal: 8,
  '10': 10,
  d: 10,
  i: 10,
  u: 10,
  dec: 10,
  decimal: 10,
  '16': 16,
  x: 16,
  X: 16,
  p: 16,
  hex: 16,
  hexadecimal: 16,
};

/** `= VALUE`: an integer, a string, or words joined by dots. */
export function parseValue(tokens: TsdlTokens): AttributeValue {
  const token = tokens.peek();
  if (token.kind === 'string') {
    tokens.next();
    return { token, integer: undefined, text: token.text };
  }
  if (token.kind !== 'word') {
    return { token, integer: tokens.expectInteger('a value'), text: undefined };
  }
  let text = tokens.expectWord('a value');
  while (tokens.take('.')) text += `.${tokens.expectWord('a name')}`;
  return { token, integer: undefined, text };
}

function parseAttributes(tokens: TsdlTokens): Map<string, AttributeValue> {
  const attributes = new Map<string, AttributeValue>();
  tokens.expect('{');
  while (!tokens.take('}')) {
    if (tokens.take(';')) continue;
    const token = tokens.peek();
    const name = tokens.expectWord('an attribute');
    tokens.expect('=');
    if (attributes.has(name)) throw tokens.error(`${name} is given twice`, token);
    attributes.set(name, parseValue(tokens));
    if (!tokens.isNext('}')) tokens.expect(';');
  }
  return attributes;
}

class AttributeReader {
  readonly #tokens: TsdlTokens;
  readonly #attributes: Map<string, AttributeValue>;

  constructor(tokens: TsdlTokens) {
    this.#tokens = tokens;
    this.#attributes = parseAttributes(tokens);
  }

  number(name: string, minimum: number, maximum: number): number | undefined {
    const value = this.#attributes.get(name);
    if (value === undefined) return undefined;
    const { integer, token } = value;
    if (integer === undefined || integer < BigInt(minimum) || integer > BigInt(maximum)) {
      throw this.#tokens.error(`${name} must be a number from ${minimum} to ${maximum}`, token);
    }
    return Number(integer);
  }

  align(): number | undefined {
    return checkAlign(this.#tokens, this.number('align', 1, MAXIMUM_ALIGN_BITS), this.token('align'));
  }

  token(name: string): Token {
    return this.#attributes.get(name)?.token ?? this.#tokens.peek();
  }

  text(name: string): string | undefined {
    const value = this.#attributes.get(name);
    return value?.text ?? value?.integer?.toString();
  }

  choice<T>(name: string, choices: Readonly<Record<string, T>>): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    if (!Object.hasOwn(choices, text)) {
      throw this.#tokens.error(`${name} must be one of ${Object.keys(choices).join(', ')}`, this.token(name));
    }
    return choices[text];
  }

  littleEndian(native: boolean): boolean {
    return this.choice('byte_order', { native, le: true, be: false, network: false }) ?? native;
  }

  encoding(): Encoding | undefined {
    return this.choice('encoding', {
      none: undefined,
      UTF8: 'utf-8',
      utf8: 'utf-8',
      ASCII: 'utf-8',
      ascii: 'utf-8',
    } as const);
  }
}

export function checkAlign(tokens: TsdlTokens, align: number | undefined, token: Token): number | undefined {
  if (align !== undefined && (align & (align - 1)) !== 0) {
    throw tokens.error(`an alignment must be a power of two, got ${align}`, token);
  }
  return align;
}

export function parseIntegerClass(tokens: TsdlTokens, native: boolean): IntegerClass {
  const start = tokens.peek();
  const attributes = new AttributeReader(tokens);
  const sizeBits = attributes.number('size', 1, MAXIMUM_INTEGER_BITS);
  if (sizeBits === undefined) throw tokens.error('an integer needs a size', start);
  const map = attributes.text('map');
  const clock = map === undefined ? undefined : /^clock\.([^.]+)\.value$/.exec(map)?.[1];
  if (map !== undefined && clock === undefined) {
    throw tokens.error('map must be clock.NAME.value', attributes.token('map'));
  }
  return {
    kind: 'integer',
    sizeBits,
    alignBits: attributes.align() ?? (sizeBits % 8 === 0 ? 8 : 1),
    littleEndian: attributes.littleEndian(native),
    isReversed: false,
    isSigned:
      attributes.choice('signed', {
        true: true,
        TRUE: true,
        '1': true,
        false: false,
        FALSE: false,
        '0': false,
      }) ?? false,
    base: attributes.choice('base', BASES) ?? 10,
    mappings: undefined,
    roles: [],
    clock,
    encoding: attributes.encoding(),
  };
}

export function parseFloatClass(tokens: TsdlTokens, native: boolean): FloatClass {
  const start = tokens.peek();
  const attributes = new AttributeReader(tokens);
  const exponent = attributes.number('exp_dig', 1, 64);
  const mantissa = attributes.number('mant_dig', 1, 256);
  const form = `${exponent}+${mantissa}`;
  if (!['5+11', '8+24', '11+53', '15+113'].includes(form)) {
    throw tokens.error(
      `exp_dig and mant_dig must be 5 and 11, 8 and 24, 11 and 53, or 15 and 113, got ${form}`,
      start,
    );
  }
  return {
    kind: 'float',
    sizeBits: exponent! + mantissa!,
    alignBits: attributes.align() ?? 8,
    littleEndian: attributes.littleEndian(native),
    isReversed: false,
  };
}

export function parseTextClass(tokens: TsdlTokens): TextClass {
  const encoding = tokens.isNext('{') ? new AttributeReader(tokens).encoding() : undefined;
  return { kind: 'text', alignBits: 8, encoding: encoding ?? 'utf-8', lengthBytes: undefined };
}
