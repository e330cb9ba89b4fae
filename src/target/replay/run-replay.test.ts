import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FormatError, PeerError } from '../../base/index.ts';
import {
  BPF_ABS,
  BPF_JEQ,
  BPF_JMP,
  BPF_LD,
  BPF_RET,
  BPF_W,
  type CbpfProgram,
  compileForMbuf,
  encodeEbpf,
} from '../../bpf/index.ts';
import {
  createCaptureReader,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeSectionHeader,
  type PacketRecord,
} from '../../pcapng/index.ts';
import { connectTarget } from '../connect-target.ts';
import { concatBytes } from '../message-body.ts';
import type { CaptureFeed, CapturePort, CaptureRequest, FeedEvent, Target } from '../target.ts';
import { type ReplayOptions, runReplay } from './run-replay.ts';
import { openFileTraffic } from './traffic.ts';

let folder: string;
let stop: AbortController;
let running: Promise<number>;
let target: Target;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-replay-'));
  stop = new AbortController();
});

afterEach(async () => {
  target?.close();
  stop.abort();
  await running?.catch(() => {});
  rmSync(folder, { recursive: true });
});

const port0: CapturePort = {
  portId: 0,
  directions: ['in', 'out'],
  snaplen: 262_144,
  programs: { in: undefined, out: undefined },
};
const request: CaptureRequest = { ports: [port0], ringBytes: 1 << 20, meta: false, hostClock: false };

function interfaceBlock(name: string): Uint8Array {
  return encodeInterfaceDescription({ linkType: 1, snaplen: 0, options: { if_name: name, if_tsresol: 9 } });
}

