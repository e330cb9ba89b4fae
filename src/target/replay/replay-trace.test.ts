/** A replay traced over its socket, with programs written by hand: what they see, and what is refused. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  attachment,
  countByArgument,
  countByByte,
  countByTurn,
  emitArgument,
  program,
  request,
  sumOfArgument,
  takeCounts,
  total,
} from '../../../test/system/traces.ts';
import { ContextMap, type KeyedMapLayout, traceContext } from '../../bpf/index.ts';
import { encodeEnhancedPacket, encodeInterfaceDescription, encodeSectionHeader } from '../../pcapng/index.ts';
import { connectTarget } from '../connect-target.ts';
import { concatBytes } from '../message-body.ts';
import type { Target, TraceFeed, TraceRequest } from '../target.ts';
import { type ReplayOptions, runReplay } from './run-replay.ts';
import { openFileTraffic } from './traffic.ts';

const PACKETS = 5000;
/** In bursts: 50 in a row received on port 0, then as many sent, then as many received on queue 1 of port 1. */
const packets = Array.from({ length: PACKETS }, (_, n) => {
  const part = Math.floor(n / 50) % 3;
  return {
    port: part === 2 ? 1 : 0,
    queue: part === 2 ? 1 : 0,
    isOut: part === 1,
    bytes: 60 + (n % 7),
    first: n % 11,
  };
});
const of = (choose: (packet: (typeof packets)[number]) => boolean) => packets.filter(choose);
const received = of(({ isOut }) => !isOut);

const stateAt = 12_288;
const keyed: KeyedMapLayout = { offset: traceContext.maps, slots: 64, keyBytes: 8, valueBytes: 8 };

let folder: string;
let path: string;
let stop: AbortController;
let running: Promise<number>;
let target: Target;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-replay-trace-'));
  path = join(folder, 'traffic.pcapng');
  const ethernet = { linkType: 1, snaplen: 0, options: { if_tsresol: 9 } };
  writeFileSync(
    path,
    concatBytes([
      encodeSectionHeader(),
      encodeInterfaceDescription({ ...ethernet, options: { if_name: 'eth0', if_tsresol: 9 } }),
      encodeInterfaceDescription({ ...ethernet, options: { if_name: 'eth1', if_tsresol: 9 } }),
      ...packets.map(({ port, queue, isOut, bytes, first }, n) =>
        encodeEnhancedPacket({
          interfaceId: port,
          timestamp: 1_000n * BigInt(n),
          originalLength: bytes + 4,
          data: new Uint8Array(bytes).fill(first),
          options: { epb_flags: isOut ? 2 : 1, epb_queue: queue },
        }),
      ),
    ]),
  );
});

afterEach(async () => {
  target?.close();
  stop.abort();
  await running?.catch(() => {});
  rmSync(folder, { recursive: true });
});

