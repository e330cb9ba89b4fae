/** Pieces of C that all generated files are made of: comments, constants, names. */

export const LICENSE = '/* SPDX-License-Identifier: BSD-3-Clause */';
const WIDTH = 120;

/** A block comment; the lines are broken where they are too long. Nothing in it can end it. */
export function comment(...paragraphs: readonly string[]): string {
  const safe = paragraphs.map((text) => text.replaceAll('*/', '* /').replaceAll('/*', '/ *'));
  const [only = ''] = safe;
  if (safe.length === 1 && only.length + 6 <= WIDTH) return `/* ${only} */`;
  const lines = safe.flatMap((text) => wrap(text, WIDTH - 3));
  return ['/*', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
}

/** At spaces; a word that is longer than the width has a line of its own. */
function wrap(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** What begins on a line goes on below it where it is too long, with commas between; one tab more than the first line. */
export function commaList(head: string, items: readonly string[], tail: string, indent: string): string {
  const whole = `${indent}${head}${items.join(', ')}${tail}`;
  if (whole.replaceAll('\t', '        ').length <= WIDTH) return whole;
  const inner = `\n${indent}\t`;
  return `${indent}${head}${inner}${items.join(`,${inner}`)}${tail}`;
}

/** `hone_dataplane` + `drop_reason` + `tx_full` → HONE_DATAPLANE_DROP_REASON_TX_FULL */
export function constantName(...parts: readonly string[]): string {
  return parts.join('_').toUpperCase();
}

/** A text between quotes; labels and names hold nothing that would have to be escaped. */
export function quoted(text: string): string {
  return `"${text}"`;
}
