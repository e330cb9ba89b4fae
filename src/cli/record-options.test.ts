import { Command, CommanderError } from 'commander';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HoneError } from '../base/index.ts';
import { addRecordOptions, type RecordOptions } from './record-options.ts';

function parse(...argv: readonly string[]): RecordOptions {
  const command = new Command('record').exitOverride().configureOutput({ outputError: () => {} });
  const finish = addRecordOptions(command);
  let options: RecordOptions | undefined;
  command.action(() => {
    options = finish();
  });
  command.parse(argv, { from: 'user' });
  return options!;
}

const SOME = ['-e', 'dpdk:rx_burst', '-o', 'out'];

test('what is not said', () => {
  expect(parse(...SOME)).toEqual({
    events: ['dpdk:rx_burst'],
    application: undefined,
    ports: undefined,
    hasPackets: false,
    choices: [expect.objectContaining({ selector: 'all', filter: '' })],
    folder: 'out',
    conditions: { durationMs: undefined, events: undefined, bytes: undefined, snapshots: undefined },
    ringBytes: 16 << 20,
    isFlightRecorder: false,
    triggers: [],
    ctf: '1.8',
    rteTrace: [],
    quiet: false,
  });
});

test('what is said', () => {
  const options = parse(
    ...[
      '-e',
      'dpdk:rx_burst /args.nb_rx > 4/',
      '-e',
      'app:*',
      '-o',
      'out',
      '-p',
      '17',
      '-B',
      '3',
      '-q',
      '--ctf2',
    ],
    ...['-a', 'duration:1.5', '-a', 'events:9', '-a', 'events:7', '-a', 'size:2', '--packets', '-f', 'tcp'],
    ...[
      '-i',
      '0',
      '-s',
      '64',
      '-i',
      'net_null1',
      '-f',
      'udp',
      '--rte-trace',
      'lib.*',
      '--rte-trace',
      'pmd.*',
    ],
  );
  expect(options).toMatchObject({
    events: ['dpdk:rx_burst /args.nb_rx > 4/', 'app:*'],
    application: '17',
    hasPackets: true,
    conditions: { durationMs: 1500, events: 7, bytes: 2000 },
    ringBytes: 4 << 20,
    ctf: '2',
    rteTrace: ['lib.*', 'pmd.*'],
    quiet: true,
  });
  expect(options.ports).toBe(options.choices);
  expect(options.choices.map(({ selector, filter, snaplen }) => [selector, filter, snaplen])).toEqual([
    ['0', 'tcp', 64],
    ['net_null1', 'udp', 262_144],
  ]);
});

test('a flight recorder', () => {
  expect(
    parse(...SOME, '--overwrite', '--snapshot-on', 'a', '--snapshot-on', 'b', '-a', 'snapshots:2'),
  ).toMatchObject({
    isFlightRecorder: true,
    triggers: ['a', 'b'],
    conditions: { snapshots: 2 },
  });
});

describe('is refused', () => {
  for (const { argv, message } of [
    { argv: [], message: "expected events by -e, like -e 'dpdk:rx_burst /args.nb_rx > 16/'" },
    { argv: ['-e', 'x'], message: 'expected -o FOLDER: where the recording goes' },
    { argv: ['-e', 'x', '-o', '-'], message: '-o -: a recording is a folder, expected the name of one' },
    { argv: [...SOME, '-p', '1', '-t', 'x'], message: 'got --app and -p: expected one of them' },
    { argv: [...SOME, '-p', 'x'], message: '-p x: expected the number of a process' },
    {
      argv: [...SOME, '-f', 'tcp'],
      message: '-f, --bpf and -s say which packets are captured: expected --packets, too',
    },
    {
      argv: [...SOME, '-i', '0', '-s', '9'],
      message: '-f, --bpf and -s say which packets are captured: expected --packets, too',
    },
    { argv: [...SOME, '--snapshot-on', 'x'], message: '--snapshot-on x: expected --overwrite, too' },
    { argv: [...SOME, '-a', 'snapshots:1'], message: '-a snapshots: expected --overwrite, too' },
    {
      argv: [...SOME, '--overwrite', '--packets'],
      message: '--packets: expected no --overwrite, which keeps events alone',
    },
    {
      argv: [...SOME, '--overwrite', '-a', 'events:1'],
      message: '-a events: expected no --overwrite, which counts no events; -a snapshots works',
    },
    {
      argv: [...SOME, '-a', 'filesize:1'],
      message: '-a filesize:1: expected KEY:VALUE with KEY one of duration, events, size, snapshots',
    },
    { argv: [...SOME, '-a', 'events:0'], message: '-a events:0: expected a whole number above 0' },
    { argv: [...SOME, '-a', 'size:1k'], message: '-a size:1k: expected a whole number of kB above 0' },
    { argv: [...SOME, '-B', '0'], message: '-B 0: expected a whole number of MiB from 1 to 1024' },
    { argv: [...SOME, '-i', ''], message: '-i: expected a port, got an empty text' },
  ]) {
    test(argv.join(' ') || 'nothing', () => {
      expect(() => parse(...argv)).toThrow(new RegExp(`^${message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`));
    });
  }
});

test('any command line: options within the rules, or one line that says what is wrong', () => {
  const word = fc.oneof(
    fc.constantFrom('-e', '-o', '-a', '-B', '-i', '-f', '-s', '-p', '-t', '-q', '--packets', '--overwrite'),
    fc.constantFrom(
      '--snapshot-on',
      '--ctf2',
      '--rte-trace',
      '--bpf',
      'duration:1',
      'events:5',
      'size:9',
      '3',
      '64',
    ),
    fc.constantFrom('dpdk:rx_burst', 'out', '-', '', '--', '-aevents:3', '-B8'),
    fc.string(),
  );
  let taken = 0;
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      try {
        const options = parse('-e', 'x', '-o', 'y', ...words);
        taken++;
        expect(options.events.length).toBeGreaterThan(0);
        expect(options.ringBytes).toBeGreaterThanOrEqual(1 << 20);
        expect(Math.log2(options.ringBytes) % 1).toBe(0);
        if (options.isFlightRecorder) expect(options.hasPackets).toBe(false);
        else expect(options.triggers).toEqual([]);
      } catch (error) {
        if (!(error instanceof HoneError || error instanceof CommanderError)) throw error;
        // What a person wrote may have lines of its own.
        if (words.every((each) => !each.includes('\n'))) expect(error.message).not.toContain('\n');
      }
    }),
    { numRuns: 3000 },
  );
  expect(taken).toBeGreaterThan(100);
});
