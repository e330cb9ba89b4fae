/** A replay recorded over its socket: what is in the events, what is counted, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { recording, type TakenRecord, takeRecords } from '../../../test/system/records.ts';
import { attachment, program, request } from '../../../test/system/traces.ts';
import { traceContext } from '../../bpf/index.ts';
import {
  EpbCursor,
  encodeEnhancedPacket,
  encodeInterfaceDescription,
  encodeSectionHeader,
} from '../../pcapng/index.ts';
import { connectTarget } from '../connect-target.ts';
import { concatBytes } from '../message-body.ts';
import type { RecordedEvent, Target, TraceFeed, TraceRequest } from '../target.ts';
import { runReplay } from './run-replay.ts';
import { openFileTraffic } from './traffic.ts';

const PACKETS = 3000;
/** Runs of 40: received on port 0, then sent on port 0, then received on queue 1 of port 1. */
const packets = Array.from({ length: PACKETS }, (_, n) => {
  const part = Math.floor(n / 40) % 3;
  return {
    number: n,
    port: part === 2 ? 1 : 0,
    queue: part === 2 ? 1 : 0,
    isOut: part === 1,
    length: 60 + (n % 7),
  };
});
const FIRST_ID = 1n << 48n;
const LEN = 2;
const PACKET_ID = 12;
const packetEvent: RecordedEvent = {
  id: 7,
  fields: [
    { argument: 0, bytes: 2 },
    { argument: 1, bytes: 2 },
    { argument: LEN, bytes: 4 },
    { argument: PACKET_ID, bytes: 8 },
  ],
};
const burstEvent: RecordedEvent = {
  id: 300,
  fields: [
    { argument: 2, bytes: 1 },
    { argument: 4, bytes: 8 },
  ],
};
const valuesOf = (list: typeof packets) =>
  list.map(({ port, queue, length, number }) => [
    BigInt(port),
    BigInt(queue),
    BigInt(length),
    FIRST_ID + BigInt(number),
  ]);

/** Longer than 63 bytes. */
const isLong = program(`
  r0 = 0
  r2 = *(u64 *)(r1 + ${traceContext.args + 8 * LEN})
  if r2 < 64 goto out
  r0 = 1 ll
  r0 <<= 40
out:`);

let folder: string;
let stop: AbortController;
let running: Promise<number>;
let target: Target;
let feeds: { close(): void }[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hone-replay-record-'));
  feeds = [];
  stop = new AbortController();
  const path = join(folder, 'traffic.pcapng');
  const ethernet = { linkType: 1, snaplen: 0 };
  writeFileSync(
    path,
    concatBytes([
      encodeSectionHeader(),
      encodeInterfaceDescription({ ...ethernet, options: { if_name: 'eth0', if_tsresol: 9 } }),
      encodeInterfaceDescription({ ...ethernet, options: { if_name: 'eth1', if_tsresol: 9 } }),
      ...packets.map(({ port, queue, isOut, length }, n) =>
        encodeEnhancedPacket({
          interfaceId: port,
          timestamp: 1_000n * BigInt(n),
          originalLength: length,
          data: new Uint8Array(length),
          options: { epb_flags: isOut ? 2 : 1, epb_queue: queue },
        }),
      ),
    ]),
  );
  const traffic = openFileTraffic(path);
  const socket = await new Promise<string>((resolve, reject) => {
    running = runReplay(traffic, {
      pace: 'recorded',
      loop: false,
      waitMs: Number.POSITIVE_INFINITY,
      signal: stop.signal,
      onReady: resolve,
      onPlay: () => {},
    }).finally(() => traffic.close());
    running.catch(reject);
  });
  target = await connectTarget(socket);
});

afterEach(async () => {
  for (const feed of feeds) feed.close();
  target.close();
  stop.abort();
  await running.catch(() => {});
  rmSync(folder, { recursive: true });
});

function recordings(
  attachments: TraceRequest['attachments'],
  programs = [isLong],
  ringBytes = 1 << 20,
): TraceRequest {
  return request(programs, { attachments, ringBytes });
}

async function start(wanted: TraceRequest): Promise<TraceFeed> {
  const feed = await target.startTrace(wanted);
  feeds.push(feed);
  return feed;
}

