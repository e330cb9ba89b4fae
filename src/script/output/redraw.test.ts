import { expect, test } from 'vitest';
import { Redraw } from './redraw.ts';

const size = { columns: 10, rows: 4 };

/** What a terminal shows of all that was written, as far as Redraw needs one. */
function screen(written: string): string[] {
  const lines = [''];
  let [row, column] = [0, 0];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that Redraw writes.
  for (const [part] of written.matchAll(/\x1b\[(\d*)[AKJ]|[\s\S]/g)) {
    if (part.endsWith('A') && part.startsWith('\x1b')) row -= Number(part.slice(2, -1));
    else if (part === '\x1b[K') lines[row] = lines[row]!.slice(0, column);
    else if (part === '\x1b[J') lines.splice(row, lines.length, lines[row]!.slice(0, column));
    else if (part === '\r') column = 0;
    else if (part === '\n') {
      row++;
      column = 0;
      lines[row] ??= '';
    } else {
      lines[row] = lines[row]!.slice(0, column) + part + lines[row]!.slice(column + 1);
      column++;
    }
  }
  return lines;
}

test('frames stand in one place, text above them', () => {
  const redraw = new Redraw();
  let written = redraw.draw('one\ntwo\n', size);
  expect(screen(written)).toEqual(['one', 'two', '']);
  written += redraw.draw('1\n', size);
  expect(screen(written)).toEqual(['1', '']);
  written += redraw.above('said\n');
  written += redraw.draw('2\n', size);
  expect(screen(written)).toEqual(['said', '2', '']);
  written += redraw.clear();
  expect(screen(written)).toEqual(['said', '']);
  expect(redraw.above('more\n')).toBe('more\n');
});

test('what does not fit is cut, control characters do not get through', () => {
  const redraw = new Redraw();
  expect(screen(redraw.draw(`${'é'.repeat(12)}\na\tb\x1b[2J\n3\n4\n5\n`, size))).toEqual([
    'é'.repeat(10),
    'a b [2J',
    '... 3 more',
    '',
  ]);
});
