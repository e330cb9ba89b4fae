import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addTraceOptions, type TraceOptions } from './trace-options.ts';

function parse(...argv: readonly string[]): TraceOptions {
  const command = new Command('trace').exitOverride().configureOutput({ outputError: () => {} });
  const finish = addTraceOptions(command);
  let options: TraceOptions | undefined;
  command.action((file: string | undefined, parameters: readonly string[]) => {
    options = finish(file === undefined ? [] : [file, ...parameters]);
  });
  command.parse(argv, { from: 'user' });
  return options!;
}

test('a script by -e takes all words as parameters, a file is the first of them', () => {
  expect(parse('-e', 'BEGIN {}', '7', 'x')).toMatchObject({
    script: { kind: 'text', text: 'BEGIN {}' },
    positional: ['7', 'x'],
  });
  expect(parse('a.bt', '7')).toMatchObject({ script: { kind: 'file', path: 'a.bt' }, positional: ['7'] });
});

test('what is not said', () => {
  expect(parse('a.bt')).toEqual({
    script: { kind: 'file', path: 'a.bt' },
    positional: [],
    application: undefined,
    read: undefined,
    format: 'text',
    order: { sort: undefined, isDescending: false, top: undefined },
    isDump: false,
    cost: false,
    durationMs: undefined,
    snapshotMs: undefined,
    output: '-',
    quiet: false,
    isSure: false,
  });
});

describe('values', () => {
  test.each([
    [['--sort', 'key'], { order: { sort: 'key', isDescending: false } }],
    [['--sort=-value', '--top', '5'], { order: { sort: 'value', isDescending: true, top: 5 } }],
    [['--live'], { snapshotMs: 1000 }],
    [['--live', '0.5'], { snapshotMs: 500 }],
    [['--duration', '2'], { durationMs: 2000 }],
    [['-p', '12'], { application: '12' }],
    [['-t', 'testpmd'], { application: 'testpmd' }],
    [['-f', 'json', '-o', 'x', '-q'], { format: 'json', output: 'x', quiet: true }],
  ])('%j', (words, want) => {
    expect(parse('-e', 'x', ...words)).toMatchObject(want);
  });
});

test.each([
  [[], /^expected a script: a file, or by -e/],
  [['-e', 'x', '--sort', 'size'], '--sort size: expected key, value or name'],
  [['-e', 'x', '--top', '0'], '--top 0: expected a whole number above 0'],
  [['-e', 'x', '--duration', '-1'], '--duration -1: expected seconds above 0'],
  [['-e', 'x', '-p', 'me'], '-p me: expected the number of a process'],
  [['-e', 'x', '-p', '1', '-t', 'a'], 'got --app and -p: expected one of them'],
  [['-e', 'x', '--read', 'f', '-t', 'a'], 'got --read f and application a: expected one of them'],
])('%j is refused', (words, message) => {
  expect(() => parse(...words)).toThrow(message);
});
