/**
 * The words of TSDL (CTF 1.8.3, annex C.1, C.3): identifiers and keywords, integer constants, strings, character constants and
 * punctuation. Comments are C's and C++'s. Floating-point constants are not read: nothing in TSDL takes one.
 */
import { excerpt, metadataError, type Place, placeOf } from './metadata-error.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly offset: number }
  | { readonly kind: 'integer'; readonly text: string; readonly value: bigint; readonly offset: number }
  | { readonly kind: 'string'; readonly text: string; readonly offset: number }
  | { readonly kind: 'mark'; readonly text: string; readonly offset: number }
  | { readonly kind: 'end'; readonly text: ''; readonly offset: number };

const PATTERN =
  /(?<space>\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>L?"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*")|(?<character>L?'(?:[^'\\\n]|\\[\s\S]){1,8}')|(?<word>[A-Za-z_][A-Za-z0-9_]*)|(?<integer>(?:0[xX][0-9A-Fa-f]+|0[bB][01]+|[0-9]+)(?:[uU]|[lL])*)(?![A-Za-z0-9_])|(?<mark>\.\.\.|:=|->|[{}()[\]<>;:,.=*+-])/y;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** @throws FormatError at what is no word of TSDL */
export function lexTsdl(text: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  let offset = 0;
  while (offset < text.length) {
    PATTERN.lastIndex = offset;
    const match = PATTERN.exec(text);
    if (match === null) throw badWord(text, offset);
    const groups = match.groups!;
    const whole = match[0];
    if (groups.word !== undefined) tokens.push({ kind: 'word', text: whole, offset });
    else if (groups.mark !== undefined) tokens.push({ kind: 'mark', text: whole, offset });
    else if (groups.integer !== undefined) {
      tokens.push({ kind: 'integer', text: whole, value: integerValue(text, whole, offset), offset });
    } else if (groups.string !== undefined) {
      tokens.push({ kind: 'string', text: plainText(whole), offset });
    } else if (groups.character !== undefined) {
      const value = BigInt(plainText(whole).codePointAt(0) ?? 0);
      tokens.push({ kind: 'integer', text: whole, value, offset });
    }
    offset += whole.length;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length });
  return tokens;
}

function badWord(text: string, offset: number): Error {
  const place: Place = placeOf(text, offset);
  if (text.startsWith('/*', offset)) return metadataError('comment without an end', place);
  if (text[offset] === '"') return metadataError('string without an end', place);
  return metadataError(`no word of TSDL: ${excerpt(text.slice(offset, offset + 10))}`, place);
}

function integerValue(text: string, word: string, offset: number): bigint {
  const digits = word.replace(/[uUlL]+$/, '');
  if (digits.length > 80) throw metadataError('integer of more than 80 digits', placeOf(text, offset));
  if (!/^0[0-9]/.test(digits)) return BigInt(digits);
  if (/[89]/.test(digits)) throw metadataError(`no octal number: ${excerpt(digits)}`, placeOf(text, offset));
  return BigInt(`0o${digits}`);
}

/**
 * The text of a string or character constant. Octal and hexadecimal escapes are bytes: those that follow one another are UTF-8
 * together.
 */
function plainText(word: string): string {
  const inner = word.slice(word[0] === 'L' ? 2 : 1, -1);
  if (!inner.includes('\\')) return inner;
  return inner.replace(/(?:\\(?:[0-7]{1,3}|x[0-9A-Fa-f]{1,2}))+|\\([\s\S])/g, (codes, simple?: string) => {
    if (simple !== undefined) return ESCAPES[simple] ?? simple;
    const bytes = codes
      .split('\\')
      .slice(1)
      .map((code) => (code[0] === 'x' ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8)));
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}
