import { expect, test } from 'vitest';
import { MadeSources, T0 } from '../../../test/fakes/made-sources.ts';
import type { EventKind } from '../../convert/index.ts';
import { EnumerationValue } from '../../ctf/index.ts';
import { evaluateGoals, findFindings, type Observation, parseGoals } from '../../findings/index.ts';
import { formatReportText } from '../report-text.ts';
import { observeInputs, observeRecording } from './observe-recording.ts';

type MadeTracePackets = Parameters<MadeSources['trace']>[1];
type Events = MadeTracePackets[number]['events'];

const US = 1000n;
const made = new MadeSources();

function observe(
  events: Events,
  captured: Parameters<MadeSources['capture']>[1] = [],
  more: { kinds?: readonly string[]; damage?: string; aborted?: boolean } = {},
): Promise<Observation> {
  const session = made.session('out', captured.length > 0);
  const names = [...new Set([...events.map(({ name }) => name), ...(more.kinds ?? [])])];
  const kinds: EventKind[] = names.map((name, id) => ({ trace: 'made', id, name, fields: [] }));
  const sources = [
    ...(events.length === 0 ? [] : [made.trace(session, [{ events }], { damage: more.damage })]),
    ...(captured.length === 0 ? [] : [made.capture(session, captured)]),
  ];
  const signal = more.aborted === true ? AbortSignal.abort() : new AbortController().signal;
  return observeInputs(
    'out',
    { sources, kinds, hasPackets: captured.length > 0 },
    { signal, onProgress: () => {} },
  );
}

const EMPTY = 'lib.ethdev.rx.burst.empty';
const BURST = 'lib.ethdev.rx.burst.nonempty';
const poll = (at: bigint, nb_rx: number, queue_id = 0) => ({
  timeNs: T0 + at * US,
  name: nb_rx === 0 ? EMPTY : BURST,
  fields: { port_id: 0, queue_id, ...(nb_rx === 0 ? {} : { nb_rx, max: 32 }) },
});

test('polls: bursts by size, time after them, gaps', async () => {
  // Busy from 0 to 10 and from 13 to 14 µs, idle from 10 to 13.
  const seen = await observe([poll(0n, 8), poll(10n, 0), poll(12n, 0), poll(13n, 32), poll(14n, 0)]);
  expect(seen.queues).toEqual([
    {
      ...{ portId: 0, queueId: 0, direction: 'in', countedSeconds: seen.seconds, tids: [100] },
      ...{ packets: 40, askedBurst: 32, countsEmptyPolls: true },
      bySize: Array.from({ length: 33 }, (_, size) => (size === 0 ? 3 : size === 8 || size === 32 ? 1 : 0)),
    },
  ]);
  expect(seen.lcores).toMatchObject([
    { tid: 100, lcore: 1, name: 'worker', busyNs: 11_000, idleNs: 3000, packets: 40, longestGapNs: 10_000 },
  ]);
  expect(seen.lcores[0]?.pollGaps).toHaveLength(14);
  expect(seen.seconds).toBeCloseTo(14e-6, 12);
  expect(seen.unknown.join()).not.toContain('polls');
});

test('bursts alone say nothing of the polls between them', async () => {
  const bursts = Array.from({ length: 200 }, (_, n) => poll(BigInt(n), 32));
  const seen = await observe(bursts);
  expect(seen.queues).toMatchObject([{ countsEmptyPolls: false, packets: 6400 }]);
  expect(seen.lcores).toEqual([]);
  expect(findFindings(seen)).toEqual([]);
  expect(seen.unknown).toContain(
    'empty polls were not recorded: how busy threads are (hone record -e dpdk:rx_poll)',
  );
  const small = await observe(Array.from({ length: 200 }, (_, n) => poll(BigInt(n), 1)));
  expect(findFindings(small)).toEqual([]);
});

