/**
 * Is a text well-formed XML, as far as markup of ours can fail to be: tags that match, quoted attributes that are named once, no
 * bare `<` or `&`, no character that XML does not know. And are an SVG's measures numbers?
 */

const MEASURES = /^(x|y|x1|x2|y1|y2|cx|cy|r|width|height|viewBox|d)$/;
const NUMBERS_ONLY = /^[\d\s.MLHVe-]*$/;

/** @returns what is wrong, or undefined */
export function flawOf(xml: string): string | undefined {
  const text = xml.replace(/^<!DOCTYPE html>\n/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/u.test(text))
    return 'a forbidden character';
  const open: string[] = [];
  const tags = /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  while (tags.lastIndex < text.length) {
    const at = tags.lastIndex;
    const match = tags.exec(text);
    if (match === null) return `no markup: ${text.slice(at, at + 60)}`;
    const [, closing, name = '', attributes = '', empty, words] = match;
    const flaw = words === undefined ? attributesFlaw(attributes) : referenceFlaw(words);
    if (flaw !== undefined) return flaw;
    if (words !== undefined) continue;
    if (closing === '/' && open.pop() !== name) return `</${name}> closes nothing`;
    if (closing === '' && empty === '') open.push(name);
  }
  return open.length === 0 ? undefined : `<${open.at(-1)}> stays open`;
}

function attributesFlaw(attributes: string): string | undefined {
  const names = new Set<string>();
  for (const [, name, value] of attributes.matchAll(/([a-zA-Z][a-zA-Z0-9:-]*)="([^"]*)"/g)) {
    if (names.has(name!)) return `${name} twice`;
    names.add(name!);
    const flaw = referenceFlaw(value!);
    if (flaw !== undefined) return flaw;
    if (MEASURES.test(name!) && !NUMBERS_ONLY.test(value!)) return `${name}="${value}"`;
  }
  return undefined;
}

function referenceFlaw(text: string): string | undefined {
  return /&(?!(amp|lt|gt|quot|#39);)/.test(text) ? `a bare &: ${text.slice(0, 60)}` : undefined;
}
