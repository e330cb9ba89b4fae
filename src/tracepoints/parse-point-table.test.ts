/** An application's table of trace points: what is taken, and what is said of each fault. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { dataplaneTable } from './dataplane-points.ts';
import { generatePoints } from './generate-points.ts';
import { parsePointTable } from './parse-point-table.ts';
import { tablePoints } from './point-table.ts';

const point = (fields: object) => ({ name: 'drop', meaning: 'a packet goes', ...fields });
const argument = (fields: object) => ({ name: 'port', type: 'uint16_t', meaning: 'port id', ...fields });

function faultsOf(table: unknown): string[] {
  try {
    parsePointTable(typeof table === 'string' ? table : JSON.stringify(table), 'p.json');
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.split('\n').map((line) => line.replace(/^p\.json: /, ''));
  }
}

test('the least that a table is, and what is filled in', () => {
  const table = parsePointTable(
    '{"provider":"app","points":[{"name":"tick","meaning":"now and then"}]}',
    'p',
  );
  expect(table).toEqual({
    provider: 'app',
    prefix: 'app',
    meaning: '',
    enumerations: [],
    points: [{ name: 'tick', meaning: 'now and then', level: 'debug_line', arguments: [] }],
  });
});

test('the standard table is one that would be accepted, and comes back the same', () => {
  expect(parsePointTable(JSON.stringify(dataplaneTable), 'p')).toEqual(dataplaneTable);
});

test('points as programs see them: types, labels, levels', () => {
  const table = parsePointTable(
    JSON.stringify({
      provider: 'app',
      enumerations: [{ name: 'color', values: [{ label: 'red', value: 3 }] }],
      points: [
        point({
          level: 'warning',
          arguments: [
            argument({ type: 'int32_t', unit: 'ms' }),
            argument({ name: 'c', type: 'color' }),
            argument({ name: 't', type: 'text' }),
          ],
        }),
      ],
    }),
    'p',
  );
  expect(tablePoints(table)).toEqual([
    {
      name: 'app:app:drop',
      kind: 'application',
      meaning: 'a packet goes',
      logLevel: 4,
      arguments: [
        {
          name: 'port',
          type: { kind: 'integer', bytes: 4, isSigned: true },
          place: { kind: 'context', index: 0 },
          meaning: 'port id',
          unit: 'ms',
        },
        {
          name: 'c',
          type: { kind: 'integer', bytes: 1, isSigned: false },
          place: { kind: 'context', index: 1 },
          meaning: 'port id',
          labels: [{ label: 'red', value: 3 }],
        },
        {
          name: 't',
          type: { kind: 'text', bytes: 64 },
          place: { kind: 'context', index: 2 },
          meaning: 'port id',
        },
      ],
    },
  ]);
});

const one = (fields: object) => ({ provider: 'app', points: [point(fields)] });
const args = (...list: object[]) => one({ arguments: list.map(argument) });
const values = (...list: object[]) => ({
  ...one({}),
  enumerations: [{ name: 'e', values: list.map((fields) => ({ label: 'a', value: 1, ...fields })) }],
});

describe('each fault is a line: where, what, and what was expected', () => {
  test.each<[string, unknown, string | RegExp]>([
    ['no JSON', '{"provider":', /^got no JSON: /],
    ['no object', [], 'the table: got a list, expected an object'],
    ['no provider', { points: [point({})] }, 'the table: has no "provider"'],
    ['no points', { provider: 'app', points: [] }, 'points: got 0 of them, expected 1 to 512'],
    [
      'a key that is mistyped',
      { ...one({}), enumeration: [] },
      'the table: got "enumeration", which means nothing here: did you mean "enumerations"?',
    ],
    [
      'an unknown key',
      one({ color: 1 }),
      'points[0]: got "color", which means nothing here: expected one of name, meaning, level, arguments',
    ],
    [
      'a name that is none',
      one({ name: 'rx-burst' }),
      /^points\[0\]\.name: got "rx-burst", expected a word of letters/,
    ],
    [
      'a name that is too long',
      one({ name: 'x'.repeat(64) }),
      /^points\[0\]\.name: got "x{64}", expected a word .* at most 63$/,
    ],
    [
      'a name of C',
      args({ name: 'register' }),
      'points[0].arguments[0].name: got "register", a word of C or C++ itself',
    ],
    [
      "a name of hone/trace.h's",
      args({ name: 'hone_hook' }),
      'points[0].arguments[0].name: got "hone_hook", a name that hone/trace.h uses',
    ],
    [
      'a type that is mistyped',
      args({ type: 'uint61_t' }),
      'points[0].arguments[0].type: got "uint61_t", did you mean "uint16_t"?',
    ],
    [
      'a type that is none',
      args({ type: 7 }),
      /^points\[0\]\.arguments\[0\]\.type: got 7, expected one of uint8_t, .*, text$/,
    ],
    [
      'a level that is mistyped',
      one({ level: 'warn' }),
      /^points\[0\]\.level: got "warn", expected one of emerg, /,
    ],
    [
      'two lines of meaning',
      one({ meaning: 'a\nb' }),
      'points[0].meaning: got "a\\nb", expected text of one line',
    ],
    [
      'the same point twice',
      { provider: 'app', points: [point({}), point({})] },
      'points[1].name: got "drop", which points[0] has',
    ],
    [
      'the same argument twice',
      args({}, {}),
      'points[0].arguments[1].name: got "port", which points[0].arguments[0] has',
    ],
    [
      'too many arguments',
      args(...Array.from({ length: 11 }, (_, n) => ({ name: `a${n}` }))),
      'points[0].arguments: got 11 of them, expected 0 to 10',
    ],
    [
      'too many texts',
      args(...Array.from({ length: 5 }, (_, n) => ({ name: `a${n}`, type: 'text' }))),
      'points[0].arguments: got 5 texts, expected at most 4',
    ],
    [
      'names that do not fit',
      args(...Array.from({ length: 10 }, (_, n) => ({ name: `a${n}`.padEnd(60, 'x') }))),
      /^points\[0\]\.arguments: got names of together \d+ bytes, expected at most 359$/,
    ],
    [
      'a value too large',
      values({ value: 256 }),
      'enumerations[0].values[0].value: got 256, expected a whole number from 0 to 255 (uint8_t)',
    ],
    ['a value that is no number', values({ value: '1' }), /value: got "1", expected a whole number/],
    [
      'a value twice',
      values({}, { label: 'b' }),
      'enumerations[0].values[1].value: got 1, which enumerations[0].values[0] has',
    ],
    [
      'an enumeration called like a type',
      { ...one({}), enumerations: [{ name: 'text', values: [{ label: 'a', value: 0 }] }] },
      'enumerations[0].name: got "text", which is a type already',
    ],
  ])('%s', (_, table, expected) => {
    const faults = faultsOf(table);
    expect(faults).toHaveLength(1);
    if (typeof expected === 'string') expect(faults[0]).toBe(expected);
    else expect(faults[0]).toMatch(expected);
  });

  test('all of them at once, up to twenty', () => {
    expect(faultsOf(one({ name: '1', level: 'x', bad: 1 })).length).toBe(3);
    const many = { provider: 'app', points: Array.from({ length: 40 }, () => ({})) };
    const faults = faultsOf(many);
    expect(faults.length).toBe(21);
    expect(faults.at(-1)).toMatch(/^\.\.\. and \d+ more$/);
  });
});

test('any JSON: a table that can be generated from, or lines of faults', () => {
  const word = fc.oneof(fc.constantFrom('drop', 'port', 'text', 'uint8_t', 'e', '1x', 'int'), fc.string());
  const field = fc.oneof(word, fc.integer(), fc.constant(null));
  const list = (fields: fc.Arbitrary<unknown>) => fc.oneof(fc.array(fields, { maxLength: 4 }), field);
  const argumentLike = fc.record(
    { name: word, type: word, meaning: field, unit: field },
    { requiredKeys: [] },
  );
  const pointLike = fc.record(
    { name: word, meaning: field, level: field, arguments: list(argumentLike) },
    { requiredKeys: [] },
  );
  const valueLike = fc.record({ label: word, value: field }, { requiredKeys: [] });
  const enumLike = fc.record({ name: word, type: field, values: list(valueLike) }, { requiredKeys: [] });
  const tableLike = fc.record(
    { provider: word, prefix: field, meaning: field, enumerations: list(enumLike), points: list(pointLike) },
    { requiredKeys: ['provider'] },
  );
  fc.assert(
    fc.property(fc.oneof(tableLike, fc.jsonValue()), (value) => {
      try {
        const table = parsePointTable(JSON.stringify(value), 'p');
        const { header, page } = generatePoints(table, { origin: 'p', includeFolder: '' });
        for (const { name } of table.points) expect(header.text + page.text).toContain(name);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 500 },
  );
});

test('nothing in a meaning can end the comment that it stands in', () => {
  const table = parsePointTable(JSON.stringify(one({ meaning: 'a */ int x; /* b' })), 'p');
  const { text } = generatePoints(table, { origin: 'p */ x', includeFolder: '' }).header;
  const comments = text.match(/\/\*[\s\S]*?\*\//g)!.join('\n');
  expect(text.replace(/\/\*[\s\S]*?\*\//g, '')).not.toMatch(/int x|b \*|\*\//);
  expect(comments).toContain('int x');
});
