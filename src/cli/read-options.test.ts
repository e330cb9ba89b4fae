import { Command } from 'commander';
import { expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { addReadOptions, type ReadOptions } from './read-options.ts';

function parse(...argv: readonly string[]): ReadOptions {
  const command = new Command('read').exitOverride().configureOutput({ outputError: () => {} });
  const finish = addReadOptions(command);
  command.parse(argv, { from: 'user' });
  return finish(command.args);
}

test('what is not said', () => {
  expect(parse('a.pcap')).toEqual({
    files: ['a.pcap'],
    order: 'time',
    filter: '',
    selection: {},
    output: { kind: 'lines', lines: { time: 'a', linkHeader: false, hexDump: undefined } },
    quiet: false,
  });
});

test('what is said', () => {
  const fields = parse(
    '-r',
    'a',
    '-a',
    '-T',
    'fields',
    '-e',
    'ip.src',
    '-E',
    'separator=/s',
    '-E',
    'quote=d',
    'udp',
  );
  expect(fields).toMatchObject({
    files: ['a'],
    order: 'append',
    filter: 'udp',
    output: { kind: 'fields', fields: ['ip.src'], layout: { separator: ' ', quote: '"', aggregator: ',' } },
  });
  const written = parse('a', '-w', '-', '-P', '-c', '7', '--packets', '3-', '-A', '1', '-B', '2.5', '-q');
  expect(written).toMatchObject({
    selection: { packets: 7, ranges: [{ first: 3 }], fromNs: 1_000_000_000n, beforeNs: 2_500_000_000n },
    output: { kind: 'write', path: '-', format: 'pcap' },
    quiet: true,
  });
  expect(parse('a', '-X', '-X').output).toMatchObject({
    lines: { hexDump: { withLinkHeader: true, characters: true } },
  });
});

const faults: readonly [string, RegExp][] = [
  ['', /expected a file to read/],
  ['- -', /standard input twice/],
  ['a -w x --count', /got -w and --count: expected one of them/],
  ['a -T text --stats', /got -T and --stats/],
  ['a -P', /-P: expected -w FILE/],
  ['a -e ip.src', /-e ip.src: expected with -T fields, json or ek/],
  ['a -T fields', /-T fields: expected fields by -e/],
  ['a -T json -E header=y', /-E header=y: expected with -T fields/],
  ['a -T fields -e x -E headers=y', /did you mean header=\?/],
  ['a -T fields -e x -E header', /expected KEY=VALUE/],
  ['a -T fields -e x -E header=yes', /expected one of y, n/],
  ['a -T fields -e x -E separator=ab', /expected one character/],
  ['a -w x -X', /-X: for lines of text only/],
  ['a -c 0', /-c 0: expected a whole number above 0/],
  ['a -t z', /-t z: expected one of a, ad/],
  ['a -f udp tcp', /got two filters, "udp" by -f and "tcp"/],
  ['a -f udp b.pcap', /cannot read b.pcap: no such file/],
];
test.for(faults)('refuses: %s', ([line, message]) => {
  const argv = line.split(' ').filter((word) => word !== '');
  expect(() => parse(...argv)).toThrow(UsageError);
  expect(() => parse(...argv)).toThrow(message);
});
