import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addConvertOptions, type ConvertOptions } from './convert-options.ts';

function parse(...argv: readonly string[]): ConvertOptions {
  const command = new Command('convert').exitOverride().configureOutput({ outputError: () => {} });
  const finish = addConvertOptions(command);
  let options: ConvertOptions | undefined;
  command.action((inputs: readonly string[]) => {
    options = finish(inputs);
  });
  command.parse(argv, { from: 'user' });
  return options!;
}

test('what is not said', () => {
  expect(parse('run', '--to', 'json')).toEqual({
    inputs: ['run'],
    offsets: [],
    format: 'json',
    path: '-',
    columns: [],
    time: 'a',
    selection: { fromNs: undefined, beforeNs: undefined, items: undefined },
    quiet: false,
  });
});

test.each([
  [['--to', 'csv', '-e', 'time', '-e', 'ip.src'], { columns: ['time', 'ip.src'] }],
  [['--to', 'ctf', '-w', 'out'], { format: 'ctf', path: 'out' }],
  [['--to', 'perfetto', '-w', '-'], { path: '-' }],
  [['--to', 'text', '-t', 'ud', '-q'], { time: 'ud', quiet: true }],
  [
    ['--to', 'text', '-A', '5', '-B', '6.5', '-c', '7'],
    { selection: { fromNs: 5_000_000_000n, beforeNs: 6_500_000_000n, items: 7 } },
  ],
  [
    ['--to', 'text', '--offset', 'b=-5', '--offset', 'c=d=2us'],
    {
      offsets: [
        { path: 'b', offsetNs: -5n },
        { path: 'c=d', offsetNs: 2000n },
      ],
    },
  ],
])('%j', (words, want) => {
  expect(parse('run', ...words)).toMatchObject(want);
});

test.each([
  [[], 'expected --to with one of ctf, perfetto, chrome, json, text, pcapng, csv'],
  [['--to', 'json'], 'expected an input: a capture, a trace, or "-" for standard input'],
  [['a', '--to', 'pcap'], /^--to pcap: expected one of ctf, /],
  [['a', '--to', 'perfetto'], '--to perfetto: expected -w FILE'],
  [['a', '--to', 'ctf'], '--to ctf: expected -w FOLDER'],
  [['a', '--to', 'ctf', '-w', '-'], '-w -: a CTF trace is a folder'],
  [['a', 'b', 'a', '--to', 'json'], 'got a twice'],
  [['a', '--to', 'text', '-e', 'x'], '-e x: expected with --to csv or json'],
  [['a', '--to', 'json', '-t', 'e'], '-t: expected with --to text'],
  [
    ['a', '--to', 'pcapng', '-w', 'x', '--offset', 'a=1'],
    '--offset: packets are copied into pcapng as they are',
  ],
  [
    ['a', '--to', 'json', '--offset', 'a'],
    '--offset a: expected FILE=NS, like run2=-1500 or run2=3600s (ns, us, ms, s)',
  ],
  [['a', '--to', 'json', '--offset', 'a=9999999999999999999'], /expected at most 4611686018427387904 ns/],
  [['a', '--to', 'json', '-c', '0'], '-c 0: expected a whole number above 0'],
  [['a', '--to', 'json', '-A', 'yesterday'], /^-A yesterday: expected seconds/],
])('refuses %j', (words, message) => {
  expect(() => parse(...words)).toThrow(message);
});
