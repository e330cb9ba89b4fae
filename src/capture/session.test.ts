import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCaptureFile } from '../../test/fakes/capture-file.ts';
import { FakeFeed, FakeRing, fakePort } from '../../test/fakes/feed.ts';
import { PeerError } from '../base/index.ts';
import { encodeEnhancedPacket } from '../pcapng/index.ts';
import type { PortInfo, TargetInfo } from '../target/index.ts';
import { type FileOutput, openFileWriter } from './open-writer.ts';
import type { CaptureSource } from './plan.ts';
import { CaptureSession } from './session.ts';
import { formatSummary } from './summary.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-session-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const info: TargetInfo = {
  kind: 'dpdk',
  pid: 4711,
  version: 'DPDK 22.11.11',
  filePrefix: 'rte',
  engine: 'jit',
  build: '',
  commandLine: ['testpmd', '-l', '0'],
};

function source(feed: FakeFeed, options: Partial<CaptureSource> = {}): CaptureSource {
  const describe = (port: PortInfo) => ({
    port,
    name: port.name,
    description: '',
    snaplen: 262_144,
    filter: '',
  });
  const ports = Array.from({ length: feed.interfaceCount }, (_, n) => fakePort(n, `port${n}`));
  return {
    target: { info, listPorts: async () => ports },
    feed,
    application: 'testpmd 4711',
    interfaces: ports.map(describe),
    describe,
    expectsPorts: false,
    ...options,
  };
}

function burst(timeNs: number, marks: readonly number[], interfaceId = 0) {
  const packets = marks.map((mark) => ({
    interfaceId,
    timestamp: BigInt(timeNs),
    data: new Uint8Array(60).fill(mark),
  }));
  return { timeNs, packets };
}

interface Setup extends Partial<FileOutput> {
  readonly durationMs?: number;
}

function startSession(sources: readonly CaptureSource[], setup: Setup = {}) {
  const notes: string[] = [];
  const path = join(folder, 'out.pcapng');
  const session = new CaptureSession({
    sources,
    durationMs: setup.durationMs,
    openWriter: (opening) =>
      openFileWriter(opening, {
        path,
        format: 'pcapng',
        stop: {},
        rotate: undefined,
        comments: [],
        honeVersion: '1.2.3',
        onFile: () => {},
        ...setup,
      }),
    onNote: (text) => notes.push(text),
  });
  return { session, notes, path };
}

const marksOf = (path: string) => readCaptureFile(path).packets.map(({ mark }) => mark);

test('what is in the rings when the capture is stopped is in the file, in order', async () => {
  const rings = [new FakeRing(0), new FakeRing(1)];
  const feed = new FakeFeed(rings, { baseNs: 1_000_000_000n });
  feed.hooks = [
    {
      interfaceId: 0,
      portId: 0,
      queueId: 0,
      direction: 'in',
      seen: 9n,
      matched: 5n,
      captured: 4n,
      dropped: 1n,
      bytes: 240n,
    },
  ];
  const { session, path } = startSession([source(feed)], { comments: ['mine'] });
  feed.onPoll = () => {
    feed.onPoll = () => {};
    session.stop();
  };
  feed.onStop = () => {
    rings[0]!.publish(burst(10, [1, 2]));
    rings[0]!.publish(burst(30, [4]));
    rings[1]!.publish(burst(20, [3]));
  };
  const result = await session.run();
  expect(result).toEqual({ end: 'stopped', error: undefined, gone: [] });
  expect(feed.closed).toBe(true);
  const file = readCaptureFile(path);
  expect(file.packets.map(({ mark }) => mark)).toEqual([1, 2, 3, 4]);
  expect(file.sections[0]!.options).toMatchObject({
    shb_userappl: 'hone 1.2.3',
    opt_comment: ['mine', 'testpmd 4711 (pid 4711), DPDK 22.11.11: testpmd -l 0'],
  });
  expect(file.statistics[0]!.options).toMatchObject({
    isb_starttime: 1_000_000_000n,
    isb_ifrecv: 9n,
    isb_filteraccept: 5n,
    isb_osdrop: 1n,
    isb_usrdeliv: 4n,
  });
  expect(formatSummary(session.interfaces.all)).toBe(
    'Packets captured: 4\n' +
      "Packets received/dropped on interface 'port0': 4/1 (pcap:0/dumpcap:1/flushed:0/ps_ifdrop:0) (80.0%) " +
      'seen:9 matched:5 dropped by ring:1 missed by adapter:unknown',
  );
});

