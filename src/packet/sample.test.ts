import { expect, test, vi } from 'vitest';
import { sampleTraffic } from './sample.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

test('equal seeds give equal packets, other seeds others', () => {
  const first = [...sampleTraffic({ packets: 500, seed: 7 })];
  expect([...sampleTraffic({ packets: 500, seed: 7 })]).toEqual(first);
  expect([...sampleTraffic({ packets: 500, seed: 8 })]).not.toEqual(first);
  expect(first).toHaveLength(500);
});

test('times rise, and frames have the sizes of Ethernet', () => {
  let last = 0n;
  const sizes = new Set<number>();
  for (const { timestampNs, frame } of sampleTraffic({ packets: 5_000 })) {
    expect(timestampNs).toBeGreaterThan(last);
    last = timestampNs;
    expect(frame.length).toBeGreaterThanOrEqual(60);
    expect(frame.length).toBeLessThanOrEqual(1_518);
    sizes.add(frame.length);
  }
  expect(sizes.size).toBeGreaterThan(100);
});
