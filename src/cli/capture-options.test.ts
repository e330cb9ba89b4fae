import { Command } from 'commander';
import { expect, test } from 'vitest';
import { addCaptureOptions, type CaptureOptions, type CaptureRequest } from './capture-options.ts';

function parse(...argv: string[]): CaptureRequest {
  let request: CaptureRequest | undefined;
  const command = new Command('capture').exitOverride().configureOutput({ outputError: () => {} });
  const finish = addCaptureOptions(command);
  command.action((words: string[]) => {
    request = finish(words);
  });
  command.parse(argv, { from: 'user' });
  return request!;
}

function options(...argv: string[]): CaptureOptions {
  const request = parse(...argv);
  if (request.kind !== 'capture') throw new Error(`got ${request.kind}`);
  return request.options;
}

/** Selector, filter and length of each choice. */
const choices = (...argv: string[]) =>
  options(...argv).choices.map(({ selector, filter, snaplen }) => [selector, filter, snaplen]);

const ALL = 262_144;

for (const { argv, want } of [
  { argv: [], want: [['all', '', ALL]] },
  { argv: ['tcp', 'port', '80'], want: [['all', 'tcp port 80', ALL]] },
  {
    argv: ['-i', 'a', '-f', 'tcp', '-i', 'b', '-f', 'udp'],
    want: [
      ['a', 'tcp', ALL],
      ['b', 'udp', ALL],
    ],
  },
  {
    argv: ['-f', 'tcp', '-i', 'a', '-i', 'b', '-f', 'udp'],
    want: [
      ['a', 'tcp', ALL],
      ['b', 'udp', ALL],
    ],
  },
  {
    argv: ['-i', 'a', '-i', 'b', '-f', 'udp'],
    want: [
      ['a', '', ALL],
      ['b', 'udp', ALL],
    ],
  },
  {
    argv: ['-i', 'a', '-i', 'b', '-f', 'udp', 'ip6'],
    want: [
      ['a', 'ip6', ALL],
      ['b', 'udp', ALL],
    ],
  },
  {
    argv: ['-s', '64', '-ia', '-s0', '-ib'],
    want: [
      ['a', '', ALL],
      ['b', '', 64],
    ],
  },
  { argv: ['-ia', '-s', '100', 'len > 5'], want: [['a', 'len > 5', 100]] },
]) {
  test(`choices of: ${argv.join(' ')}`, () => {
    expect(choices(...argv)).toEqual(want);
  });
}

test('combined forms, as dumpcap takes them', () => {
  const { stop, rotate, format, quiet, path } = options('-c100', '-bfilesize:10', '-Pq', '-wx.pcap');
  expect({ stop: stop.packets, rotate: rotate?.bytes, format, quiet, path }).toEqual({
    stop: 100,
    rotate: 10_000,
    format: 'pcap',
    quiet: true,
    path: 'x.pcap',
  });
});

test('defaults', () => {
  expect(options()).toMatchObject({
    directions: ['in', 'out'],
    ringBytes: 64 << 20,
    meta: false,
    hostClock: false,
    path: undefined,
    format: 'pcapng',
    comments: [],
    quiet: false,
    time: 'a',
    hexDump: false,
  });
});

test('everything else', () => {
  const words = ['-Q', 'in', '-B', '5', '--meta', '--time-stamp-type', 'host', '-te', '-x', '-n'];
  const named = ['-i', '0', '--ifname', 'up', '--ifdescr', 'uplink'];
  const given = options(...words, ...named, '--capture-comment', 'one', '--capture-comment', 'two');
  expect(given).toMatchObject({
    directions: ['in'],
    ringBytes: 8 << 20,
    meta: true,
    hostClock: true,
    time: 'e',
    hexDump: true,
    comments: ['one', 'two'],
    choices: [{ selector: '0', name: 'up', description: 'uplink' }],
  });
});

test('--bpf stands in the place of -f', () => {
  const bpf = (...argv: string[]) => options(...argv).choices.map((choice) => [choice.filter, choice.bpf]);
  expect(bpf('--bpf', 'a.o')).toEqual([['', 'a.o']]);
  expect(bpf('-f', 'udp', '-i', '0', '--bpf', 'a.o:p', '-i', '1')).toEqual([
    ['', 'a.o:p'],
    ['udp', undefined],
  ]);
  expect(bpf('--bpf', 'a.o', '-i', '0', '-f', 'udp', '-i', '1')).toEqual([
    ['udp', undefined],
    ['', 'a.o'],
  ]);
});

test('-D and -S', () => {
  expect(parse('-D').kind).toBe('list-ports');
  expect(parse('-S', '-i', '0').kind).toBe('statistics');
});

for (const { argv, message } of [
  { argv: ['-s', '262145'], message: '-s 262145: expected a number of bytes from 0 to 262144' },
  { argv: ['-s', 'x'], message: '-s x: expected a number of bytes from 0 to 262144' },
  { argv: ['-B', '0'], message: '-B 0: expected a whole number of MiB from 1 to 1024' },
  { argv: ['-B', '2000'], message: '-B 2000: expected a whole number of MiB from 1 to 1024' },
  { argv: ['-t', 'z'], message: '-t z: expected one of a, ad, d, e, r, u, ud' },
  { argv: ['-i', ''], message: '-i: expected a port, got an empty text' },
  { argv: ['--ifname', 'x'], message: '--ifname: expected after the -i that it belongs to' },
  { argv: ['-i', '0', '-f', 'a', '-f', 'b'], message: '-f: got two for -i 0, expected one' },
  { argv: ['-f', 'tcp', 'udp'], message: 'got two default filters, "tcp" by -f and "udp"' },
  { argv: ['--bpf', 'a.o', 'udp'], message: 'got two default filters, --bpf a.o and "udp"' },
  { argv: ['-i', '0', '--bpf', 'a', '--bpf', 'b'], message: '--bpf: got two for -i 0, expected one' },
  { argv: ['-i', '0', '-f', 'a', '--bpf', 'b'], message: '--bpf: got -f and --bpf for -i 0, expected one' },
  { argv: ['-b', 'packets:3'], message: '-b: expected -w FILE, got no -w' },
  { argv: ['-b', 'packets:3', '-w', '-'], message: '-b: expected -w FILE, got -w -' },
  { argv: ['-a', 'filesize:3'], message: '-a filesize: expected -w, got no file whose size counts' },
  { argv: ['-P'], message: '-P: expected -w, got no file to write' },
  {
    argv: ['-S', '-w', 'x'],
    message: '-S: captures nothing, so that -w has nothing to write; give one of them',
  },
  { argv: ['-Q', 'up'], message: "argument 'up' is invalid. Allowed choices are in, out, inout." },
]) {
  test(`wrong: ${argv.join(' ')}`, () => {
    expect(() => parse(...argv)).toThrow(message);
  });
}
