/** Recordings of a real application: what is in the rings and what was lost is what happened. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { compileForMbuf, encodeEbpf, traceContext } from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { EpbCursor } from '../../src/pcapng/index.ts';
import {
  connectTarget,
  type RecordedEvent,
  type Target,
  type TraceFeed,
  type TraceRequest,
} from '../../src/target/index.ts';
import { writeSample } from './captures.ts';
import { sleep, until } from './hone.ts';
import { recording, type TakenRecord, takeRecords } from './records.ts';
import {
  forwardsOn,
  heldMemory,
  missingDpdk,
  portCounter,
  startTestpmd,
  type Testpmd,
  type TestpmdOptions,
} from './testpmd.ts';
import { attachment, program, request } from './traces.ts';

let app: Testpmd | undefined;
let target: Target | undefined;
let feeds: { close(): void }[] = [];

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

const NB = 2;
const LEN = 2;
const FIRST_ID = 4;
const INDEX = 11;
const PACKET_ID = 12;
const MBUF = 13;
const burstEvent: RecordedEvent = {
  id: 1,
  fields: [
    { argument: 0, bytes: 2 },
    { argument: 1, bytes: 2 },
    { argument: NB, bytes: 2 },
    { argument: FIRST_ID, bytes: 8 },
  ],
};
const packetEvent: RecordedEvent = {
  id: 0xfffe,
  fields: [
    { argument: PACKET_ID, bytes: 8 },
    { argument: MBUF, bytes: 8 },
    { argument: LEN, bytes: 4 },
    { argument: INDEX, bytes: 1 },
  ],
};
const events = [burstEvent, packetEvent];

async function start(options: Partial<TestpmdOptions> = {}): Promise<Testpmd> {
  app = await startTestpmd({ vdevs: ['net_null0,size=64,copy=1', 'net_null1,size=64,copy=1'], ...options });
  target = await connectTarget(app.pid);
  return app;
}

async function record(
  attachments: TraceRequest['attachments'],
  ringBytes = 1 << 24,
  programs: readonly Uint8Array[] = [],
): Promise<TraceFeed> {
  const feed = await target!.startTrace(request(programs, { attachments, ringBytes }));
  feeds.push(feed);
  return feed;
}

function lost(feed: TraceFeed): bigint {
  return feed.writers.reduce((sum, { lostEvents }) => sum + lostEvents, 0n);
}

/** Of each ring. */
function expectOrder(records: readonly TakenRecord[]): void {
  const last = new Map<number, bigint>();
  for (const { ring, ns } of records) {
    expect(ns).toBeGreaterThanOrEqual(last.get(ring) ?? 0n);
    last.set(ring, ns);
  }
}

test('each packet of a file: its length, its number, its mbuf, from reception to transmission', async () => {
  const sample = writeSample('record.pcap', 3000, 21);
  const one = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const feed = await record([
    recording('dpdk:rx_packet', packetEvent, { portId: 0 }),
    recording('dpdk:tx_packet', { ...packetEvent, id: 2 }, { portId: 1 }),
  ]);
  await one.command('start');
  await until('the file to pass', async () => (await portCounter(app!, 1, 'TX-packets')) === 3000);
  await feed.stop();
  const records = takeRecords(feed, [packetEvent, { ...packetEvent, id: 2 }]);
  expectOrder(records);
  const received = records.filter(({ id }) => id === packetEvent.id);
  const sent = records.filter(({ id }) => id === 2);
  const lengths = sample.packets.map(({ frame }) => BigInt(frame.length));
  expect(received.map(({ values }) => values[2])).toEqual(lengths);
  expect(sent.map(({ values }) => values[2])).toEqual(lengths);
  expect(sent.map(({ values }) => values[1])).toEqual(received.map(({ values }) => values[1]));
  const ids = records.map(({ values }) => values[0] as bigint);
  expect(new Set(ids).size).toBe(6000);
  const base = received[0]!.values[0] as bigint;
  expect(base >> 48n).toBeGreaterThan(0n);
  expect(ids.every((id) => id >= base && id < base + 6000n)).toBe(true);
  const ageNs = BigInt(Date.now()) * 1_000_000n - records[0]!.ns;
  expect(ageNs).toBeGreaterThan(-1_000_000_000n);
  expect(ageNs).toBeLessThan(60_000_000_000n);
  expect(feed.costs()).toMatchObject([
    { hits: 3000n, matched: 3000n },
    { hits: 3000n, matched: 3000n },
  ]);
  feed.close();
  await until('the agent to let go', () => heldMemory(one.pid).length === 0);
});

