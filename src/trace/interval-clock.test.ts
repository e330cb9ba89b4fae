import { expect, test } from 'vitest';
import type { CompiledProbe } from '../script/index.ts';
import { IntervalClock, intervalNs } from './interval-clock.ts';

test.each([
  ['interval:s:2', 2_000_000_000n],
  ['interval:ms:5', 5_000_000n],
  ['interval:us:70', 70_000n],
  ['interval:hz:4', 250_000_000n],
])('%s is %d ns', (name, want) => {
  expect(intervalNs(name)).toBe(want);
});

const probe = (name: string): CompiledProbe =>
  ({ point: { name, kind: 'interval', arguments: [], meaning: '' } }) as unknown as CompiledProbe;

test('each is due a period after the start, and again; what was missed comes once', () => {
  const fast = probe('interval:us:1');
  const slow = probe('interval:us:3');
  const clock = new IntervalClock([slow, fast], 100n);
  expect(clock.nextNs).toBe(1100n);
  expect(clock.takeDue(1099n)).toEqual([]);
  expect(clock.takeDue(1100n)).toEqual([fast]);
  expect(clock.takeDue(3600n)).toEqual([fast, slow]);
  expect(clock.nextNs).toBe(4100n);
  expect(new IntervalClock([], 0n).nextNs).toBeUndefined();
});
