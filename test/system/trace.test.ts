/** Programs at trace points of a real application: what they gather is what the ports' own counters say. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { traceContext } from '../../src/bpf/index.ts';
import { connectTarget, type Target, type TraceFeed, type TraceRequest } from '../../src/target/index.ts';
import { writeSample } from './captures.ts';
import { sleep, startHone, until } from './hone.ts';
import {
  forwardsOn,
  heldMemory,
  missingDpdk,
  portCounter,
  startTestpmd,
  type Testpmd,
  type TestpmdOptions,
} from './testpmd.ts';
import {
  attachment,
  countByArgument,
  countByByte,
  countByTurn,
  emitArgument,
  MAPS,
  plus,
  program,
  request,
  sumOfArgument,
  takeCounts,
  total,
  weighted,
} from './traces.ts';

let app: Testpmd | undefined;
let target: Target | undefined;
let feeds: TraceFeed[] = [];

beforeEach((context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
});

afterEach(async () => {
  for (const feed of feeds) feed.close();
  feeds = [];
  target?.close();
  target = undefined;
  await app?.kill();
  app = undefined;
});

const nulls = ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'];

async function start(options: Partial<TestpmdOptions> = {}): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: nulls, ...options });
  target = await connectTarget(app.pid);
  return app;
}

async function trace(wanted: TraceRequest): Promise<TraceFeed> {
  const feed = await target!.startTrace(wanted);
  feeds.push(feed);
  return feed;
}

test('a histogram of bursts equals the counters of the port, snapshots while it runs included', async () => {
  const one = await start();
  const feed = await trace(
    request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst', { portId: 0 })] }),
  );
  expect(feed.engine).toBe('jit');
  await one.command('start');
  let counts = await takeCounts(feed);
  for (let round = 0; round < 20; round++) {
    await sleep(10);
    counts = plus(counts, await takeCounts(feed));
  }
  await one.command('stop');
  counts = plus(counts, await takeCounts(feed));
  const received = await portCounter(app!, 0, 'RX-packets');
  expect(received).toBeGreaterThan(0);
  expect(weighted(counts)).toBe(received);
  expect(counts[0]).toBe(0);
  expect(feed.unplacedHits).toBe(0n);
  expect(feed.writers.filter(({ lcore }) => lcore === 1)).toHaveLength(1);
  const [cost] = feed.costs();
  expect(Number(cost!.hits)).toBe(total(counts));
  expect(cost!.sampledHits).toBeGreaterThan(0n);
  expect(cost!.sampledNs).toBeGreaterThan(0n);
  await feed.stop();
  feed.close();
  await until('the agent to let go', () => heldMemory(one.pid).length === 0);
});

test('each packet of both directions, by its protocol', async () => {
  const sample = writeSample('trace.pcap', 3000, 11);
  const one = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const feed = await trace(
    request([countByByte(23)], {
      attachments: [
        attachment('dpdk:rx_packet', { packetBytes: 32, argumentsUsed: 0 }),
        attachment('dpdk:tx_packet', { packetBytes: 256, argumentsUsed: 0, portId: 1, queueId: 0 }),
        attachment('dpdk:tx_packet', { packetBytes: 32, argumentsUsed: 0, portId: 1, queueId: 1 }),
      ],
    }),
  );
  await one.command('start');
  await until('the file to pass', async () => (await portCounter(app!, 1, 'TX-packets')) === 3000);
  const counts = await takeCounts(feed);
  const expected = new Array<number>(1024).fill(0);
  for (const { frame } of sample.packets) expected[frame[23] ?? 0]! += 2;
  expect(counts).toEqual(expected);
  expect(feed.costs().map(({ hits }) => hits)).toEqual([3000n, 3000n, 0n]);
});

test('the length of each packet, summed up', async () => {
  const sample = writeSample('lengths.pcap', 2000, 12);
  const one = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const feed = await trace(
    request([sumOfArgument(2)], {
      attachments: [attachment('dpdk:rx_packet', { argumentsUsed: 1 << 2, needsTime: true })],
    }),
  );
  await one.command('start');
  await until('the file to pass', async () => (await portCounter(app!, 1, 'TX-packets')) === 2000);
  const [bytes, packets] = await takeCounts(feed);
  expect(packets).toBe(2000);
  expect(bytes).toBe(sample.packets.reduce((sum, { frame }) => sum + frame.length, 0));
  const [writer] = feed.writers.filter(({ lcore }) => lcore === 1);
  const context = new DataView(writer!.quiet.buffer, writer!.quiet.byteOffset);
  expect(context.getUint32(traceContext.tid, true)).toBe(writer!.tid);
  expect(context.getUint32(traceContext.pid, true)).toBe(one.pid);
  const ageNs = BigInt(Date.now()) * 1_000_000n - context.getBigUint64(traceContext.timeNs, true);
  expect(ageNs).toBeGreaterThan(-1_000_000_000n);
  expect(ageNs).toBeLessThan(60_000_000_000n);
});

test('a keyed map: every hit has its key, or is counted as without room', async () => {
  const map = { offset: 4096, slots: 64, keyBytes: 8, valueBytes: 8 };
  const state = 12_288;
  const one = await start();
  const feed = await trace(
    request([countByTurn(map, 100, state)], {
      attachments: [attachment('dpdk:rx_burst', { portId: 0, argumentsUsed: 0 })],
      keyedMaps: [map],
    }),
  );
  await one.command('start');
  await sleep(100);
  await one.command('stop');
  await feed.snapshot();
  const hits = feed.costs()[0]!.hits;
  let counted = 0n;
  let withoutRoom = 0n;
  for (const { quiet, withoutRoom: lost } of feed.writers) {
    const view = new DataView(quiet.buffer, quiet.byteOffset);
    const value = (slot: number) => view.getBigUint64(map.offset + 24 * slot + 16, true);
    const keys = new Set<bigint>();
    for (let slot = 0; slot < 62; slot++) {
      if (view.getUint32(map.offset + 24 * slot, true) !== 2) continue;
      keys.add(view.getBigUint64(map.offset + 24 * slot + 8, true));
      counted += value(slot);
    }
    if (lost[0]! > 0n) expect(keys.size).toBe(62);
    expect(value(62)).toBe(lost[0]);
    expect(value(63)).toBe(0n);
    withoutRoom += lost[0]!;
  }
  expect(withoutRoom).toBeGreaterThan(0n);
  expect(counted + withoutRoom).toBe(hits);
});

test('state begins as it was asked for and is seen by both banks', async () => {
  const state = 12_288;
  const map = { offset: 4096, slots: 256, keyBytes: 8, valueBytes: 8 };
  const initialState = new Uint8Array(4096);
  new DataView(initialState.buffer).setBigUint64(0, 5_000_000n, true);
  initialState[4095] = 7;
  const one = await start();
  const feed = await trace(
    request([countByTurn(map, 100, state)], {
      attachments: [attachment('dpdk:rx_burst', { portId: 0, argumentsUsed: 0 })],
      keyedMaps: [map],
      initialState,
    }),
  );
  await one.command('start');
  for (let round = 0; round < 5; round++) {
    await feed.snapshot();
    await sleep(10);
  }
  await one.command('stop');
  await feed.snapshot();
  const hits = feed.costs()[0]!.hits;
  expect(hits).toBeGreaterThan(0n);
  const turns = feed.writers.reduce(
    (sum, { state: own }) =>
      sum + new DataView(own.buffer, own.byteOffset).getBigUint64(0, true) - 5_000_000n,
    0n,
  );
  expect(turns).toBe(hits);
  for (const writer of feed.writers) expect(writer.state[4095]).toBe(7);
});

test('events: each is there in its order, or counted as lost', async () => {
  const state = 12_288;
  const one = await start();
  const feed = await trace(
    request([emitArgument(2, state)], {
      attachments: [attachment('dpdk:rx_burst', { portId: 0 })],
      ringBytes: 65_536,
    }),
  );
  await one.command('start');
  await sleep(50);
  await one.command('stop');
  await feed.stop();
  let events = 0n;
  let lost = 0n;
  for (const ring of feed.rings) {
    ring.refresh();
    let last = -1n;
    const bytes = ring.borrow(ring.pendingBytes).slice();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
      expect(view.getUint32(at, true)).toBe(64);
      expect(view.getBigUint64(at + 8, true)).toBeGreaterThan(0n);
      const turn = view.getBigUint64(at + 16, true);
      expect(turn).toBeGreaterThan(last);
      last = turn;
      events++;
    }
    expect(BigInt(ring.pendingBursts)).toBe(BigInt(bytes.length / 64));
  }
  for (const { lostEvents } of feed.writers) lost += lostEvents;
  expect(events).toBe(1024n);
  expect(lost).toBeGreaterThan(0n);
  expect(events + lost).toBe(feed.costs()[0]!.hits);
});

test('several lcores and queues, each with a context of its own', async () => {
  const one = await start({
    lcores: ['--lcores', '0@0,1@0,2@1'],
    app: ['--nb-cores=2', '--rxq=2', '--txq=2'],
  });
  const feed = await trace(
    request([countByArgument(2)], {
      attachments: [
        attachment('dpdk:rx_burst', { portId: 1, queueId: 1 }),
        attachment('dpdk:rx_poll', { portId: 0 }),
      ],
    }),
  );
  await one.command('start');
  await sleep(200);
  await one.command('stop');
  await feed.snapshot();
  const lcores = feed.writers.map(({ lcore }) => lcore);
  expect(lcores).toEqual(expect.arrayContaining([1, 2]));
  const [burst, poll] = feed.costs();
  expect(burst!.hits).toBeGreaterThan(0n);
  expect(poll!.hits).toBeGreaterThan(burst!.hits);
  const counted = feed.writers.map(({ quiet }) =>
    total([...new BigUint64Array(quiet.buffer, quiet.byteOffset + MAPS, 1024)].map(Number)),
  );
  expect(total(counted)).toBe(Number(burst!.hits + poll!.hits));
  expect(counted.filter((count) => count > 0).length).toBeGreaterThan(1);
});

test('a trace, a second trace and a capture at once, and all counts hold', async () => {
  const one = await start();
  const wanted = request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst', { portId: 0 })] });
  const first = await trace(wanted);
  const capture = startHone(['capture', '-i', `${one.pid}/0`, '-Q', 'in', '-s', '20', '-w', '/dev/null']);
  await capture.stderrMatches(/Capturing on/);
  await one.command('start');
  await sleep(50);
  const second = await trace(wanted);
  await sleep(50);
  await second.stop();
  await sleep(50);
  await one.command('stop');
  capture.child.kill('SIGINT');
  const { stderr } = await capture.finished();
  const received = await portCounter(app!, 0, 'RX-packets');
  expect(weighted(await takeCounts(first))).toBe(received);
  const later = weighted(await takeCounts(second));
  expect(later).toBeGreaterThan(0);
  expect(later).toBeLessThan(received);
  expect(Number(/seen:(\d+)/.exec(stderr)?.[1])).toBe(received);
});

test('a host that goes away in mid-trace leaves nothing behind, and the next trace works', async () => {
  const one = await start();
  await one.command('start');
  for (let round = 0; round < 3; round++) {
    const feed = await target!.startTrace(
      request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst')], ringBytes: 65_536 }),
    );
    await sleep(20);
    expect(heldMemory(one.pid).length).toBeGreaterThan(0);
    if (round === 1) void feed.snapshot().catch(() => {});
    feed.close();
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
  }
  await forwardsOn(app!);
});

test('an application killed in mid-trace: what it counted can be read', async () => {
  const one = await start();
  const feed = await trace(
    request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst', { portId: 0 })] }),
  );
  await one.command('start');
  await sleep(50);
  await one.kill();
  await until('the host to see it', () => feed.poll().some(({ kind }) => kind === 'gone'));
  expect(total(await takeCounts(feed))).toBeGreaterThan(0);
  await feed.stop();
});

test('a port that is stopped, gets more queues and is started again stays traced', async () => {
  const one = await start();
  const feed = await trace(
    request([countByArgument(1)], { attachments: [attachment('dpdk:rx_burst', { portId: 0 })] }),
  );
  await one.command('start');
  await sleep(20);
  await one.command('stop');
  await one.command('port stop all');
  await one.command('port config all rxq 2');
  await one.command('port config all txq 2');
  await one.command('port start all');
  await sleep(400);
  await takeCounts(feed);
  await one.command('start');
  await sleep(20);
  await one.command('stop');
  const counts = await takeCounts(feed);
  expect(counts[0]).toBeGreaterThan(0);
  expect(counts[1]).toBeGreaterThan(0);
});

const inside = attachment('dpdk:rx_burst');

const refused: readonly [what: string, wanted: TraceRequest, message: RegExp][] = [
  [
    'a store outside of the context',
    request([program('*(u64 *)(r1 + 16384) = r1\nr0 = 0')], { attachments: [inside] }),
    /instruction 0: r1 is an address/,
  ],
  [
    'a load outside of the context',
    request([program('r0 = *(u64 *)(r1 + 16380)')], { attachments: [inside] }),
    /8 bytes at 16380 to 16380 of a context of 16384/,
  ],
  [
    'an index without a bound',
    request([program('r2 = *(u64 *)(r1 + 32)\nr1 += r2\nr0 = *(u8 *)(r1 + 0)')], { attachments: [inside] }),
    /r2 has no bound/,
  ],
  [
    'a program that is not there',
    request([countByArgument(2)], { attachments: [{ ...inside, program: 1 }] }),
    /no such program/,
  ],
  [
    'a port that is not there',
    request([countByArgument(2)], { attachments: [{ ...inside, portId: 7 }] }),
    /no port 7/,
  ],
  [
    "an application's point that is not there",
    request([countByArgument(2)], { attachments: [attachment('app:no:where')] }),
    /no trace point no:where/,
  ],
  [
    'a map outside of the context',
    request([countByArgument(2)], {
      attachments: [inside],
      keyedMaps: [{ offset: 4096, slots: 1024, keyBytes: 8, valueBytes: 8 }],
    }),
    /a map that does not lie in the context/,
  ],
];

test('what cannot be is refused, and nothing stays', async () => {
  const one = await start();
  for (const [what, wanted, message] of refused) {
    await expect(target!.startTrace(wanted), what).rejects.toThrow(message);
    expect(heldMemory(one.pid), what).toEqual([]);
  }
});