test('the rules of running applications hold: full bursts, no empty polls, a saturated lcore', async () => {
  const polls = Array.from({ length: 200 }, (_, n) => poll(BigInt(n), 32));
  const seen = await observe(polls, [], { kinds: [EMPTY] });
  const found = findFindings(seen);
  expect(found.map(({ rule }) => rule).sort()).toEqual([
    'burst-at-maximum',
    'lcore-saturated',
    'no-empty-polls',
  ]);
  for (const { next } of found) {
    for (const { command } of next) expect(command).toMatch(/^hone (trace --read out|read out) /);
  }
  expect(evaluateGoals(parseGoals('util<80%, drop=0'), seen).map(({ isMet }) => isMet)).toEqual([
    false,
    undefined,
  ]);
});

test('drops by reason; a recording that could have them and has none', async () => {
  const reason = new EnumerationValue(4n, ['ttl']);
  const drop = (at: bigint) => ({
    timeNs: T0 + at * US,
    name: 'app:dataplane:drop',
    fields: { port: 1, queue: 0, reason, len: 64 },
  });
  const seen = await observe([drop(0n), drop(500_000n), drop(1_000_000n)]);
  expect(seen.drops).toEqual([{ portId: 1, reason: 'ttl', packets: 3, countedSeconds: 1 }]);
  expect(seen.series.map(({ dropPps }) => dropPps)).toEqual([2, expect.any(Number)]);
  expect(findFindings(seen).map(({ rule }) => rule)).toEqual(['application-drops']);
  const none = await observe([poll(0n, 1)], [], { kinds: ['app:dataplane:drop'] });
  expect(none.drops).toEqual([]);
  expect((await observe([poll(0n, 1)])).drops).toBeUndefined();
});

test('stages nest, and an end without its begin is none', async () => {
  const stage = (at: bigint, name: string, which: 'begin' | 'end', count = 0) => ({
    timeNs: T0 + at * US,
    name: `app:dataplane:stage_${which}`,
    fields: { stage: name, ...(which === 'end' ? { count } : {}) },
  });
  const seen = await observe([
    stage(0n, 'all', 'begin'),
    stage(1n, 'lookup', 'begin'),
    stage(3n, 'lookup', 'end', 8),
    stage(4n, 'lost', 'end', 1),
    stage(10n, 'all', 'end', 8),
  ]);
  expect(seen.stages.map(({ name, calls, ns, packets, tid }) => [name, calls, ns, packets, tid])).toEqual([
    ['lookup', 1, 2000, 8, 100],
    ['all', 1, 10_000, 8, 100],
  ]);
});

test('levels, links, counters of ports: differences, also over a restart', async () => {
  const stats = (at: bigint, ipackets: number, imissed: number) => ({
    timeNs: T0 + at * US,
    name: 'dpdk:port_stats',
    fields: {
      ...{ port_id: 0, ipackets, opackets: 0, ibytes: 64 * ipackets, obytes: 0 },
      ...{ imissed, ierrors: 0, oerrors: 0, rx_nombuf: 0 },
    },
  });
  const level = (name: string, fields: Record<string, number | string>) => ({ timeNs: T0, name, fields });
  const seen = await observe([
    level('dpdk:mempool_level', { name: 'pool', available: 900, size: 1000 }),
    level('dpdk:mempool_level', { name: 'pool', available: 10, size: 1000 }),
    level('dpdk:ring_level', { name: 'MP_pool', count: 1000, capacity: 1000 }),
    level('dpdk:ring_level', { name: 'work', count: 7, capacity: 15 }),
    {
      timeNs: T0,
      name: 'dpdk:port_state',
      fields: { port_id: 0, state: new EnumerationValue(4n, ['link_down']), speed_mbps: 0 },
    },
    stats(0n, 100, 5),
    stats(500_000n, 200, 9),
    stats(1_000_000n, 30, 1),
  ]);
  expect(seen.mempools).toEqual([
    { name: 'pool', size: 1000, samples: 2, least: 10, most: 900, average: 455 },
  ]);
  expect(seen.rings).toEqual([{ name: 'work', size: 15, samples: 1, least: 7, most: 7, average: 7 }]);
  expect(seen.ports).toMatchObject([
    { portId: 0, isUp: false, rxPackets: 130, rxBytes: 130 * 64, missed: 5, noMbuf: 0 },
  ]);
  expect(
    findFindings(seen)
      .map(({ rule }) => rule)
      .sort(),
  ).toEqual(['adapter-drops', 'link-down', 'mempool-low']);
  expect(evaluateGoals(parseGoals('pps>=130, drop<=5'), seen).map(({ isMet }) => isMet)).toEqual([
    true,
    true,
  ]);
});