/** A frame whose first bytes are its number. */
function frame(number: number, length = 64): Uint8Array {
  const bytes = new Uint8Array(length).fill(number);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The path of a file with these blocks. */
function file(...blocks: Uint8Array[]): string {
  const path = join(folder, 'traffic.pcapng');
  writeFileSync(path, concatBytes([encodeSectionHeader(), ...blocks]));
  return path;
}

/** `count` frames on one port, a microsecond apart. */
function numbered(count: number): Uint8Array[] {
  const packets = Array.from({ length: count }, (_, n) =>
    encodeEnhancedPacket({ interfaceId: 0, timestamp: 1_000_000n + 1_000n * BigInt(n), data: frame(n) }),
  );
  return [interfaceBlock('eth0'), ...packets];
}

async function start(path: string, options: Partial<ReplayOptions> = {}): Promise<Target> {
  const traffic = openFileTraffic(path);
  const socket = await new Promise<string>((resolve, reject) => {
    running = runReplay(traffic, {
      pace: 'max',
      loop: false,
      waitMs: Number.POSITIVE_INFINITY,
      signal: stop.signal,
      onReady: resolve,
      onPlay: () => {},
      ...options,
    }).finally(() => traffic.close());
    running.catch(reject);
  });
  target = await connectTarget(socket);
  return target;
}

interface Taken {
  readonly packets: (PacketRecord & { data: Uint8Array })[];
  readonly events: FeedEvent[];
}

/** Takes blocks from the rings until the target is gone, or `enough` says so. */
async function take(feed: CaptureFeed, enough: (taken: Taken) => boolean = () => false): Promise<Taken> {
  const reader = createCaptureReader();
  reader.push(encodeSectionHeader());
  for (let n = 0; n < 8; n++) reader.push(interfaceBlock(`port${n}`));
  const taken: Taken = { packets: [], events: [] };
  for (;;) {
    taken.events.push(...feed.poll());
    const gone = taken.events.some(({ kind }) => kind === 'gone');
    for (const ring of feed.rings) {
      ring.refresh();
      reader.push(ring.borrow(ring.pendingBytes).slice());
      ring.release(ring.pendingBursts, ring.pendingBytes);
    }
    for (let record = reader.read(); record !== undefined; record = reader.read()) {
      if (record.type === 'packet') taken.packets.push({ ...record, data: record.data.slice() });
    }
    if (gone || enough(taken)) return taken;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The classic program `ld [0]; jeq #number; ret #1; ret #0`. */
function firstWordIs(number: number): CbpfProgram {
  return [
    { code: BPF_LD | BPF_W | BPF_ABS, jt: 0, jf: 0, k: 0 },
    { code: BPF_JMP | BPF_JEQ, jt: 0, jf: 1, k: number },
    { code: BPF_RET, jt: 0, jf: 0, k: 1 },
    { code: BPF_RET, jt: 0, jf: 0, k: 0 },
  ];
}

function numberOf({ data }: { readonly data: Uint8Array }): number {
  return new DataView(data.buffer).getUint32(0);
}

describe('a replay', () => {
  test('plays every packet of the file once, in order, to the first capture', async () => {
    const { info } = await start(file(...numbered(5000)));
    expect(info).toMatchObject({
      kind: 'replay',
      pid: process.pid,
      filePrefix: 'traffic',
      engine: 'own-interpreter',
    });
    const feed = await target.startCapture({ ...request, ringBytes: 1 << 24 });
    const { packets, events } = await take(feed);
    expect(packets.map(numberOf)).toEqual(Array.from({ length: 5000 }, (_, n) => n));
    expect(events).toEqual([{ kind: 'gone' }]);
    const ids = packets.map(({ options }) => options.epb_packetid!);
    expect(ids.every((id, n) => id === (1n << 48n) + BigInt(n))).toBe(true);
    expect(feed.counters()).toEqual([
      {
        interfaceId: 0,
        portId: 0,
        queueId: 0,
        direction: 'in',
        seen: 5000n,
        matched: 5000n,
        captured: 5000n,
        dropped: 0n,
        bytes: 320_000n,
      },
      expect.objectContaining({ direction: 'out', seen: 0n }),
    ]);
    feed.close();
    expect(await running).toBe(5000);
  });

  test('carries direction, queue, hash, lengths, and times as recorded', async () => {
    const hash = { tag: 5, bytes: Uint8Array.of(1, 2, 3, 0x84) };
    const options = { epb_flags: 2, epb_queue: 3, epb_hash: [hash] };
    const blocks = [
      interfaceBlock('eth0'),
      encodeEnhancedPacket({ interfaceId: 0, timestamp: 5_000_000_000n, data: frame(1) }),
      encodeEnhancedPacket({
        interfaceId: 0,
        timestamp: 5_030_000_000n,
        data: frame(2, 61),
        originalLength: 1500,
        options,
      }),
    ];
    await start(file(...blocks), { pace: 'recorded' });
    const feed = await target.startCapture({ ...request, ports: [{ ...port0, snaplen: 33 }], meta: true });
    const { packets } = await take(feed);
    expect(packets).toHaveLength(2);
    expect(packets[1]).toMatchObject({ capturedLength: 33, originalLength: 1500 });
    expect(packets[1]!.data).toEqual(frame(2, 61).subarray(0, 33));
    expect(packets[1]!.options).toMatchObject({
      epb_flags: 2,
      epb_queue: 3,
      epb_hash: [hash],
      opt_comment: ['ptype=0x0 segs=1'],
    });
    expect(packets[1]!.timestampNs! - packets[0]!.timestampNs!).toBe(30_000_000n);
    expect(packets[0]!.timestampNs! - feed.baseNs).toBeGreaterThanOrEqual(0n);
    expect(feed.counters().find(({ queueId }) => queueId === 3)).toMatchObject({
      direction: 'out',
      bytes: 1500n,
    });
    feed.close();
  });

  test('a full ring drops, counts, and says so in the next block', async () => {
    await start(file(...numbered(5000)), { loop: true });
    const feed = await target.startCapture({ ...request, ringBytes: 65_536 });
    const full = Math.floor(65_536 / 128);
    while ((feed.counters()[0]?.dropped ?? 0n) === 0n) await new Promise((resolve) => setImmediate(resolve));
    const { packets } = await take(feed, (taken) => taken.packets.length > full);
    await feed.stop();
    const rest = await take(feed, () => true);
    const all = [...packets, ...rest.packets];
    const dropcounts = all.map(({ options }) => options.epb_dropcount ?? 0n);
    expect(dropcounts.findIndex((count) => count > 0n)).toBe(full);
    const counters = feed.counters()[0]!;
    expect(counters.captured).toBe(BigInt(all.length));
    expect(counters.matched).toBe(counters.captured + counters.dropped);
    expect(counters.seen).toBe(counters.matched);
    expect(dropcounts.reduce((sum, count) => sum + count, 0n)).toBeLessThanOrEqual(counters.dropped);
    feed.close();
  });

  test('--rate spreads packets evenly', async () => {
    await start(file(...numbered(100)), { pace: { packetsPerSecond: 1000 } });
    const feed = await target.startCapture(request);
    const { packets } = await take(feed);
    const first = packets[0]!.timestampNs!;
    expect(packets.map(({ timestampNs }) => timestampNs! - first)).toEqual(
      Array.from({ length: 100 }, (_, n) => BigInt(n) * 1_000_000n),
    );
    feed.close();
  });

  test('a round follows the one before, in the rhythm of the file', async () => {
    const blocks = [10n, 14n, 20n].map((ms, n) =>
      encodeEnhancedPacket({ interfaceId: 0, timestamp: ms * 1_000_000n, data: frame(n) }),
    );
    await start(file(interfaceBlock('eth0'), ...blocks), { pace: 'recorded', loop: true });
    const feed = await target.startCapture(request);
    const { packets } = await take(feed, (taken) => taken.packets.length >= 7);
    const first = packets[0]!.timestampNs!;
    expect(packets.slice(0, 7).map(({ timestampNs }) => Number(timestampNs! - first) / 1e6)).toEqual([
      0, 4, 10, 15, 19, 25, 30,
    ]);
    feed.close();
  });

  test('with the clock of the host, each packet has the time of its burst', async () => {
    await start(file(...numbered(40)), { pace: { packetsPerSecond: 1_000_000 } });
    const feed = await target.startCapture({ ...request, hostClock: true });
    const { packets } = await take(feed);
    expect(new Set(packets.slice(0, 2).map(({ timestampNs }) => timestampNs)).size).toBe(1);
    expect(packets).toHaveLength(40);
    feed.close();
  });

  test('filters each direction with its own program, and counts what it leaves out', async () => {
    const blocks = Array.from({ length: 20 }, (_, n) =>
      encodeEnhancedPacket({
        interfaceId: 0,
        timestamp: 0n,
        data: frame(n),
        options: { epb_flags: n < 10 ? 1 : 2 },
      }),
    );
    await start(file(interfaceBlock('eth0'), ...blocks));
    const only = (number: number) => encodeEbpf(compileForMbuf(firstWordIs(number), { direction: 'in' }));
    const feed = await target.startCapture({
      ...request,
      ports: [{ ...port0, programs: { in: only(3), out: only(17) } }],
    });
    const { packets } = await take(feed);
    expect(packets.map(numberOf)).toEqual([3, 17]);
    expect(feed.counters().map(({ seen, matched, captured }) => [seen, matched, captured])).toEqual([
      [10n, 1n, 1n],
      [10n, 1n, 1n],
    ]);
    feed.close();
  });

  test('refuses a program that breaks the rules', async () => {
    await start(file(...numbered(1)));
    const programs = { in: new Uint8Array(16), out: undefined };
    const attempt = target.startCapture({ ...request, ports: [{ ...port0, programs }] });
    await expect(attempt).rejects.toThrow(/instruction 0/);
    await expect(attempt).rejects.toThrow(PeerError);
  });

  test('ends only when its captures have taken everything', async () => {
    await start(file(...numbered(10)));
    const feed = await target.startCapture(request);
    let ended = false;
    void running.then(() => {
      ended = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(ended).toBe(false);
    await take(feed);
    expect(await running).toBe(10);
    feed.close();
  });

  test('an interface that the file describes later is a port that appears', async () => {
    const blocks = [
      ...numbered(3),
      encodeInterfaceDescription({ linkType: 147, snaplen: 0, options: { if_name: 'other' } }),
      interfaceBlock('eth1'),
      encodeEnhancedPacket({ interfaceId: 1, timestamp: 2_000_000n, data: frame(98) }),
      encodeEnhancedPacket({ interfaceId: 2, timestamp: 2_000_000n, data: frame(99) }),
    ];
    await start(file(...blocks));
    expect((await target.listPorts()).map(({ name }) => name)).toEqual(['eth0']);
    const any: CapturePort = { ...port0, portId: 'any' };
    const feed = await target.startCapture({ ...request, ports: [port0, any] });
    expect(feed.interfaceCount).toBe(1);
    const { packets, events } = await take(feed);
    expect(events[0]).toMatchObject({
      kind: 'port-added',
      interfaceId: 1,
      port: { name: 'eth1', portId: 1 },
    });
    expect(packets.map(numberOf)).toEqual([0, 1, 2, 99]);
    expect(packets.at(-1)!.interface.id).toBe(1);
    feed.close();
  });

  test('serves several captures at once, and the ports while they run', async () => {
    await start(file(...numbered(64)), { loop: true, pace: { packetsPerSecond: 20_000 } });
    const feeds = [await target.startCapture(request), await target.startCapture(request)];
    const taken = await Promise.all(feeds.map((feed) => take(feed, ({ packets }) => packets.length > 200)));
    expect(
      taken.every(({ packets }) =>
        packets.every((packet, n) => numberOf(packet) === (numberOf(packets[0]!) + n) % 64),
      ),
    ).toBe(true);
    const [port] = await target.listPorts();
    expect(port).toMatchObject({ name: 'eth0', driver: 'replay', rxQueues: 1, up: true });
    expect(port!.counters!.ipackets).toBeGreaterThan(200n);
    for (const feed of feeds) {
      await feed.stop();
      feed.close();
    }
  });

  test('a damaged file is played up to the damage, then named', async () => {
    await start(file(...numbered(10), Uint8Array.of(6, 0, 0, 0, 1, 0, 0, 0)));
    const feed = await target.startCapture(request);
    const ended = expect(running).rejects.toThrow(FormatError);
    const { packets } = await take(feed);
    expect(packets).toHaveLength(10);
    await ended;
    feed.close();
  });

  test('refuses a port that is not there, and lets go of its socket when it ends', async () => {
    await start(file(...numbered(1)));
    const socket = join('/run/hone', `${process.pid}.sock`);
    if (process.geteuid!() === 0) expect(statSync(socket).mode & 0o777).toBe(0o600);
    await expect(target.startCapture({ ...request, ports: [{ ...port0, portId: 7 }] })).rejects.toThrow(
      /no port 7/,
    );
    stop.abort();
    await running;
    await expect(target.listPorts()).rejects.toThrow(PeerError);
    await expect(connectTarget(process.pid)).rejects.toThrow(/no agent/);
  });
});
