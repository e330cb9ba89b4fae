/**
 * Text to tokens, one at a time, because the text of a probe has other rules than what stands in braces. Reading never
 * throws: what is no token is one of kind `fault` that says why. Rules as bpftrace 0.17 has them; addresses are ours.
 */
import type { Span } from '../../base/index.ts';
import { readAddressLiteral } from './address-literal.ts';
import type { AddressFamily, ProbeText } from './tree.ts';

type TokenKind =
  /** `text` is the word or symbol as written. */
  | ('word' | 'symbol')
  /** `$x`, `@x`, `@`, `$1` and `$#`, as written. */
  | ('variable' | 'map' | 'positional')
  | 'integer'
  /** A string; `text` is its value. */
  | 'text'
  | 'address'
  | 'end'
  /** No token; `text` says why. */
  | 'fault';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  /** Of integers and addresses. */
  readonly value: bigint;
  readonly family: AddressFamily | undefined;
  readonly prefix: number | undefined;
  readonly span: Span;
}

const blank = /(?:[ \t\r\n\f\v]+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|#![^\n]*)*/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const variable = /\$[A-Za-z_][A-Za-z0-9_]*/y;
const positional = /\$(?:[0-9]+|#)/y;
const map = /@(?:[A-Za-z_][A-Za-z0-9_]*)?/y;
const integer = /0[xX][0-9A-Fa-f]+|[0-9][0-9_]*(?:[eE][0-9]+)?/y;
const integerSuffix = /[uU]?[lL]{0,2}[uU]?(?![A-Za-z0-9_])/y;
const symbol =
  /<<=|>>=|\.\.|\+\+|--|->|<<|>>|<=|>=|==|!=|&&|\|\||\+=|-=|\*=|\/=|%=|&=|\|=|\^=|[-+*/%<>=!&|^~?:;,.(){}[\]]/y;
const digits = /[0-9]+/y;
const pathPart = /(?=["/.~])(?:"[^"\n]*"|\\.|[^\s:,{}"])+/y;
const plainPart = /(?:\\.|[^\s:,{}"/;()=])*/y;

function match(pattern: RegExp, source: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}

/** Where the next token begins: behind blanks and comments. */
export function skipBlank(source: string, at: number): number {
  return at + match(blank, source, at)!.length;
}

/** The token at `at`, where no blank is. `isMember`: behind a dot, where digits are an index and nothing else. */
export function readToken(source: string, at: number, isMember: boolean): Token {
  const token = (kind: TokenKind, text: string, lengthChars: number, value = 0n): Token => ({
    kind,
    text,
    value,
    family: undefined,
    prefix: undefined,
    span: { start: at, end: at + lengthChars },
  });
  if (at >= source.length) return token('end', '', 0);
  if (source.startsWith('/*', at)) return token('fault', 'a comment begins here and does not end', 2);
  if (isMember) {
    const index = match(digits, source, at);
    if (index !== undefined) return token('integer', index, index.length, BigInt(index));
  } else {
    const address = readAddressLiteral(source, at);
    if (address !== undefined) {
      const { family, prefix, value, lengthChars, fault } = address;
      if (fault !== undefined) return token('fault', fault, lengthChars);
      const text = source.slice(at, at + lengthChars);
      return { ...token('address', text, lengthChars, value), family, prefix };
    }
  }
  const number = match(integer, source, at);
  if (number !== undefined) {
    const suffix = match(integerSuffix, source, at + number.length);
    if (suffix === undefined) {
      const rest = match(/[A-Za-z0-9_]+/y, source, at + number.length)!;
      return token('fault', `${number}${rest} is neither a number nor a name`, number.length + rest.length);
    }
    const value = parseInteger(number);
    const length = number.length + suffix.length;
    return typeof value === 'string'
      ? token('fault', value, length)
      : token('integer', number, length, value);
  }
  for (const [kind, pattern] of words) {
    const text = match(pattern, source, at);
    if (text !== undefined) return token(kind, text, text.length);
  }
  if (source[at] === '"') return readText(source, at, token);
  if (source[at] === "'") return readCharacter(source, at, token);
  const text = String.fromCodePoint(source.codePointAt(at)!);
  const reason =
    text === '#'
      ? 'there is no preprocessor here: #include and #define cannot be used'
      : `unexpected character ${JSON.stringify(text)}`;
  return token('fault', reason, text.length);
}

const words: readonly (readonly [TokenKind, RegExp])[] = [
  ['word', word],
  ['variable', variable],
  ['positional', positional],
  ['map', map],
  ['symbol', symbol],
];

type MakeToken = (kind: TokenKind, text: string, lengthChars: number, value?: bigint) => Token;

/** Decimal (with `_`, with an exponent), hexadecimal or octal, up to 64 bits; or why it is none. */
function parseInteger(text: string): bigint | string {
  let value: bigint;
  if (/^0[0-9]/.test(text)) {
    if (!/^[0-7_]+$/.test(text)) return `${text} begins with 0, so it is octal: its digits go to 7`;
    value = BigInt(`0o${text.replaceAll('_', '')}`);
  } else {
    const [mantissa, exponent = '0'] =
      text.startsWith('0x') || text.startsWith('0X') ? [text] : text.split(/[eE]/);
    const power = Number(exponent);
    if (power > 19) return `${text} does not fit into 64 bits`;
    value = BigInt(mantissa!.replaceAll('_', '')) * 10n ** BigInt(power);
  }
  return value >= 1n << 64n ? `${text} does not fit into 64 bits` : value;
}

/** The value of the escape sequence behind a backslash, and its length; undefined for one that there is not. */
function readEscape(source: string, at: number): { value: string; lengthChars: number } | undefined {
  const simple: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\', '"': '"', "'": "'" };
  const character = source[at] ?? '';
  if (Object.hasOwn(simple, character)) return { value: simple[character]!, lengthChars: 1 };
  const code = match(/[0-7]{1,3}|x[0-9A-Fa-f]{1,2}/y, source, at);
  if (code === undefined) return undefined;
  const value = code.startsWith('x') ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8);
  return value > 0x7f ? undefined : { value: String.fromCharCode(value), lengthChars: code.length };
}

function readText(source: string, at: number, token: MakeToken): Token {
  let value = '';
  let next = at + 1;
  for (;;) {
    const character = source[next];
    if (character === undefined || character === '\n') {
      return token('fault', 'a string begins here and does not end on its line', next - at);
    }
    next++;
    if (character === '"') return token('text', value, next - at);
    if (character !== '\\') {
      value += character;
      continue;
    }
    const sequence = readEscape(source, next);
    if (sequence === undefined) {
      // The rest of the string belongs to the fault, so that one wrong escape is one message.
      const end = match(/(?:[^"\\\n]|\\.)*"?/y, source, next - 1)!.length;
      const written = JSON.stringify(source.slice(next - 1, next + 1));
      return token('fault', `no such escape in a string: ${written}`, next - 1 + end - at);
    }
    value += sequence.value;
    next += sequence.lengthChars;
  }
}

/** `'c'`: the number of the character. */
function readCharacter(source: string, at: number, token: MakeToken): Token {
  const sequence = source[at + 1] === '\\' ? readEscape(source, at + 2) : undefined;
  const value = sequence?.value ?? source[at + 1] ?? '';
  const length = sequence === undefined ? 3 : 3 + sequence.lengthChars;
  if (source[at + length - 1] !== "'" || value.charCodeAt(0) > 0x7f) {
    return token('fault', 'a character constant is one character in single quotes', 1);
  }
  return token('integer', source.slice(at, at + length), length, BigInt(value.charCodeAt(0)));
}

/**
 * The probe whose text begins at `at`: parts between colons. A part that begins with `/`, `.` or `~` is a path and may
 * hold slashes; in another a slash begins the predicate. Quoted parts may hold anything. Undefined when nothing of a
 * probe is there.
 */
export function readProbeText(source: string, at: number): ProbeText | undefined {
  const parts: string[] = [];
  let next = at;
  for (;;) {
    const text = match(pathPart, source, next) ?? match(plainPart, source, next)!;
    parts.push(text.replaceAll('"', ''));
    next += text.length;
    if (source[next] !== ':') break;
    next++;
  }
  return next === at ? undefined : { parts, span: { start: at, end: next } };
}
