/** Recorded events into what a report knows: each kind, what is told twice, what losses take away, what hostile traces name. */
import { describe, expect, test } from 'vitest';
import type { MadeEvent, MadePacket } from '../../test/fakes/made-cursor.ts';
import { type MadeCaptured, MadeSources, T0 } from '../../test/fakes/made-sources.ts';
import { type EventKind, Merge } from '../convert/index.ts';
import type { StructureValue } from '../ctf/index.ts';
import { RecordedItems } from './recorded-items.ts';

const EMPTY = 'lib.ethdev.rx.burst.empty';
const BURST = 'lib.ethdev.rx.burst.nonempty';
const SENT = 'lib.ethdev.tx.burst';

function at(us: number, name: string, fields: StructureValue): MadeEvent {
  return { timeNs: T0 + BigInt(Math.round(1000 * us)), name, fields };
}

const poll = (us: number, received: number, queue = 0) =>
  at(us, received === 0 ? EMPTY : BURST, { port_id: 0, queue_id: queue, nb_rx: received, max: 32 });

/** Kinds as metadata describe them: of each name one, in the order of appearance. */
function kindsOf(packets: readonly MadePacket[]): EventKind[] {
  const names = [...new Set(packets.flatMap(({ events }) => events.map(({ name }) => name)))];
  return names.map((name, id) => ({ trace: 'made', id, name, fields: [] }));
}

async function take(
  packets: readonly MadePacket[],
  kinds: readonly EventKind[] = kindsOf(packets),
  captured: readonly MadeCaptured[] = [],
): Promise<RecordedItems> {
  const made = new MadeSources();
  const session = made.session('made', captured.length > 0);
  const sources = [
    made.trace(session, packets),
    ...(captured.length > 0 ? [made.capture(session, captured)] : []),
  ];
  const items = new RecordedItems(kinds);
  const merge = new Merge(sources);
  for (;;) {
    const item = merge.next();
    if (item?.kind === 'event') items.addEvent(item);
    else if (item !== undefined) items.addPacket(item, 'made.pcapng');
    else if (!(await merge.fill())) return items;
  }
}

const events = (...list: readonly MadeEvent[]): readonly MadePacket[] => [{ events: list }];

test('polls: bursts by size and queue, who polled, what was asked for, time busy and idle', async () => {
  const items = await take(
    events(poll(0, 0), poll(1, 32), poll(5, 0), poll(6, 0), poll(106, 4, 1), poll(107, 0)),
  );
  expect(items.queues.observe(1, true)).toMatchObject([
    { queueId: 0, direction: 'in', packets: 32, askedBurst: 32, countsEmptyPolls: true, tids: [100] },
    { queueId: 1, direction: 'in', packets: 4 },
  ]);
  const [first] = items.queues.observe(1, true);
  expect([first!.bySize[0], first!.bySize[32], first!.bySize.length]).toEqual([4, 1, 33]);
  // Receiving took 1 µs, 32 packets 4 µs, 4 packets 1 µs; 1 µs and 100 µs were idle.
  expect(items.threads.observe()).toMatchObject([
    { tid: 100, lcore: 1, busyNs: 6000, idleNs: 101_000, packets: 36, longestGapNs: 100_000 },
  ]);
  expect(items.threads.observe()[0]!.pollGaps!.reduce((sum, count) => sum + count, 0)).toBe(5);
  expect(items.ports.all[0]!.observe(items.sees, items.span.seconds)).toMatchObject({
    rxPackets: 36,
    rxBytes: undefined,
  });
  expect(items.ports.all[0]!.observe(items.sees, items.span.seconds).txPackets).toBeUndefined();
});

test('with bursts alone nothing is said of empty polls and of the time of threads', async () => {
  const items = await take(events(poll(0, 3), poll(1, 32)));
  expect(items.telling.hasEmptyPolls).toBe(false);
  expect(items.queues.observe(1, false)[0]).toMatchObject({ packets: 35, countsEmptyPolls: false });
  expect(items.threads.observe()).toEqual([]);
});

describe('what is told twice counts once', () => {
  test('a burst that is a kind of its own and one of polls', async () => {
    // The made cursor numbers kinds by their names: the trace's first kind of this name is another one.
    const kinds = [7, 0].map((id) => ({ trace: 'made', id, name: BURST, fields: [] }));
    const items = await take(events(poll(0, 3), poll(1, 3)), kinds);
    expect(items.queues.observe(1, false)).toEqual([]);
    expect(items.events).toBe(2);
  });

  test("an application's own polls beside those that the agent saw; its bursts beside its polls", async () => {
    const own = (name: string) => at(2, name, { port: 0, queue: 0, nb_rx: 5, max: 32 });
    const both = await take(events(poll(0, 3), own('app:dataplane:rx_poll')));
    expect(both.queues.observe(1, true)[0]!.packets).toBe(3);
    const ownOnly = await take(events(own('dataplane:rx_poll'), own('dataplane:rx_burst')));
    expect(ownOnly.queues.observe(1, true)[0]!.packets).toBe(5);
  });
});

