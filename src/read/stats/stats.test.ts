import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HeavyHitters } from './heavy-hitters.ts';
import { TimeHistogram } from './time-histogram.ts';

test('property: a heavy hitter is never missed, its sum never too small, and too large by its excess at most', () => {
  const stream = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 100 })), { maxLength: 300 });
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 12 }), (items, capacity) => {
      const sketch = new HeavyHitters(capacity);
      const truth = new Map<string, number>();
      for (const [key, weight] of items) {
        sketch.add(`${key}`, weight);
        truth.set(`${key}`, (truth.get(`${key}`) ?? 0) + weight);
      }
      const total = items.reduce((sum, [, weight]) => sum + weight, 0);
      const top = sketch.top(capacity);
      for (const { key, weight, excess } of top) {
        expect(weight).toBeGreaterThanOrEqual(truth.get(key)!);
        expect(weight - excess).toBeLessThanOrEqual(truth.get(key)!);
      }
      for (const [key, weight] of truth) {
        if (weight > total / capacity) expect(top.map((hit) => hit.key)).toContain(key);
      }
      expect(top.map(({ weight }) => weight)).toEqual(top.map(({ weight }) => weight).sort((a, b) => b - a));
    }),
  );
});

test('property: a time histogram loses nothing, however far the times go', () => {
  const times = fc.array(fc.bigInt({ min: 0n, max: 1n << 62n }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(times, (all) => {
      const histogram = new TimeHistogram();
      for (const time of all) histogram.add(time, 10);
      const buckets = histogram.buckets();
      expect(buckets.length).toBeLessThanOrEqual(64);
      expect(buckets.reduce((sum, { packets }) => sum + packets, 0)).toBe(all.length);
      expect(buckets.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(all.length * 10);
      const widthNs = BigInt(Math.round(histogram.widthSeconds * 1e9));
      for (const { startNs, packets } of buckets.slice(1)) {
        const inside = all.filter((time) => time >= startNs && time < startNs + widthNs).length;
        expect(packets).toBe(inside);
      }
    }),
  );
});
