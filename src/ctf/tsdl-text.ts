/** How names and texts stand in TSDL (CTF 1.8.3, annex C.1): identifiers that are no keywords, and string literals. */

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'align callsite char clock const double enum env event float floating_point int integer long short signed stream ' +
    'string struct trace typealias typedef unsigned variant void _Bool _Complex _Imaginary'
  ).split(' '),
);

export function isTsdlKeyword(word: string): boolean {
  return KEYWORDS.has(word);
}

/**
 * The identifiers of one structure's members, from names of any kind. A name that is a keyword, or begins with an underscore or
 * with a digit, gets an underscore in front, which readers take off again; what identifiers cannot have becomes an underscore; one
 * that is taken by then gets underscores at its end. No two are the same to a reader, whether it takes the underscore off or not.
 */
export function tsdlIdentifiers(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const word = name.replace(/[^A-Za-z0-9_]/g, '_');
    let identifier =
      /^[A-Za-z]/.test(word) && !isTsdlKeyword(word) ? word : `_${word === '' ? 'unnamed' : word}`;
    while (taken.has(unprotected(identifier))) identifier += '_';
    taken.add(unprotected(identifier));
    return identifier;
  });
}

function unprotected(identifier: string): string {
  return identifier.replace(/^_/, '');
}

/** A string literal, quotes included. Control characters become octal escapes of three digits. */
export function formatTsdlString(text: string): string {
  const escaped = text.replace(/["\\\p{Cc}]/gu, (character) => {
    if (character === '\n') return '\\n';
    if (character === '"' || character === '\\') return `\\${character}`;
    return [...new TextEncoder().encode(character)]
      .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
      .join('');
  });
  return `"${escaped}"`;
}