test('bursts of two lcores at full speed while the host reads: their packets are those of the ports', async () => {
  const one = await start({
    lcores: ['--lcores', '0@0,1@0,2@1'],
    app: ['--nb-cores=2'],
  });
  const feed = await record([recording('dpdk:rx_burst', burstEvent)], 1 << 24);
  const recordBytes = 24;
  await one.command('start');
  let packets = 0;
  let bursts = 0;
  let backwards = 0;
  const last = new Map<number, { ns: bigint; id: bigint }>();
  const take = () => {
    feed.poll();
    for (const ring of feed.recordRings) {
      ring.refresh();
      const view = Buffer.from(ring.borrow(ring.pendingBytes));
      let { ns, id } = last.get(ring.ringId) ?? { ns: 0n, id: 0n };
      for (let at = 0; at < view.length; at += recordBytes) {
        const nowNs = view.readBigUInt64LE(at + 2);
        const firstId = view.readBigUInt64LE(at + 16);
        const count = view.readUInt16LE(at + 14);
        if (nowNs < ns || firstId < id) backwards++;
        ns = nowNs;
        id = firstId + BigInt(count);
        packets += count;
        bursts++;
      }
      if (view.length > 0) last.set(ring.ringId, { ns, id });
      ring.release(view.length);
    }
  };
  for (let round = 0; round < 20; round++) {
    await sleep(2);
    take();
  }
  await one.command('stop');
  await feed.stop();
  take();
  expect(backwards).toBe(0);
  expect(last.size).toBe(2);
  expect(feed.costs()[0]).toMatchObject({
    hits: BigInt(bursts) + lost(feed),
    matched: BigInt(bursts) + lost(feed),
  });
  const received = (await portCounter(app!, 0, 'RX-packets')) + (await portCounter(app!, 1, 'RX-packets'));
  if (lost(feed) === 0n) expect(packets).toBe(received);
  else expect(packets).toBeLessThan(received);
  expect(feed.writers.map(({ lcore }) => lcore)).toEqual(expect.arrayContaining([1, 2]));
});

test('a ring that nobody empties: what is in it and what was lost are all that matched', async () => {
  const one = await start();
  const isEven = program(`
  r2 = *(u64 *)(r1 + ${traceContext.args + 8 * INDEX})
  r2 &= 1
  r0 = 1
  r0 -= r2`);
  const used = { program: 0, argumentsUsed: 1 << INDEX };
  const feed = await record(
    [recording('dpdk:rx_packet', packetEvent, used), attachment('dpdk:tx_packet', used)],
    65_536,
    [isEven],
  );
  await one.command('start');
  await sleep(50);
  await one.command('stop');
  await feed.stop();
  const records = takeRecords(feed, events);
  expect(records.length).toBe(Math.floor((65_536 - 8) / 31));
  expect(records.every(({ values }) => (values[3] as bigint) % 2n === 0n)).toBe(true);
  const [received, sent] = feed.costs();
  expect(received!.hits).toBe(
    BigInt((await portCounter(app!, 0, 'RX-packets')) + (await portCounter(app!, 1, 'RX-packets'))),
  );
  expect(received!.matched).toBe(BigInt(records.length) + lost(feed));
  expect(received!.matched).toBe(received!.hits / 2n);
  expect(sent!.matched).toBe(sent!.hits / 2n);
  expect(received!.sampledHits).toBeGreaterThan(0n);
});

