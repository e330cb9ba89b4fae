import { describe, expect, test } from 'vitest';
import { EventStore } from './event-store.ts';

describe('events of a timeline', () => {
  test('stand in the order of time, with their numbers', () => {
    const store = new EventStore(100);
    const lane = store.lane('lcore 1', ['port', 'packets']);
    for (const [time, packets] of [
      [10, 1],
      [30, 3],
      [20, 2],
      [5, 0],
    ] as const) {
      store.add(lane, time, [7, packets]);
    }
    expect([...lane.times.subarray(0, lane.length)]).toEqual([5, 10, 20, 30]);
    expect([0, 1, 2, 3].map((n) => lane.describe(n))).toEqual(
      [0, 1, 2, 3].map((n) => `port 7, packets ${n}`),
    );
    expect([lane.indexOf(0), lane.indexOf(10), lane.indexOf(11), lane.indexOf(99)]).toEqual([0, 1, 2, 4]);
  });

  test('the newest stay, whichever lane they are in; what goes is counted', () => {
    const store = new EventStore(1000);
    const [busy, quiet] = [store.lane('b', []), store.lane('a', [])];
    for (let n = 0; n < 10_000; n++) store.add(n % 10 === 0 ? quiet : busy, n, []);
    expect(store.count).toBeLessThanOrEqual(1000);
    expect(store.count).toBeGreaterThan(700);
    expect(store.count + store.forgotten).toBe(10_000);
    expect(busy.length + quiet.length).toBe(store.count);
    expect(store.lastNs).toBe(9999);
    expect(store.firstNs).toBe(10_000 - store.count);
    expect(store.lanes.map(({ name }) => name)).toEqual(['a', 'b']);
  });
});
