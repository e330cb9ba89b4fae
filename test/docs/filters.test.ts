/** docs/filters.md: every word of the filter language stands there, and what it says of link types is what the compiler does. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { builtinNames, compileFilter, linkTypeNumbers, type Resolver } from '../../src/filter/index.ts';
import { namedNumbers, unsupportedWords, words } from '../../src/filter/words.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/filters.md'), 'utf8');

/** What stands in backticks, word by word. */
const named: ReadonlySet<string> = new Set(
  [...page.matchAll(/`([^`]+)`/g)].flatMap(([, code]) => code!.split(/[\s()[\]:]+/)),
);

test('every word is listed', () => {
  const all = [...words.keys(), ...namedNumbers.keys(), ...unsupportedWords.keys()];
  expect(all.filter((word) => !named.has(word))).toEqual([]);
});

const resolver: Resolver = {
  ...builtinNames,
  addresses: (name) => (name === 'router' ? ['10.9.9.9'] : []),
  network: (name) => (name === 'lab' ? 0x0a000000 : undefined),
  etherAddress: (name) => (name === 'router' ? '02:00:00:00:00:09' : undefined),
};

/** `yes`, `never` for what compiles but matches nothing, `no` for what is refused, `direction` for what needs that option. */
function support(column: string, primitive: string): string {
  const known = linkTypeNumbers.get(column);
  const text = known === undefined ? `${column} ${primitive}` : primitive;
  const compile = (direction?: 'in'): string => {
    const [first] = compileFilter(text, { linkType: known, direction, resolver });
    return first!.code === 0x06 && first!.k === 0 ? 'never' : 'yes';
  };
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    if (/^(in|out)bound$/.test(primitive)) return compile('in') && 'direction';
    return 'no';
  }
}

describe('what each link type has', () => {
  const rows = page
    .split('\n')
    .filter((line) => line.startsWith('|') && /\| (yes|no|never|direction) /.test(line));
  const cells = (line: string): readonly string[] =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const head = page.split('\n').find((line) => line.startsWith('| ') && line.includes('`EN10MB`'))!;
  const columns = cells(head)
    .slice(1)
    .map((cell) => cell.replaceAll('`', ''));

  test('is a table of all of them', () => {
    expect(columns).toEqual(expect.arrayContaining([...linkTypeNumbers.keys()]));
    expect(rows.length).toBeGreaterThan(20);
  });

  for (const row of rows) {
    const [primitives, ...supported] = cells(row);
    for (const [, primitive] of primitives!.matchAll(/`([^`]+)`/g)) {
      test(primitive!, () => {
        expect(columns.map((column) => support(column, primitive!))).toEqual(supported);
      });
    }
  }
});