test('across a loss there is no time between polls, and no stage', async () => {
  const stage = (us: number, what: 'begin' | 'end') =>
    at(us, `app:dataplane:stage_${what}`, { stage: 'decide', ...(what === 'end' && { count: 8 }) });
  const lossy = (discarded: bigint): readonly MadePacket[] => [
    { events: [poll(0, 0), poll(1, 0), stage(2, 'begin'), stage(3, 'end'), stage(4, 'begin')] },
    { events: [poll(501, 0), stage(502, 'end')], eventsDiscarded: discarded, sequenceNumber: 1 },
    { events: [poll(503, 0), poll(504, 0)], eventsDiscarded: discarded, sequenceNumber: 2 },
  ];
  const whole = await take(lossy(0n));
  expect(whole.threads.observe()[0]).toMatchObject({ longestGapNs: 500_000, idleNs: 504_000 });
  expect(whole.stages.observe(1)).toMatchObject([
    { name: 'decide', tid: 100, calls: 2, ns: 499_000, packets: 16 },
  ]);
  const cut = await take(lossy(3n));
  expect(cut.threads.observe()[0]).toMatchObject({ longestGapNs: 1000, idleNs: 2000 });
  expect(cut.stages.observe(1)).toMatchObject([{ calls: 1, ns: 1000 }]);
});

test('drops by reason and port; none told is not none listened to', async () => {
  const drop = (us: number, reason: number) =>
    at(us, 'app:dataplane:drop', { port: 1, queue: 0, reason, len: 60 });
  const items = await take(events(drop(0, 4), drop(1, 4), drop(2, 99)));
  expect(items.drops(2)).toEqual([
    { portId: 1, reason: 'ttl', packets: 2, countedSeconds: 2 },
    { portId: 1, reason: '99', packets: 1, countedSeconds: 2 },
  ]);
  const kinds = [{ trace: 'made', id: 0, name: 'app:dataplane:drop', fields: [] }];
  expect(new RecordedItems(kinds).drops(1)).toEqual([]);
  expect(new RecordedItems([]).drops(1)).toBeUndefined();
});

test('what LTTng lists is told only when it is there: it lists what the application does not have', async () => {
  const kinds = ['drop', 'rx_poll', 'mempool_level'].map((point, id) => ({
    ...{ trace: 'made', id, name: `dataplane:${point}`, fields: [] },
  }));
  const none = new RecordedItems(kinds);
  expect(none.drops(1)).toBeUndefined();
  expect([none.telling.has('rx-poll'), none.telling.has('mempool'), none.telling.hasEmptyPolls]).toEqual([
    false,
    false,
    false,
  ]);
  const some = await take(events(at(0, 'dataplane:drop', { port: 1, queue: 0, reason: 4, len: 60 })), kinds);
  expect(some.drops(2)).toMatchObject([{ reason: 'ttl', packets: 1 }]);
  expect(some.telling.has('rx-poll')).toBe(false);
});

const stats = (us: number, ipackets: number) =>
  at(us, 'dpdk:port_stats', {
    ...{ port_id: 0, ipackets, opackets: 0, ibytes: BigInt(64 * ipackets), obytes: 0 },
    ...{ imissed: ipackets / 10, ierrors: 0, oerrors: 0, rx_nombuf: 0 },
  });

test("where the driver's counters are sampled, all of a port is of the time between the samples", async () => {
  const between = (counted: number) =>
    take(events(poll(0, 32), stats(10, 1000), poll(11, 8), poll(15, 8), stats(20, counted), poll(30, 32)));
  const items = await between(1020);
  const [port] = items.ports.all;
  expect(port!.observe(items.sees, items.span.seconds)).toMatchObject({
    ...{ seconds: 10e-6, rxPackets: 20, rxBytes: 1280, missed: 2 },
  });
  expect(port!.sampled).toEqual({ fromNs: T0 + 10_000n, toNs: T0 + 20_000n });
  // Who counted more in that time is believed.
  const fewer = await between(1010);
  expect(fewer.ports.all[0]!.observe(fewer.sees, 1)).toMatchObject({ rxPackets: 16, rxBytes: undefined });
  const once = await take(events(poll(0, 32), stats(10, 1000), poll(30, 32)));
  expect(once.ports.all[0]!.observe(once.sees, once.span.seconds)).toMatchObject({
    ...{ seconds: 30e-6, rxPackets: 64, missed: undefined },
  });
});