test('a capture with a filter and a recording at once give packets the same numbers', async () => {
  const sample = writeSample('ids.pcap', 2000, 22);
  const one = await start({
    vdevs: [`net_pcap0,rx_pcap=${sample.file},tx_pcap=/dev/null`, 'net_null0,no-rx=1'],
  });
  const filter = encodeEbpf(compileForMbuf(compileFilter('udp'), { direction: 'in' }));
  const capture = await target!.startCapture({
    ports: [{ portId: 0, directions: ['in'], snaplen: 64, programs: { in: filter, out: undefined } }],
    ringBytes: 1 << 24,
    meta: false,
    hostClock: true,
  });
  feeds.push(capture);
  const feed = await record([recording('dpdk:rx_packet', packetEvent, { portId: 0 })]);
  await one.command('start');
  await until('the file to pass', async () => (await portCounter(app!, 1, 'TX-packets')) === 2000);
  await capture.stop();
  await feed.stop();
  const recorded = takeRecords(feed, events).map(({ values }) => [values[0], values[2]]);
  expect(recorded).toHaveLength(2000);
  const captured: [bigint, bigint][] = [];
  for (const ring of capture.rings) {
    ring.refresh();
    const cursor = new EpbCursor(ring.borrow(ring.pendingBytes));
    while (cursor.next()) captured.push([cursor.packetId!, BigInt(cursor.originalLength)]);
  }
  const udp = recorded.filter(
    (_, n) => sample.packets[n]!.frame[23] === 17 && isIpv4(sample.packets[n]!.frame),
  );
  expect(captured.length).toBeGreaterThan(udp.length / 2);
  expect(captured.length).toBeLessThan(2000);
  const lengths = new Map(recorded as [bigint, bigint][]);
  for (const [id, length] of captured) expect(lengths.get(id)).toBe(length);
  const ids = new Set(captured.map(([id]) => id));
  expect(udp.every(([id]) => ids.has(id as bigint))).toBe(true);
});

function isIpv4(frame: Uint8Array): boolean {
  return frame[12] === 8 && frame[13] === 0;
}

test('a host that goes away while it records leaves nothing behind, and the application goes on', async () => {
  const one = await start();
  await one.command('start');
  for (let round = 0; round < 3; round++) {
    const feed = await target!.startTrace(
      request([], {
        attachments: [recording('dpdk:rx_packet', packetEvent), recording('dpdk:rx_poll', burstEvent)],
        ringBytes: 65_536,
      }),
    );
    await sleep(20);
    expect(heldMemory(one.pid).length).toBeGreaterThan(0);
    feed.close();
    await until('the agent to let go', () => heldMemory(one.pid).length === 0);
  }
  await forwardsOn(app!);
});

test('an application killed while it is recorded: all that was published can be read', async () => {
  const one = await start();
  const feed = await record([recording('dpdk:rx_burst', burstEvent)], 1 << 22);
  await one.command('start');
  await sleep(20);
  await one.kill();
  await until('the host to see it', () => feed.poll().some(({ kind }) => kind === 'gone'));
  const records = takeRecords(feed, events);
  expect(records.length).toBeGreaterThan(1000);
  expectOrder(records);
});

test.each<[string, RecordedEvent, string, RegExp]>([
  [
    'arguments',
    { id: 1, fields: [{ argument: 5, bytes: 1 }] },
    'dpdk:rx_burst',
    /records what its point does not have/,
  ],
  [
    'text',
    { id: 1, fields: [{ argument: 0, bytes: 'text' }] },
    'dpdk:rx_packet',
    /what its point does not have/,
  ],
])('%s that a point does not have are refused', async (_, event, point, message) => {
  await start();
  await expect(record([recording(point, event)])).rejects.toThrow(message);
});
