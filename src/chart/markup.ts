/**
 * HTML and SVG as a type: what is no `Markup` is text, and is escaped where it is put into a template. There is no way to make one
 * of a string, so that nothing from outside can become a tag. Elements are written as in XML (`<br/>`, quoted attributes): what is
 * made is well-formed XML, too.
 */

class MarkupText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

export type Markup = MarkupText;

/** Undefined gives nothing; a number that is not finite a dash. */
export type Content = Markup | string | number | undefined | readonly Content[];

/** What XML 1.0 (section 2.2) does not allow, not even as a reference; half a surrogate pair (Cs) among it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NO_CHARACTERS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose values are escaped, in text and in quoted attributes alike. */
export function html(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  let text = literals[0]!;
  values.forEach((value, at) => {
    text += formatContent(value) + literals[at + 1]!;
  });
  return new MarkupText(text);
}

function formatContent(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof MarkupText) return value.toString();
  if (typeof value === 'string') return escapeText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '–';
  return value.map(formatContent).join('');
}

function escapeText(text: string): string {
  return text.replace(NO_CHARACTERS, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}
