import { expect, test } from 'vitest';
import { lcore1, port, queue, reading, twoReadings } from './snapshot.fixture.ts';
import { takeSnapshot } from './snapshot.ts';

test('rates are of what came between two readings', () => {
  const { before, now } = twoReadings();
  const snapshot = takeSnapshot([now], [before], 1e12);
  expect([snapshot.intervalMs, snapshot.applications.length]).toEqual([2000, 1]);
  const [{ ports, threads, rates, drops }] = snapshot.applications as [(typeof snapshot.applications)[0]];
  expect(ports[0]!.rates).toMatchObject({
    rxPps: 1000,
    rxBps: 512_000,
    rxBurst: 32,
    txBurst: 4,
    emptyShare: 30 / 40,
    drops: { missed: 10, rxErrors: 0, refused: 5, application: 3 },
  });
  expect(threads).toHaveLength(1);
  expect(threads[0]!.rates).toMatchObject({ rxPps: 160, busyShare: 0.75, nsPerPacket: 20, rxBps: undefined });
  expect(drops).toEqual([
    { reason: 'ttl', pps: 2 },
    { reason: 'no_route', pps: 1 },
  ]);
  expect(rates).toMatchObject({ rxPps: 1000, busyShare: 0.75, drops: { missed: 10, refused: 5 } });
});

test('an application that was not there before has no rates', () => {
  const { before, now } = twoReadings();
  expect(takeSnapshot([now], [], 0).applications).toEqual([]);
  expect(takeSnapshot([now, reading({ pid: 9 })], [before], 0).applications.map(({ pid }) => pid)).toEqual([
    4711,
  ]);
});

test('counters that began again are not negative', () => {
  const { before, now } = twoReadings();
  const anew = {
    ...now,
    ports: [port(0, { ipackets: 500n })],
  };
  const { ports } = takeSnapshot([anew], [before], 0).applications[0]!;
  expect(ports[0]!.rates).toMatchObject({ rxPps: 250, rxBps: 0 });
});

test('what is not known is undefined, not zero', () => {
  const { before, now } = twoReadings();
  const without = (one: typeof now) => ({
    ...one,
    ports: [port(0, undefined)],
    recent: { ...one.recent, times: [] },
    kind: 'replay' as const,
    drops: undefined,
  });
  const { rates, ports, drops } = takeSnapshot([without(now)], [without(before)], 0).applications[0]!;
  // Packets are counted by the programs, bytes by nobody; a replay has no empty polls.
  expect(ports[0]!.rates).toMatchObject({ rxPps: 160, rxBps: undefined, emptyShare: undefined });
  expect(ports[0]!.rates.drops.missed).toBeUndefined();
  expect(drops).toBeUndefined();
  expect(rates.drops.application).toBeUndefined();
  expect([rates.busyShare, rates.nsPerPacket]).toEqual([undefined, undefined]);
});

test('bursts larger than are counted by size count as well', () => {
  const { before, now } = twoReadings();
  const large = queue(0, 'in', { 0: 30, 32: 10 }, { largeBursts: 2, largePackets: 1024 });
  const { ports } = takeSnapshot([{ ...now, recent: { ...now.recent, queues: [large] } }], [before], 0)
    .applications[0]!;
  expect(ports[0]!.rates.rxBurst).toBe((320 + 1024) / 12);
  expect(ports[0]!.queues[0]!.threads).toEqual([lcore1]);
});