test('what the driver refused', async () => {
  const sent = {
    timeNs: T0,
    name: 'lib.ethdev.tx.burst',
    fields: { port_id: 2, queue_id: 1, nb_pkts: 32, nb_tx: 20 },
  };
  const seen = await observe([sent, { ...sent, fields: { ...sent.fields, nb_tx: 32 } }]);
  expect(seen.ports).toMatchObject([{ portId: 2, offered: 64, refused: 12 }]);
  expect(seen.queues).toMatchObject([{ direction: 'out', queueId: 1, packets: 64, askedBurst: undefined }]);
});

test('packets: both directions, sizes, rates', async () => {
  const packet = (at: bigint, direction: 'in' | 'out') => ({ timeNs: T0 + at * US, direction });
  const seen = await observe([], [packet(0n, 'in'), packet(1_000_000n, 'in'), packet(2_000_000n, 'out')]);
  expect(seen.ports).toMatchObject([
    { portId: 0, name: 'port 0', rxPackets: 2, rxBytes: 128, txPackets: 1, txBytes: 64, missed: undefined },
  ]);
  expect(seen.traffic).toMatchObject({ packets: 3, bytes: 192, seconds: 2 });
  expect(seen.startMs).toBe(Number(T0 / 1_000_000n));
  expect(seen.series.map(({ rxPps, txPps }) => [rxPps, txPps])).toEqual([
    [1, 0],
    [1, 0],
    [0, expect.any(Number)],
  ]);
  expect(evaluateGoals(parseGoals('pps>=1, drop=0'), seen).map(({ isMet }) => isMet)).toEqual([
    true,
    undefined,
  ]);
});

test('what was recorded twice counts once', async () => {
  const session = made.session('out', false);
  const kinds = [BURST, BURST].map((name, id) => ({ trace: 'made', id: 7 + id, name, fields: [] }));
  const sources = [made.trace(session, [{ events: [poll(0n, 8)] }])];
  const signal = new AbortController().signal;
  // The made event has the id 0, which is neither's: the first of the name has it.
  const seen = await observeInputs(
    'out',
    { sources, kinds, hasPackets: false },
    { signal, onProgress: () => {} },
  );
  expect(seen.queues).toEqual([]);
});

test('damage, an interruption: said, and what was before counts', async () => {
  const seen = await observe([poll(0n, 8), poll(1n, 0)], [], {
    damage: 'stream: at byte 9: a packet that is cut',
  });
  expect(seen.queues).toMatchObject([{ packets: 8 }]);
  expect(seen.unknown).toContain('damaged: stream: at byte 9: a packet that is cut');
  const stopped = await observe([poll(0n, 8)], [], { aborted: true });
  expect(stopped.unknown[0]).toBe('it was interrupted: the rest of the recording was not read');
});

test('hostile fields are no numbers, and nothing is without end', async () => {
  const wild = Array.from({ length: 5000 }, (_, n) => ({
    timeNs: T0 + BigInt(n),
    name: BURST,
    fields: { port_id: n, queue_id: n, nb_rx: 65_535, max: 65_535 },
  }));
  const seen = await observe([
    ...wild,
    { timeNs: T0, name: BURST, fields: { port_id: 'x', nb_rx: 'y' } },
    { timeNs: T0, name: 'app:dataplane:drop', fields: {} },
    { timeNs: T0, name: 'dpdk:mempool_level', fields: { name: '\u001b[2J', available: 1n << 70n } },
  ]);
  expect(seen.queues.length).toBeLessThan(5000);
  expect(Math.max(...seen.queues.map(({ bySize }) => bySize.length))).toBeLessThan(2000);
  const report = {
    version: '0',
    observation: seen,
    goals: [],
    findings: findFindings(seen),
    price: undefined,
  };
  expect(formatReportText(report)).toContain('out, a recording, ');
});

test('a path without a recording is one line', async () => {
  const options = { signal: new AbortController().signal, onProgress: () => {} };
  await expect(observeRecording('/nowhere/at.pcapng', options)).rejects.toThrow('/nowhere/at.pcapng');
});