async function start(options: Partial<ReplayOptions> = {}): Promise<Target> {
  stop = new AbortController();
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

/** Lets a trace run to the end of the file. */
async function trace(
  wanted: TraceRequest,
  look: (feed: TraceFeed) => Promise<void> = async () => {},
  options: Partial<ReplayOptions> = {},
): Promise<TraceFeed> {
  await start(options);
  const feed = await target.startTrace(wanted);
  for (;;) {
    if (feed.poll().some(({ kind }) => kind === 'gone')) return feed;
    await look(feed);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const histogram = (numbers: readonly number[], entries = 1024) => {
  const counts = new Array<number>(entries).fill(0);
  for (const number of numbers) counts[number]!++;
  return counts;
};

/** Bursts of at most 32: of 50 packets 32 and 18. */
const burstsOf = (list: readonly unknown[]) =>
  Array.from({ length: Math.ceil(list.length / 50) }, (_, run) =>
    Math.min(50, list.length - 50 * run),
  ).flatMap((length) => (length > 32 ? [32, length - 32] : [length]));

describe('what programs see', () => {
  test.each([
    ['dpdk:rx_packet', 'len', 2, received.map(({ bytes }) => bytes + 4)],
    ['dpdk:tx_packet', 'data_len', 3, of(({ isOut }) => isOut).map(({ bytes }) => bytes + 4)],
    ['dpdk:rx_packet', 'nb_segs', 4, received.map(() => 1)],
    ['dpdk:rx_packet', 'port', 0, received.map(({ port }) => port)],
    ['dpdk:rx_packet', 'queue', 1, received.map(({ queue }) => queue)],
    ['dpdk:rx_packet', 'index', 11, burstsOf(received).flatMap((size) => [...Array(size).keys()])],
    ['dpdk:rx_burst', 'nb_rx', 2, burstsOf(received)],
    ['dpdk:rx_poll', 'nb_rx', 2, burstsOf(received)],
    ['dpdk:rx_poll', 'max', 3, burstsOf(received).map(() => 32)],
    ['dpdk:tx_burst', 'nb_tx', 2, burstsOf(of(({ isOut }) => isOut))],
    ['dpdk:tx_burst', 'max', 3, burstsOf(of(({ isOut }) => isOut))],
  ] as const)('%s: %s', async (point, _, index, want) => {
    const feed = await trace(request([countByArgument(index)], { attachments: [attachment(point)] }));
    expect(await takeCounts(feed)).toEqual(histogram(want));
    expect(feed.costs()[0]!.hits).toBe(BigInt(want.length));
    expect(feed.unplacedHits).toBe(0n);
    feed.close();
  });

  test('the bytes of packets, zeros behind their end', async () => {
    const longest = Math.max(...packets.map(({ bytes }) => bytes));
    for (const [offset, want] of [
      [0, received.map(({ first }) => first)],
      [longest - 1, received.map(({ bytes, first }) => (bytes === longest ? first : 0))],
    ] as const) {
      const attached = attachment('dpdk:rx_packet', { packetBytes: 96 });
      const feed = await trace(request([countByByte(offset)], { attachments: [attached] }));
      expect(await takeCounts(feed, 256)).toEqual(histogram(want, 256));
      feed.close();
      target.close();
    }
  });

  test('how many bytes are there', async () => {
    const text = `
      r2 = *(u32 *)(r1 + ${traceContext.packetBytes})
      r3 = *(u64 *)(r1 + ${traceContext.maps})
      r3 += r2
      *(u64 *)(r1 + ${traceContext.maps}) = r3
      r0 = 0`;
    for (const packetBytes of [32, 64, 96]) {
      const attached = attachment('dpdk:rx_packet', { packetBytes });
      const feed = await trace(request([program(text)], { attachments: [attached] }));
      const want = received.reduce((sum, { bytes }) => sum + Math.min(bytes, packetBytes), 0);
      expect((await takeCounts(feed, 1))[0]).toBe(want);
      feed.close();
      target.close();
    }
  });

  test('places that an attachment names, several attachments, who they are', async () => {
    const attachments = [
      attachment('dpdk:rx_packet', { portId: 0 }),
      attachment('dpdk:rx_packet', { queueId: 1 }),
      attachment('dpdk:rx_packet', { portId: 0, queueId: 1 }),
      attachment('dpdk:tx_packet', { program: 1 }),
    ];
    const feed = await trace(request([countByArgument(1), program('r0 = 0')], { attachments }));
    const [one, other] = [
      received.filter(({ port }) => port === 0),
      received.filter(({ port }) => port === 1),
    ];
    expect((await takeCounts(feed)).slice(0, 2)).toEqual([one.length, other.length]);
    expect(feed.costs().map(({ hits }) => Number(hits))).toEqual([
      one.length,
      other.length,
      0,
      packets.length - received.length,
    ]);
    expect(feed.writers).toHaveLength(1);
    expect(feed.writers[0]).toMatchObject({ tid: process.pid, lcore: undefined, name: 'replay' });
    feed.close();
  });

  test('the time of their packet, which is now', async () => {
    const text = `
      r2 = *(u64 *)(r1 + ${traceContext.timeNs})
      *(u64 *)(r1 + ${traceContext.maps}) = r2
      r0 = 0`;
    const beforeNs = BigInt(Date.now()) * 1_000_000n;
    const attached = attachment('dpdk:rx_burst', { needsTime: true });
    const feed = await trace(request([program(text)], { attachments: [attached] }));
    await feed.snapshot();
    const { quiet } = feed.writers[0]!;
    const lastNs = new DataView(quiet.buffer, quiet.byteOffset).getBigUint64(traceContext.maps, true);
    expect(lastNs).toBeGreaterThanOrEqual(beforeNs);
    expect(lastNs).toBeLessThanOrEqual(BigInt(Date.now() + 1) * 1_000_000n);
    feed.close();
  });
});

test('banks exchanged all the time: every hit once, state in both', async () => {
  const sums: number[] = [];
  let snapshots = 0;
  const take = async (feed: TraceFeed) => {
    snapshots++;
    sums.push(...(await takeCounts(feed, 2)));
  };
  const initialState = new Uint8Array(4096);
  const feed = await trace(
    request([sumOfArgument(2), emitArgument(2, stateAt)], {
      attachments: [attachment('dpdk:rx_packet'), attachment('dpdk:rx_burst', { program: 1 })],
      initialState: initialState.fill(1, 0, 1),
    }),
    take,
    { pace: { packetsPerSecond: 50_000 } },
  );
  await take(feed);
  const sumAt = (place: number) => sums.filter((_, n) => n % 2 === place).reduce((sum, n) => sum + n, 0);
  expect(sumAt(1)).toBe(received.length);
  expect(sumAt(0)).toBe(received.reduce((sum, { bytes }) => sum + bytes + 4, 0));
  expect(snapshots).toBeGreaterThan(10);
  // Not all of it at the end.
  expect(total(sums.slice(0, -2))).toBeGreaterThan(0);
  const { state, lostEvents } = feed.writers[0]!;
  const bursts = Number(feed.costs()[1]!.hits);
  expect(new DataView(state.buffer, state.byteOffset).getBigUint64(0, true)).toBe(BigInt(bursts + 1));
  // No ring was asked for.
  expect(lostEvents).toBe(BigInt(bursts));
  feed.close();
});

test('keyed maps: slots where the host looks for them, and what did not fit', async () => {
  for (const keys of [40, 100]) {
    const feed = await trace(
      request([countByTurn(keyed, keys, stateAt)], {
        attachments: [attachment('dpdk:rx_packet')],
        keyedMaps: [keyed],
      }),
    );
    await feed.snapshot();
    const { quiet, withoutRoom } = feed.writers[0]!;
    const words = new Int32Array(quiet.buffer);
    const map = new ContextMap(words, quiet.byteOffset, keyed, 4711);
    const counts = [...map.slots()].map(
      (slot) => [words[map.keyAt(slot)]!, words[map.valueAt(slot)]!] as const,
    );
    expect(counts).toHaveLength(Math.min(keys, 62));
    for (const [key, count] of counts) {
      expect(count).toBe(received.filter((_, n) => n % keys === key).length);
    }
    const stored = total(counts.map(([, count]) => count));
    expect(withoutRoom).toEqual([BigInt(received.length - stored)]);
    feed.close();
    target.close();
  }
});

test('events: all in order while there is room, exact counts of what is lost', async () => {
  for (const isTaken of [true, false]) {
    const events: (readonly [number, number])[] = [];
    const take = async ({ rings, baseNs }: TraceFeed) => {
      for (const ring of rings) {
        ring.refresh();
        expect(ring.pendingBytes % 8).toBe(0);
        const bytes = ring.borrow(ring.pendingBytes);
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
          events.push([view.getUint32(at + 8, true), view.getUint32(at + 16, true)]);
        }
        if (ring.pendingBursts > 0) expect(ring.burstTime(0)).toBeGreaterThanOrEqual(0);
        if (isTaken) ring.release(ring.pendingBursts, ring.pendingBytes);
        else events.length = 0;
      }
      expect(baseNs).toBeGreaterThan(0n);
    };
    const feed = await trace(
      request([emitArgument(2, stateAt)], {
        attachments: [attachment('dpdk:rx_packet')],
        ringBytes: isTaken ? 1 << 20 : 1 << 16,
      }),
      take,
    );
    await take(feed);
    const { lostEvents } = feed.writers[0]!;
    if (isTaken) {
      expect(events).toEqual(received.map(({ bytes }, n) => [bytes + 4, n]));
      expect(lostEvents).toBe(0n);
    } else {
      expect(lostEvents).toBe(BigInt(received.length - (1 << 16) / 64));
    }
    feed.close();
    target.close();
    await running;
  }
});

test('the price: every 64th call is timed', async () => {
  const feed = await trace(request([countByArgument(2)], { attachments: [attachment('dpdk:rx_burst')] }));
  const [{ hits, sampledHits, sampledNs }] = feed.costs() as [ReturnType<TraceFeed['costs']>[number]];
  expect(sampledHits).toBe(hits / 64n);
  expect(sampledNs).toBeLessThan(1_000_000_000n);
  feed.close();
});

test('stopped before the end, and once more on the same connection: nothing is left', async () => {
  const before = readdirSync('/proc/self/fd').length;
  const first = await start({ loop: true });
  const wanted = request([countByArgument(0)], { attachments: [attachment('dpdk:rx_packet')] });
  const feed = await first.startTrace(wanted);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await feed.stop();
  const counts = total(await takeCounts(feed)) + total(await takeCounts(feed));
  expect(counts).toBeGreaterThan(0);
  expect(BigInt(counts)).toBe(feed.costs()[0]!.hits);
  feed.close();
  // The same connection again.
  const again = await first.startTrace(wanted);
  await again.stop();
  again.close();
  target.close();
  stop.abort();
  await running;
  expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
});

describe('what is refused, and the replay goes on', () => {
  const one = [attachment('dpdk:rx_packet')];
  const counting = countByArgument(0);
  test.each<[string, TraceRequest, RegExp]>([
    [
      'a point of an application',
      request([counting], { attachments: [attachment('app:shop:sale')] }),
      /a replay is no application and has no trace point app:shop:sale/,
    ],
    [
      'a port',
      request([counting], { attachments: [attachment('dpdk:rx_packet', { portId: 7 })] }),
      /no port 7/,
    ],
    [
      'a write behind the context',
      request([program('*(u64 *)(r1 + 16384) = r1\nr0 = 0')], { attachments: one }),
      /./,
    ],
    ['a program without an end', request([program('goto -1')], { attachments: one }), /./],
    ['too much memory', request([counting], { attachments: one, ringBytes: 1 << 30 }), /1 GiB/],
    [
      'a map outside of the context',
      request([counting], { attachments: one, keyedMaps: [{ ...keyed, slots: 1 << 20 }] }),
      /map of a wrong shape/,
    ],
  ])('%s', async (_, wanted, message) => {
    await start();
    await expect(target.startTrace(wanted)).rejects.toThrow(message);
    const feed = await target.startTrace(request([counting], { attachments: one }));
    feed.close();
  });

  test('helpers called with what is not there: nothing happens', async () => {
    const calls = [
      [99, 448],
      [0, -8],
      [0, 16_384],
      [0, 451],
    ];
    for (const helper of [0, 1, 2]) {
      for (const [map, key] of calls) {
        const text = `r2 = ${map}\nr3 = ${key}\ncall ${helper}\nr0 = 0`;
        const feed = await trace(request([program(text)], { attachments: one, keyedMaps: [keyed] }));
        expect(feed.costs()[0]!.hits).toBe(BigInt(received.length));
        expect(total(await takeCounts(feed))).toBe(0);
        feed.close();
        target.close();
        await running;
      }
    }
    for (const [offset, bytes] of [
      [16_384, 8],
      [-8, 16],
      [448, 70_000],
      [0, -1],
    ]) {
      const text = `r2 = ${offset}\nr3 = ${bytes}\ncall 3\nr0 = 0`;
      const feed = await trace(request([program(text)], { attachments: one, ringBytes: 1 << 16 }));
      expect(feed.writers[0]!.lostEvents).toBe(BigInt(received.length));
      feed.close();
      target.close();
      await running;
    }
  });
});
