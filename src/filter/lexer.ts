/**
 * Text to tokens, by the lexical rules of libpcap 1.10: the longest match wins, and among equally long ones a word,
 * then an Ethernet address, a number, a dotted address, an IPv6 address, a name. So `80-90` is one name, and `len-1`
 * is one too.
 */
import { CompileError, type Span } from '../base/index.ts';
import { type GrammarWord, namedNumbers, type ProtocolWord, unsupportedWords, words } from './words.ts';

type SymbolKind =
  | ('<<' | '>>' | '<=' | '>=' | '!=' | '=' | '+' | '-' | '*' | '/' | '%' | ':')
  | ('[' | ']' | '<' | '>' | '(' | ')' | '&' | '|' | '^');

/** A value's kind; the text of a token says the rest. `unsupported` is a reserved word that we do not have. */
type ValueKind =
  | 'number'
  | 'name'
  | 'dotted'
  | 'ip6Address'
  | 'etherAddress'
  | 'arcnetAddress'
  | 'unsupported'
  | 'end';

export type TokenKind = ProtocolWord | GrammarWord | SymbolKind | ValueKind;

export interface Token {
  readonly kind: TokenKind;
  /** As written, without the backslash of an escaped name. */
  readonly text: string;
  /** The value of a `number`, unsigned 32-bit. */
  readonly value: number;
  readonly span: Span;
}

const number = '(?:0[xX][0-9A-Fa-f]+|[0-9]+)';
const octet = '[0-9A-Fa-f]{1,2}';
const quad = '[0-9A-Fa-f]{4}';

const blank = /[ \r\n\t]*/y;
const symbol = /<<|>>|<=|>=|!=|==|&&|\|\||[-+*/%:[\]!<>()&|^=]/y;
const patterns: readonly { readonly kind: ValueKind; readonly pattern: RegExp }[] = [
  { kind: 'arcnetAddress', pattern: new RegExp(`\\$${octet}`, 'y') },
  ...[':', '-', '\\.'].map((separator) => ({
    kind: 'etherAddress' as const,
    pattern: new RegExp(Array(6).fill(octet).join(separator), 'y'),
  })),
  { kind: 'etherAddress', pattern: new RegExp(`${quad}\\.${quad}\\.${quad}|[0-9A-Fa-f]{12}`, 'y') },
  { kind: 'number', pattern: new RegExp(number, 'y') },
  { kind: 'dotted', pattern: new RegExp(`${number}(?:\\.${number}){1,3}`, 'y') },
];
const name = /[A-Za-z0-9](?:[-_.A-Za-z0-9]*[.A-Za-z0-9])?/y;
const escapedName = /\\[^ !()\n\t]+/y;
const badEther = new RegExp(`${octet}:+(?:${octet}:+)+`, 'y');

/** Where a word or value begins that may hold an IPv6 address: a group and a colon, or two colons. */
const ip6Start = /[0-9A-Fa-f]{0,4}:/y;
const ip6Patterns = makeIp6Patterns();

/** All tokens of the text, the last one of kind `end`. Throws CompileError for text that is no token. */
export function tokenize(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    at += matchLength(blank, source, at);
    if (at >= source.length) break;
    const token = nextToken(source, at);
    tokens.push(token);
    at = token.span.end;
  }
  tokens.push({ kind: 'end', text: '', value: 0, span: { start: source.length, end: source.length } });
  return tokens;
}

function matchLength(pattern: RegExp, source: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex - at : 0;
}

function nextToken(source: string, at: number): Token {
  let kind: ValueKind | 'bad-ether' | undefined;
  let length = 0;
  const offer = (offered: ValueKind | 'bad-ether', offeredLength: number): void => {
    if (offeredLength > length) {
      kind = offered;
      length = offeredLength;
    }
  };
  for (const candidate of patterns) offer(candidate.kind, matchLength(candidate.pattern, source, at));
  if (matchLength(ip6Start, source, at) > 0) {
    for (const pattern of ip6Patterns) offer('ip6Address', matchLength(pattern, source, at));
    offer('bad-ether', matchLength(badEther, source, at));
  }
  const nameLength = matchLength(name, source, at);
  const symbolLength = matchLength(symbol, source, at);
  if (nameLength >= length && nameLength > 0) {
    const text = source.slice(at, at + nameLength);
    const span = { start: at, end: at + nameLength };
    const word = words.get(text);
    if (word !== undefined) return { kind: word, text, value: 0, span };
    if (nameLength > length) {
      const named = namedNumbers.get(text);
      if (named !== undefined) return { kind: 'number', text, value: named, span };
      return { kind: unsupportedWords.has(text) ? 'unsupported' : 'name', text, value: 0, span };
    }
  }
  if (symbolLength > length) {
    const text = source.slice(at, at + symbolLength);
    const kind = words.get(text) ?? ((text === '==' ? '=' : text) as SymbolKind);
    return { kind, text, value: 0, span: { start: at, end: at + symbolLength } };
  }
  if (kind === undefined) return escapedNameAt(source, at);
  const text = source.slice(at, at + length);
  const span = { start: at, end: at + length };
  if (kind === 'bad-ether') {
    throw new CompileError(source, [
      { message: `bogus Ethernet address "${text}": expected six octets`, span },
    ]);
  }
  return { kind, text, value: kind === 'number' ? parseNumber(source, text, span) : 0, span };
}

function escapedNameAt(source: string, at: number): Token {
  const length = matchLength(escapedName, source, at);
  if (length > 0) {
    const span = { start: at, end: at + length };
    return { kind: 'name', text: source.slice(at + 1, at + length), value: 0, span };
  }
  const character = String.fromCodePoint(source.codePointAt(at)!);
  throw new CompileError(source, [
    {
      message: `unexpected character ${JSON.stringify(character)}: no token of a filter begins with it`,
      span: { start: at, end: at + character.length },
    },
  ]);
}

/** A number as C writes it: decimal, 0x hexadecimal or 0 octal, at most 32 bits. */
function parseNumber(source: string, text: string, span: Span): number {
  const octal = text.length > 1 && /^0[0-9]/.test(text);
  if (octal && /[89]/.test(text)) {
    throw new CompileError(source, [
      { message: `number ${text} begins with 0, so it is octal: got a digit above 7`, span },
    ]);
  }
  const value = octal ? Number.parseInt(text, 8) : Number(text);
  if (value > 0xffff_ffff) {
    throw new CompileError(source, [
      { message: `number ${text} is above 4294967295, the largest of 32 bits`, span },
    ]);
  }
  return value;
}

/** Every form of an IPv6 address: eight groups, or fewer around one `::`, the last two perhaps dotted. */
function makeIp6Patterns(): readonly RegExp[] {
  const group = '[0-9A-Fa-f]{1,4}';
  const dotted = Array(4).fill(number).join('\\.');
  const groups = (count: number): string => Array(count).fill(group).join(':');
  const forms = [groups(8), `${groups(6)}:${dotted}`];
  for (let total = 0; total <= 7; total++) {
    for (let before = 0; before <= total; before++) {
      const head = `${groups(before)}::`;
      forms.push(head + groups(total - before));
      if (total <= 5) forms.push(`${head}${`${group}:`.repeat(total - before)}${dotted}`);
    }
  }
  return forms.map((form) => new RegExp(form, 'y'));
}