test("rates over time of the driver's counters are of the time between their samples, of several ports too", async () => {
  const both = Array.from({ length: 5 }, (_, n) => 50_000 + 500_000 * n).flatMap((us, n) => {
    const second = stats(us + 2, 50 * n);
    return [stats(us, 100 * n), { ...second, fields: { ...second.fields, port_id: 1 } }];
  });
  const items = await take(events(at(0, 'dpdk:rx_packet', { port_id: 0, len: 60 }), ...both));
  expect(items.observeSeries().map(({ rxPps }) => Math.round(rxPps!))).toEqual([300, 300]);
});

test("levels, without mempools' own rings; states of ports and queues; the driver's counters", async () => {
  const items = await take(
    events(
      at(0, 'dpdk:mempool_level', { name: 'mb', available: 50, size: 100 }),
      at(1, 'dpdk:mempool_level', { name: 'mb', available: 30, size: 100 }),
      at(2, 'dpdk:ring_level', { name: 'work', count: 7, capacity: 127 }),
      at(3, 'dpdk:ring_level', { name: 'MP_mb', count: 127, capacity: 127 }),
      at(4, 'dpdk:port_state', { port_id: 0, state: 4, speed_mbps: 0 }),
      at(5, 'dpdk:queue_state', { port_id: 0, queue_id: 0, direction: 1, state: 1 }),
      at(6, 'dpdk:queue_state', { port_id: 0, queue_id: 1, direction: 1, state: 1 }),
      stats(7, 1000),
      stats(8, 1500),
      poll(9, 3),
      // Reset meanwhile.
      stats(10, 20),
    ),
  );
  expect(items.mempools.observe()).toEqual([
    { name: 'mb', size: 100, samples: 2, least: 30, most: 50, average: 40 },
  ]);
  expect(items.rings.observe().map(({ name }) => name)).toEqual(['work']);
  expect(items.ports.all[0]!.observe(items.sees, items.span.seconds)).toMatchObject({
    ...{ isUp: false, rxQueues: 2, rxPackets: 520, rxBytes: 33_280, missed: 52, rxErrors: 0, seconds: 3e-6 },
  });
});

test('packets of a capture of the same time give bytes; of a longer time they are not of these rates', async () => {
  const packetsAt = (...us: number[]) =>
    us.map((one) => ({ timeNs: T0 + BigInt(1000 * one), direction: 'in' as const }));
  const bursts = events(poll(0, 1), at(5, SENT, { port_id: 0, queue_id: 0, nb_pkts: 1 }), poll(10, 2));
  const same = await take(bursts, undefined, packetsAt(0, 10, 10));
  expect(same.ports.all.map((port) => port.observe(same.sees, same.span.seconds))).toMatchObject([
    { portId: 0, rxPackets: 3, rxBytes: 192, txPackets: 1 },
  ]);
  const longer = await take(bursts, undefined, packetsAt(0, 10, 10, 20));
  expect(longer.ports.all[0]!.observe(longer.sees, longer.span.seconds)).toMatchObject({
    rxPackets: 3,
    rxBytes: undefined,
  });
  expect(longer.span.seconds).toBeCloseTo(1e-5, 9);
  expect(longer.traffic.in.observe(1)).toMatchObject({ packets: 4, interArrival: expect.anything() });
});

test('a series of a long recording has a bounded number of points, and no packet is lost in it', async () => {
  const hours = Array.from({ length: 4000 }, (_, n) => poll(10e6 * n, 5));
  const items = await take(events(...hours));
  const series = items.observeSeries();
  expect(series.length).toBeLessThanOrEqual(600);
  const lengths = series.map(({ seconds }, n) => seconds - (series[n - 1]?.seconds ?? 0));
  const packets = series.reduce((sum, { rxPps }, n) => sum + rxPps! * lengths[n]!, 0);
  // The last poll is where the last interval ends.
  expect(packets).toBeGreaterThan(20_000 - 5 * 16);
  expect(packets).toBeLessThanOrEqual(20_000 + 0.001);
});

test('a hostile trace that names more than there can be costs no more memory', async () => {
  const many = Array.from({ length: 6000 }, (_, n) => [
    at(n, BURST, { port_id: n, queue_id: n, nb_rx: 65_535, max: 1 }),
    at(n, 'dpdk:ring_level', { name: `ring ${n}`, count: -5, capacity: n }),
    at(n, 'app:dataplane:drop', { port: n, reason: -1 }),
    at(n, 'app:dataplane:stage_begin', { stage: 7 }),
    at(n, 'dpdk:port_stats', { port_id: 'no number' }),
  ]).flat();
  const items = await take(events(...many));
  expect(items.ports.all.length).toBe(1024);
  expect(items.queues.observe(1, false).length).toBeLessThanOrEqual(4096);
  expect(items.rings.observe().length).toBe(4096);
  expect(items.drops(1)!.length).toBe(1024);
});