/** To the end of the file; what is pending last is taken after it. */
async function takeAll(
  feed: TraceFeed,
  events: readonly RecordedEvent[],
  isReading = true,
): Promise<TakenRecord[]> {
  const records: TakenRecord[] = [];
  for (let isGone = false; !isGone; ) {
    isGone = feed.poll().some(({ kind }) => kind === 'gone');
    if (isReading) records.push(...takeRecords(feed, events));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return [...records, ...takeRecords(feed, events)];
}

describe('what is recorded', () => {
  test('every packet and every burst, in order, with the fields that were asked for', async () => {
    const feed = await start(
      recordings([
        recording('dpdk:rx_packet', packetEvent),
        recording('dpdk:rx_burst', burstEvent, { portId: 0 }),
      ]),
    );
    const records = await takeAll(feed, [packetEvent, burstEvent]);
    const of = (id: number) => records.filter((record) => record.id === id);
    const received = packets.filter(({ isOut }) => !isOut);
    expect(of(7).map(({ values }) => values)).toEqual(valuesOf(received));
    const bursts = of(300).map(({ values }) => values);
    expect(bursts.reduce((sum, [count]) => sum + Number(count), 0)).toBe(
      packets.filter(({ port, isOut }) => port === 0 && !isOut).length,
    );
    let first = 0n;
    for (const [count, id] of bursts) {
      const number = Number((id as bigint) - FIRST_ID);
      expect(packets[number]).toMatchObject({ port: 0, isOut: false });
      expect(id as bigint).toBeGreaterThanOrEqual(first);
      first = (id as bigint) + (count as bigint);
    }
    expect(records.every(({ ns }, n) => n === 0 || ns >= records[n - 1]!.ns)).toBe(true);
    expect(feed.costs()).toMatchObject([
      { hits: BigInt(received.length), matched: BigInt(received.length) },
      { hits: BigInt(bursts.length), matched: BigInt(bursts.length) },
    ]);
    expect(feed.writers).toMatchObject([{ number: 0, lostEvents: 0n }]);
    expect(feed.rings).toEqual([]);
  });

  test('what a program says: any result but 0 matches, and without a record it is only counted', async () => {
    const feed = await start(
      recordings([
        recording('dpdk:tx_packet', packetEvent, { program: 0, argumentsUsed: 1 << LEN }),
        attachment('dpdk:rx_packet', { program: 0, argumentsUsed: 1 << LEN }),
      ]),
    );
    const records = await takeAll(feed, [packetEvent]);
    const isWanted = ({ length }: (typeof packets)[number]) => length >= 64;
    const sent = packets.filter(({ isOut }) => isOut);
    expect(records.map(({ values }) => values)).toEqual(valuesOf(sent.filter(isWanted)));
    const received = packets.filter(({ isOut }) => !isOut);
    expect(feed.costs()).toMatchObject([
      { hits: BigInt(sent.length), matched: BigInt(sent.filter(isWanted).length) },
      { hits: BigInt(received.length), matched: BigInt(received.filter(isWanted).length) },
    ]);
  });

  test('a ring that is full: what is there and what was lost are what matched', async () => {
    const feed = await start(recordings([recording('dpdk:rx_packet', packetEvent)], [], 65_536));
    const kept = await takeAll(feed, [packetEvent], false);
    const expected = valuesOf(packets.filter(({ isOut }) => !isOut));
    const fit = Math.floor(65_536 / 26);
    expect(kept).toHaveLength(Math.min(fit, expected.length));
    expect(kept.map(({ values }) => values)).toEqual(expected.slice(0, kept.length));
    expect(feed.costs()[0]!.matched).toBe(BigInt(kept.length) + feed.writers[0]!.lostEvents);
  });

  test('packets have the numbers that a capture gives them', async () => {
    const filter = undefined;
    const capture = await target.startCapture({
      ports: [{ portId: 0, directions: ['in'], snaplen: 64, programs: { in: filter, out: filter } }],
      ringBytes: 1 << 20,
      meta: false,
      hostClock: false,
    });
    feeds.push(capture);
    const feed = await start(recordings([recording('dpdk:rx_packet', packetEvent, { portId: 0 })], []));
    const records = await takeAll(feed, [packetEvent]);
    capture.poll();
    const ids: bigint[] = [];
    for (const ring of capture.rings) {
      ring.refresh();
      const cursor = new EpbCursor(ring.borrow(ring.pendingBytes));
      while (cursor.next()) ids.push(cursor.packetId!);
    }
    expect(ids.length).toBeGreaterThan(100);
    const recorded = records.map(({ values }) => values[3]);
    // The capture began first and may have seen more.
    expect(ids.slice(ids.length - recorded.length)).toEqual(recorded);
  });
});

test.each<[string, RecordedEvent, RegExp]>([
  [
    'an argument that the point does not have',
    { id: 1, fields: [{ argument: 14, bytes: 1 }] },
    /does not have/,
  ],
  ['text of a number', { id: 1, fields: [{ argument: 0, bytes: 'text' }] }, /does not have/],
])('%s is refused', async (_, event, message) => {
  await expect(target.startTrace(recordings([recording('dpdk:rx_packet', event)]))).rejects.toThrow(message);
});
