import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageError } from '../base/index.ts';
import { parseTime } from './parse-time.ts';

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Asia/Kolkata';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const cases: readonly [string, bigint][] = [
  ['0', 0n],
  ['1704067200.5', 1_704_067_200_500_000_000n],
  ['2024-01-01 05:30:00', 1_704_067_200_000_000_000n],
  ['2024-01-01T05:30', 1_704_067_200_000_000_000n],
  ['2024-01-01', 1_704_047_400_000_000_000n],
  ['2024-01-01 00:00:00.000000001Z', 1_704_067_200_000_000_001n],
  ['2024-01-01 01:00:00+01:00', 1_704_067_200_000_000_000n],
  ['2023-12-31 22:00:00-0200', 1_704_067_200_000_000_000n],
];
test.for(cases)('%s', ([text, expected]) => {
  expect(parseTime('-A', text)).toBe(expected);
});

test.for([
  '',
  'now',
  '-5',
  '2024-02-30',
  '2024-13-01',
  '2024-01-01 24:00:00',
  '2024-01-01 00:00:00.1234567890',
])('refuses "%s"', (text) => {
  expect(() => parseTime('-A', text)).toThrow(UsageError);
});
