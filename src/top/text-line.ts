/** A line of the screen: pieces of text with a style, cut to a width. Characters count as one column each. */

type Style = 'plain' | 'bold' | 'dim' | 'inverse' | 'loss';

export type Piece = readonly [text: string, style: Style];

/** ECMA-48 (SGR): bold, faint, negative, red. */
const CODES: Readonly<Record<Exclude<Style, 'plain'>, string>> = {
  bold: '1',
  dim: '2',
  inverse: '7',
  loss: '1;31',
};

/** @param isStyled without it the text alone */
export function formatLine(pieces: readonly Piece[], columns: number, isStyled: boolean): string {
  let room = columns;
  let out = '';
  for (const [text, style] of pieces) {
    const cut = [...text].slice(0, room).join('');
    room -= [...cut].length;
    out += !isStyled || style === 'plain' || cut === '' ? cut : `\x1b[${CODES[style]}m${cut}\x1b[0m`;
  }
  return out;
}
