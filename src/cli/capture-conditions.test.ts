import { expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { combineConditions, parseAutostop, parsePacketCount, parseRingBuffer } from './capture-conditions.ts';

for (const { parse, text, message } of [
  { parse: parsePacketCount, text: '0', message: '-c 0: expected a whole number above 0' },
  { parse: parsePacketCount, text: '-3', message: '-c -3: expected a whole number above 0' },
  { parse: parsePacketCount, text: '1e3', message: '-c 1e3: expected a whole number above 0' },
  {
    parse: parseAutostop,
    text: 'duration',
    message:
      '-a duration: expected KEY:VALUE with KEY one of duration, filesize, packets, files, did you mean duration:VALUE?',
  },
  {
    parse: parseAutostop,
    text: 'interval:3',
    message: '-a interval:3: expected KEY:VALUE with KEY one of duration, filesize, packets, files',
  },
  {
    parse: parseRingBuffer,
    text: 'flesize:3',
    message:
      '-b flesize:3: expected KEY:VALUE with KEY one of filesize, duration, interval, packets, files, ' +
      'did you mean filesize:VALUE?',
  },
  {
    parse: parseAutostop,
    text: 'duration:1s',
    message: '-a duration:1s: expected seconds above 0, like 0.5',
  },
  {
    parse: parseAutostop,
    text: 'duration:0',
    message: '-a duration:0: expected seconds above 0, like 0.5',
  },
  {
    parse: parseRingBuffer,
    text: 'files:100000',
    message: '-b files:100000: expected a whole number from 1 to 99999',
  },
  {
    parse: parseRingBuffer,
    text: 'filesize:1.5',
    message: '-b filesize:1.5: expected a whole number of kB above 0',
  },
]) {
  test(`wrong: ${text}`, () => {
    expect(() => parse(text)).toThrow(new UsageError(message));
  });
}

test('without -b all conditions end the capture; of two the first counts', () => {
  const autostop = [
    parsePacketCount('100'),
    ...['packets:50', 'duration:0.25', 'filesize:3'].map(parseAutostop),
  ];
  expect(combineConditions(autostop, [])).toEqual({
    stop: { packets: 50, durationMs: 250, bytes: 3000, files: undefined },
    rotate: undefined,
  });
});

test('with -b a size in -a is a size in -b, and the rest of -a still ends the capture', () => {
  const autostop = ['filesize:3', 'files:7', 'packets:9'].map(parseAutostop);
  const ringBuffer = ['packets:5', 'files:2', 'interval:60', 'duration:.5'].map(parseRingBuffer);
  expect(combineConditions(autostop, ringBuffer)).toEqual({
    stop: { packets: 9, durationMs: undefined, bytes: undefined, files: 7 },
    rotate: { bytes: 3000, packets: 5, durationMs: 500, intervalMs: 60_000, keepFiles: 2 },
  });
});

test('a number of files needs something that ends a file', () => {
  expect(() => combineConditions([], [parseRingBuffer('files:3')])).toThrow(
    '-b files: expected another -b that says when a file ends, like -b filesize:10000',
  );
  expect(() => combineConditions([parseAutostop('files:3')], [])).toThrow(
    '-a files: expected a -b that says when a file ends, like -b filesize:10000',
  );
});
