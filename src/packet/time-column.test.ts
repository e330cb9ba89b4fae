import { afterAll, beforeAll, expect, test } from 'vitest';
import { TimeColumn, type TimeStyle } from './time-column.ts';

const zone = process.env.TZ;
beforeAll(() => {
  process.env.TZ = 'Asia/Kolkata';
});
afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

/** 2024-01-01 00:00:00 UTC, 05:30 in Kolkata. */
const START = 1_704_067_200;
const times = [
  [START, 5],
  [START + 1, 4],
  [START + 1, 3],
  [START - 1, 999_999_999],
] as const;

const cases: Record<TimeStyle, string[]> = {
  a: ['05:30:00.000000005', '05:30:01.000000004', '05:30:01.000000003', '05:29:59.999999999'],
  ad: [
    '2024-01-01 05:30:00.000000005',
    '2024-01-01 05:30:01.000000004',
    '2024-01-01 05:30:01.000000003',
    '2024-01-01 05:29:59.999999999',
  ],
  d: ['0.000000000', '0.999999999', '-0.000000001', '-1.000000004'],
  e: ['1704067200.000000005', '1704067201.000000004', '1704067201.000000003', '1704067199.999999999'],
  r: ['0.000000000', '0.999999999', '0.999999998', '-0.000000006'],
  u: ['00:00:00.000000005', '00:00:01.000000004', '00:00:01.000000003', '23:59:59.999999999'],
  ud: [
    '2024-01-01 00:00:00.000000005',
    '2024-01-01 00:00:01.000000004',
    '2024-01-01 00:00:01.000000003',
    '2023-12-31 23:59:59.999999999',
  ],
};

for (const [style, want] of Object.entries(cases)) {
  test(`-t ${style}`, () => {
    const column = new TimeColumn(style as TimeStyle);
    expect(times.map(([seconds, nanoseconds]) => column.format(seconds, nanoseconds))).toEqual(want);
  });
}