test('a ring that takes several looks is emptied at the end', async () => {
  const ring = new FakeRing(0);
  ring.mostBursts = 2;
  const feed = new FakeFeed([ring]);
  feed.onStop = () => {
    for (let n = 1; n <= 7; n++) ring.publish(burst(n, [n]));
  };
  const { session, path } = startSession([source(feed)], { durationMs: 1 });
  expect(await session.run()).toMatchObject({ end: 'condition', error: undefined });
  expect(marksOf(path)).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('a count of packets is exact, and what comes after it is not written', async () => {
  const ring = new FakeRing(0);
  ring.publish(burst(1, [1, 2, 3]));
  ring.publish(burst(2, [4, 5, 6]));
  const { session, path } = startSession([source(new FakeFeed([ring]))], { stop: { packets: 5 } });
  expect((await session.run()).end).toBe('condition');
  expect(marksOf(path)).toEqual([1, 2, 3, 4, 5]);
  expect(session.packets).toBe(5);
  expect(readCaptureFile(path).statistics[0]!.options.isb_usrdeliv).toBe(5n);
});

test('a duration ends the capture, and what came until then is written', async () => {
  const ring = new FakeRing(0);
  const feed = new FakeFeed([ring]);
  feed.onStop = () => ring.publish(burst(1, [7]));
  const { session, path } = startSession([source(feed)], { durationMs: 30 });
  const start = performance.now();
  expect((await session.run()).end).toBe('condition');
  expect(performance.now() - start).toBeGreaterThanOrEqual(30);
  expect(marksOf(path)).toEqual([7]);
});

test('a duration holds while the output is slow: the ports are let go in time, the backlog is still written', async () => {
  const ring = new FakeRing(0);
  for (let n = 0; n < 60; n++) ring.publish(burst(n, [n]));
  const feed = new FakeFeed([ring]);
  let [put, putBeforeStop, ticks] = [0, 0, 0];
  feed.onStop = () => {
    putBeforeStop = put;
  };
  const session = new CaptureSession({
    sources: [source(feed)],
    durationMs: 50,
    openWriter: async () => ({
      full: false,
      admits: (packets) => packets <= 1,
      put: async () => {
        put++;
        await sleep(5);
      },
      split: async () => {},
      announce: () => undefined,
      tick: async () => {
        ticks++;
      },
      flush: async () => {},
      finish: async () => {},
    }),
    onNote: () => {},
  });
  expect((await session.run()).end).toBe('condition');
  expect(putBeforeStop).toBeGreaterThan(0);
  expect(putBeforeStop).toBeLessThan(50);
  expect(put).toBe(60);
  expect(ticks).toBeGreaterThan(1);
});

test('an application that ends: its last packets are written and its name is told', async () => {
  const ring = new FakeRing(0);
  const feed = new FakeFeed([ring]);
  feed.onPoll = () => {
    feed.onPoll = () => {};
    ring.publish(burst(1, [1]));
    feed.events.push({ kind: 'gone' });
  };
  const { session, path, notes } = startSession([source(feed)]);
  expect(await session.run()).toEqual({ end: 'targets-gone', error: undefined, gone: ['testpmd 4711'] });
  expect(marksOf(path)).toEqual([1]);
  expect(readCaptureFile(path).shape).toEqual(['section', 'interface', 'packet', 'statistics']);
  expect(notes).toEqual(['testpmd 4711 has ended']);
});

test('one of two applications ends: the other goes on', async () => {
  const rings = [new FakeRing(0), new FakeRing(0)];
  const feeds = rings.map((ring) => new FakeFeed([ring]));
  feeds[0]!.events.push({ kind: 'gone' });
  let polls = 0;
  const { session, path } = startSession(feeds.map((feed) => source(feed)));
  feeds[1]!.onPoll = () => {
    if (++polls === 5) rings[1]!.publish(burst(1, [2]));
    if (polls === 10) session.stop();
  };
  expect(await session.run()).toMatchObject({ end: 'stopped', gone: ['testpmd 4711'] });
  // The second application's only interface is the file's second.
  expect(readCaptureFile(path).packets).toMatchObject([{ interfaceId: 1, mark: 2 }]);
});

test('all ports removed ends the capture', async () => {
  const feed = new FakeFeed([new FakeRing(0)]);
  const { session, notes } = startSession([source(feed)]);
  feed.onPoll = () => {
    feed.onPoll = () => {};
    feed.events.push({ kind: 'port-removed', interfaceId: 0, port: fakePort(0, 'port0') });
  };
  expect(await session.run()).toEqual({ end: 'ports-removed', error: undefined, gone: [] });
  expect(notes).toEqual(['port port0 was removed']);
});

test('a port that appears is described before its first packet', async () => {
  const ring = new FakeRing(0);
  const feed = new FakeFeed([ring]);
  const { session, path, notes } = startSession([source(feed, { expectsPorts: true })], {
    stop: { packets: 2 },
  });
  feed.onPoll = () => {
    feed.onPoll = () => {};
    ring.publish(burst(1, [1]));
    ring.publish(burst(2, [2], 1));
    feed.events.push({ kind: 'port-added', interfaceId: 1, port: fakePort(5, 'late') });
  };
  expect((await session.run()).end).toBe('condition');
  expect(notes).toEqual(["capturing on 'late', too"]);
  const file = readCaptureFile(path);
  expect(file.interfaces.map((record) => record.interface.name)).toEqual(['port0', 'late']);
  expect(file.packets.map(({ interfaceId }) => interfaceId)).toEqual([0, 1]);
});

test('ports that can all not be captured are an error', async () => {
  const feed = new FakeFeed([]);
  feed.events.push({ kind: 'port-refused', interfaceId: 0, port: fakePort(0, 'port0'), reason: 'no queues' });
  const { session, notes } = startSession([source(feed)]);
  const { end, error } = await session.run();
  expect(end).toBe('failed');
  expect(String(error)).toContain('none of the ports can be captured');
  expect(notes).toEqual(['testpmd 4711: port port0 cannot be captured: no queues']);
});

for (const { what, publish, message } of [
  {
    what: 'packets of an interface that was never announced',
    publish: (ring: FakeRing) => ring.publish(burst(2, [2], 3)),
    message: 'got a packet of interface 3, which was never announced',
  },
  {
    what: 'bytes that are no packets',
    publish: (ring: FakeRing) => ring.publishBytes(2, 1, new Uint8Array(64)),
    message: 'broken packet block',
  },
]) {
  test(`${what}: an error, and a file that is complete up to there`, async () => {
    const ring = new FakeRing(0);
    ring.publish(burst(1, [1]));
    publish(ring);
    const { session, path } = startSession([source(new FakeFeed([ring]))]);
    const { end, error } = await session.run();
    expect(end).toBe('failed');
    expect(error).toBeInstanceOf(PeerError);
    expect(String(error)).toContain(message);
    expect(readCaptureFile(path).shape.at(-1)).toBe('statistics');
  });
}

test('pcap output of a burst whose second block is broken: an error, whole records before it', async () => {
  const ring = new FakeRing(0);
  const good = encodeEnhancedPacket({ interfaceId: 0, timestamp: 1n, data: new Uint8Array(60).fill(1) });
  ring.publishBytes(1, 1, good);
  const broken = Buffer.concat([good, good]);
  broken.writeUInt32LE(7, good.length + 4);
  ring.publishBytes(2, 2, broken);
  const path = join(folder, 'out.pcap');
  const { session } = startSession([source(new FakeFeed([ring]))], { path, format: 'pcap' });
  const { end, error } = await session.run();
  expect(end).toBe('failed');
  expect(String(error)).toContain('broken packet block');
  readCaptureFile(path);
});

test('a write that fails ends the capture with the reason', async () => {
  const ring = new FakeRing(0);
  ring.publish(burst(1, [1]));
  const feed = new FakeFeed([ring]);
  const { session } = startSession([source(feed)], { path: '/dev/full' });
  const { end, error } = await session.run();
  expect(end).toBe('failed');
  expect(String(error)).toContain('cannot write /dev/full: no space left on device (ENOSPC)');
  expect(feed.closed).toBe(true);
  expect(session.packets).toBe(0);
});

test('the adapter’s misses are counted from the start', async () => {
  const counters = (imissed: bigint) => ({
    ipackets: 0n,
    opackets: 0n,
    ibytes: 0n,
    obytes: 0n,
    imissed,
    ierrors: 0n,
    oerrors: 0n,
    rxNombuf: 0n,
  });
  const before = { ...fakePort(0, 'port0'), counters: counters(100n) };
  const after = { ...before, counters: counters(130n) };
  const feed = new FakeFeed([new FakeRing(0)]);
  const base = source(feed);
  const { session, path } = startSession(
    [{ ...base, target: { info, listPorts: async () => [after] }, interfaces: [base.describe(before)!] }],
    { durationMs: 5 },
  );
  await session.run();
  expect(readCaptureFile(path).statistics[0]!.options.isb_ifdrop).toBe(30n);
});

test('pcap has the same packets', async () => {
  const ring = new FakeRing(0);
  ring.publish(burst(1_500_000_000, [1, 2, 3]));
  const path = join(folder, 'out.pcap');
  const { session } = startSession([source(new FakeFeed([ring]))], {
    path,
    format: 'pcap',
    stop: { packets: 2 },
  });
  await session.run();
  expect(readCaptureFile(path).packets).toMatchObject([
    { mark: 1, timestampNs: 1_500_000_000n },
    { mark: 2, timestampNs: 1_500_000_000n },
  ]);
});
