/** Recordings of an application in memory: what lies on the disk afterwards, byte by byte. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  FakeRecordFeed,
  FakeRecordThread,
  type ReadPacket,
  readStream,
} from '../../test/fakes/record-feed.ts';
import { PeerError } from '../base/index.ts';
import type { TargetInfo } from '../target/index.ts';
import type { RecordResult } from './record-session.ts';
import { openRecording, type Recording, type RecordingOptions } from './recording.ts';
import type { RecordingPlan } from './recording-plan.ts';

let root: string;
let folders = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'hone-recording-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const fields = [{ name: 'value', type: { kind: 'integer', bytes: 4, isSigned: false, base: 10 } }] as const;
const record = { argument: 0, bytes: 4 } as const;
const attachment = { point: '', portId: undefined, queueId: undefined, program: undefined } as const;
const rest = { needsTime: true, packetBytes: 0, argumentsUsed: 1 };

/** An event with a number, one with a text as well, and a trigger. */
const plan: RecordingPlan = {
  events: [
    { id: 0, name: 'test:number', logLevel: 13, fields },
    { id: 1, name: 'test:text', logLevel: 13, fields: [...fields, { name: 'text', type: { kind: 'text' } }] },
  ],
  attachments: [
    { name: 'test:number', recordedAs: 'test:number', event: 0 },
    { name: 'test:text', recordedAs: 'test:text', event: 1 },
    { name: 'test:number', recordedAs: 'test:number', event: undefined },
  ],
  request: {
    ...{ programs: [], contextBytes: 0, stateOffset: 0, keyedMaps: [], seed: 0, initialState: undefined },
    ringBytes: 65_536,
    attachments: [
      { ...attachment, ...rest, record: { id: 0, fields: [record] } },
      { ...attachment, ...rest, record: { id: 1, fields: [record, { argument: 1, bytes: 'text' }] } },
      { ...attachment, ...rest },
    ],
  },
};

const info: TargetInfo = {
  ...{ kind: 'dpdk', pid: process.pid, version: 'DPDK "22.11"', filePrefix: 'rte', engine: 'jit', build: '' },
  commandLine: ['app', '-l', '1'],
};

interface Run {
  readonly result: RecordResult;
  readonly folder: string;
  readonly snapshots: readonly string[];
  /** Packets of a stream of the trace in this folder. */
  stream(number: number, trace?: string): readonly ReadPacket[];
}

/** Runs to the end; `play` is called at every look. */
async function recordFrom(
  feed: FakeRecordFeed,
  options: Partial<RecordingOptions>,
  play: (look: number, recording: Recording) => void,
): Promise<Run> {
  const folder = join(root, `recording ${folders++}`);
  const snapshots: string[] = [];
  const recording = openRecording({
    ...{ plan, feed, info, application: 'app', folder, ctf: '1.8', isFlightRecorder: false, conditions: {} },
    ...{ honeVersion: '0', onSnapshot: (path) => snapshots.push(path) },
    ...options,
  });
  feed.onPoll = (look) => play(look, recording);
  const result = await recording.session.run();
  const stream = (number: number, trace = 'events') => readStream(join(folder, trace, `stream-${number}`));
  return { result, folder, snapshots, stream };
}

const eventsOf = (packets: readonly ReadPacket[]) => packets.flatMap(({ events }) => events);
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `${from + n}`);
const thread = (number: number, ringBytes = 65_536) =>
  new FakeRecordThread(number, ringBytes, number || undefined);

describe('events as they come', () => {
  test('of two threads, and of one that comes late', async () => {
    const [a, b] = [thread(0), thread(1)];
    const feed = new FakeRecordFeed(a, b);
    const { result, stream, folder } = await recordFrom(feed, {}, (look, { session }) => {
      a.hit(look * 10, look);
      if (look % 3 === 0) b.hit(look * 10 + 5, look, `look ${look}`);
      if (look === 20) feed.threads.push(thread(2));
      feed.threads[2]?.hit(look * 10 + 7, look);
      if (look === 40) session.stop();
    });
    expect([result.end, result.error, result.lostEvents]).toEqual(['stopped', undefined, 0n]);
    expect(feed.isStopped && feed.isClosed).toBe(true);
    // 40 looks, and the one after the end.
    expect(eventsOf(stream(0))).toEqual(range(0, 42));
    expect(eventsOf(stream(1))).toEqual(
      [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39].map((n) => `${n} look ${n}`),
    );
    expect(eventsOf(stream(2))).toEqual(range(20, 42));
    expect(stream(0).at(-1)).toMatchObject({
      tid: 4_000_000,
      lcore: 0xffff_ffff,
      threadName: 'thread 0',
      cpu: 0xffff_ffff,
    });
    expect(stream(1)[0]).toMatchObject({ beginNs: 5, lcore: 1, number: 0, threadName: 'thread 1' });
    expect(statSync(join(folder, 'events/stream-0')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'events')).mode & 0o777).toBe(0o700);
  });

  test('packets have the times of their first and last events, and follow one another', async () => {
    const a = thread(0);
    const { stream } = await recordFrom(new FakeRecordFeed(a), {}, (look, { session }) => {
      // More than half of the ring: some of it lies across its end.
      for (let n = 0; n < 2500; n++) a.hit(look * 10_000 + n, n);
      if (look === 9) session.stop();
    });
    const packets = stream(0);
    expect(packets.length).toBeGreaterThan(1);
    expect(eventsOf(packets)).toHaveLength(2500 * 11 - Number(a.lost));
    for (const [n, { beginNs, endNs, number }] of packets.entries()) {
      expect(number).toBe(n);
      expect(endNs).toBeGreaterThanOrEqual(beginNs);
      if (n > 0) expect(beginNs).toBeGreaterThanOrEqual(packets[n - 1]!.endNs);
    }
    expect([packets[0]!.beginNs, packets.at(-1)!.endNs]).toEqual([0, 102_499]);
  });

  test('a ring that is too small: what is in the file and what was discarded is what matched', async () => {
    const a = thread(0, 4096);
    const { result, stream } = await recordFrom(new FakeRecordFeed(a), {}, (look, { session }) => {
      for (let n = 0; n < 1000; n++) a.hit(look * 1000 + n, n);
      if (look === 5) session.stop();
    });
    const packets = stream(0);
    expect(a.lost).toBeGreaterThan(0n);
    expect(BigInt(eventsOf(packets).length) + a.lost).toBe(a.matched[0]);
    expect(BigInt(packets.at(-1)!.discarded)).toBe(a.lost);
    expect(result.lostEvents).toBe(a.lost);
  });

  test('what is lost behind the last packet is said by one without events', async () => {
    const lossy = thread(0, 4096);
    let reads = 0;
    Object.defineProperty(lossy.writer, 'lostEvents', { get: () => (reads++ === 0 ? 0n : 7n) });
    const { stream } = await recordFrom(new FakeRecordFeed(lossy), {}, (look, { session }) => {
      if (look === 0) lossy.hit(3, 0);
      if (look === 1) session.stop();
    });
    expect(
      stream(0).map(({ events, discarded, number, beginNs, endNs }) => [
        events.length,
        discarded,
        number,
        beginNs,
        endNs,
      ]),
    ).toEqual([
      [1, 0, 0, 3, 3],
      [0, 7, 1, 3, 3],
    ]);
  });

  test('a last packet that says all losses is the last one', async () => {
    const a = thread(0, 4096);
    const { stream } = await recordFrom(new FakeRecordFeed(a), {}, (look, { session }) => {
      for (let n = 0; n < 1000; n++) a.hit(look * 1000 + n, n);
      if (look === 2) session.stop();
    });
    const packets = stream(0);
    expect(BigInt(packets.at(-1)!.discarded)).toBe(a.lost);
    // The one before the first losses has none.
    expect(packets.map(({ events }) => events.length > 0)).toEqual([
      false,
      ...packets.slice(1).map(() => true),
    ]);
  });

  test('behind the last event that was wanted nothing is missing', async () => {
    const lossy = thread(0, 4096);
    let reads = 0;
    Object.defineProperty(lossy.writer, 'lostEvents', { get: () => (reads++ === 0 ? 0n : 7n) });
    const conditions = { events: 1 };
    const { stream } = await recordFrom(new FakeRecordFeed(lossy), { conditions }, (look) =>
      lossy.hit(look, look),
    );
    expect(stream(0).map(({ events, discarded }) => [events, discarded])).toEqual([[['0'], 0]]);
    expect(reads).toBeGreaterThan(1);
  });

  for (const events of [1, 99, 100, 101, 250]) {
    test(`the end behind ${events} events, to the event`, async () => {
      const [a, b] = [thread(0), thread(1)];
      const { result, stream, folder } = await recordFrom(
        new FakeRecordFeed(a, b),
        { conditions: { events } },
        (look) => {
          for (let n = 0; n < 50; n++) {
            a.hit(look * 100 + n, n, 'x'.repeat(n));
            b.hit(look * 100 + n, n);
          }
        },
      );
      expect(result.end).toBe('condition');
      const all = [0, 1].flatMap((number) =>
        existsSync(join(folder, `events/stream-${number}`)) ? stream(number) : [],
      );
      expect(eventsOf(all)).toHaveLength(events);
      // Of the one thread or the other.
      expect(all.at(-1)!.endNs % 100).toBe((events - 1) % 50);
    });
  }

  test('the end by size and by time', async () => {
    const a = thread(0);
    const bySize = await recordFrom(new FakeRecordFeed(a), { conditions: { bytes: 10_000 } }, (look) => {
      for (let n = 0; n < 100; n++) a.hit(look * 100 + n, n);
    });
    expect(bySize.result.end).toBe('condition');
    expect(statSync(join(bySize.folder, 'events/stream-0')).size).toBeGreaterThanOrEqual(10_000);
    const byTime = await recordFrom(
      new FakeRecordFeed(thread(0)),
      { conditions: { durationMs: 30 } },
      () => {},
    );
    expect(byTime.result.end).toBe('condition');
    expect(readdirSync(join(byTime.folder, 'events'))).toEqual(['index', 'metadata']);
  });

  test('the application goes away: everything that the rings held is there', async () => {
    const a = thread(0);
    const feed = new FakeRecordFeed(a);
    const { result, stream } = await recordFrom(feed, {}, (look) => {
      a.hit(look, look);
      if (look === 3) feed.queued.push({ kind: 'gone' });
    });
    expect(result.end).toBe('gone');
    expect(eventsOf(stream(0))).toEqual(range(0, 5));
  });

  test('the other side breaks the protocol: the trace is completed, the error is told', async () => {
    const a = thread(0);
    const { result, stream } = await recordFrom(new FakeRecordFeed(a), {}, (look) => {
      a.hit(look, look);
      if (look === 3) throw new PeerError('PEER_PROTOCOL', 'nonsense');
    });
    expect([result.end, (result.error as Error).message]).toEqual(['failed', 'nonsense']);
    expect(eventsOf(stream(0))).toEqual(range(0, 5));
  });

  test('a stream that cannot be written ends the recording; the others are completed', async () => {
    const events = join(root, `recording ${folders}`, 'events');
    mkdirSync(events, { recursive: true });
    writeFileSync(join(events, 'stream-1'), 'of somebody else');
    const [a, b] = [thread(0), thread(1)];
    const { result, stream } = await recordFrom(new FakeRecordFeed(a, b), {}, (look) => {
      for (let n = 0; n < 1000; n++) a.hit(look * 1000 + n, n);
      if (look === 3) b.hit(look, look);
    });
    expect([result.end, (result.error as Error).message]).toEqual([
      'failed',
      expect.stringMatching(/^cannot write .*\/events\/stream-1: /),
    ]);
    // No room is left behind the last packet.
    expect(stream(0).at(-1)!.events.length).toBeGreaterThan(0);
    expect(readdirSync(join(events, 'index'))).toEqual(['stream-0.idx']);
    expect(readFileSync(join(events, 'stream-1'), 'utf8')).toBe('of somebody else');
  });

  test('records that are none end a recording that counts them, with what was before', async () => {
    const a = thread(0);
    const { result } = await recordFrom(new FakeRecordFeed(a), { conditions: { events: 1000 } }, (look) => {
      if (look === 1) a.ring.put(Uint8Array.of(9, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0), 1n);
      else a.hit(look, look);
    });
    expect(result.end).toBe('failed');
    expect((result.error as Error).message).toMatch(/^no whole event record at byte \d+ of \d+$/);
  });
});

describe('the flight recorder', () => {
  const flight = { isFlightRecorder: true } as const;

  test('nothing is written until somebody asks, and the recording goes on', async () => {
    const a = thread(1);
    const { result, snapshots, folder, stream } = await recordFrom(
      new FakeRecordFeed(a),
      flight,
      (look, { session }) => {
        a.hit(look, look);
        if (look === 9) {
          expect(readdirSync(folderOf())).toEqual([]);
          session.requestSnapshot();
        }
        if (look === 19) session.stop();
      },
    );
    function folderOf(): string {
      const path = join(root, `recording ${folders - 1}`);
      mkdirSync(path, { recursive: true });
      return path;
    }
    expect(result.end).toBe('stopped');
    expect(snapshots).toEqual([join(folder, 'snapshot-1'), join(folder, 'snapshot-2')]);
    expect(eventsOf(stream(1, 'snapshot-1'))).toEqual(range(0, 10));
    expect(eventsOf(stream(1, 'snapshot-2'))).toEqual(range(0, 21));
  });

  test('the oldest are given up, the newest are there, and the gap is seen', async () => {
    const a = thread(1);
    const { snapshots, stream, result } = await recordFrom(
      new FakeRecordFeed(a),
      flight,
      (look, { session }) => {
        for (let n = 0; n < 70; n++) a.hit(look * 70 + n, look * 70 + n);
        if (look === 120 || look === 320) session.requestSnapshot();
        if (look === 400) session.stop();
      },
    );
    expect([snapshots.length, result.lostEvents]).toEqual([3, 0n]);
    for (const [trace, last] of [
      ['snapshot-1', 121 * 70],
      ['snapshot-2', 321 * 70],
      ['snapshot-3', 402 * 70],
    ] as const) {
      const packets = stream(1, trace);
      const events = eventsOf(packets);
      expect(packets[0]!.number).toBeGreaterThan(0);
      expect(packets.map(({ number }) => number - packets[0]!.number)).toEqual([...packets.keys()]);
      expect(events).toEqual(range(last - events.length, last));
      // At least half of the ring; a quarter stays free.
      expect(events.length * 14).toBeGreaterThan(32_768);
      expect(events.length * 14).toBeLessThanOrEqual(49_152);
      for (const { beginNs, endNs, events: some } of packets)
        expect([beginNs, endNs]).toEqual([Number(some[0]), Number(some.at(-1))]);
    }
    // What a later snapshot has of an earlier one has the same number.
    const numbers = new Map(stream(1, 'snapshot-2').map(({ number, events }) => [number, events]));
    for (const { number, events } of stream(1, 'snapshot-3').slice(0, 10)) {
      if (numbers.has(number)) expect(events).toEqual(numbers.get(number));
    }
  });

  test('what was lost counts from the first event of a snapshot on', async () => {
    const a = thread(1);
    const { stream } = await recordFrom(new FakeRecordFeed(a), flight, (look, { session }) => {
      // More than the ring has, twice; what is left of the first time is given up before the second.
      const hits = look === 200 || look === 700 ? 6000 : 70;
      for (let n = 0; n < hits; n++) a.hit(look * 10_000 + n, n);
      if (look === 201 || look === 600 || look === 702) session.requestSnapshot();
      if (look === 703) session.stop();
    });
    const losses = (trace: string) => stream(1, trace).map(({ discarded }) => discarded);
    const [first, second, third] = [1, 2, 3].map((n) => losses(`snapshot-${n}`));
    const lost = Number(a.lost);
    expect(second!.every((each) => each === 0)).toBe(true);
    expect(first!.at(-1)! + third!.at(-1)!).toBe(lost);
    expect(Math.min(first!.at(-1)!, third!.at(-1)!)).toBeGreaterThan(1000);
    expect([first![0], third![0]]).toEqual([0, 0]);
  });

  test('a predicate fires: once for all hits of a second', async () => {
    const a = thread(1);
    const feed = new FakeRecordFeed(a);
    const { snapshots, stream } = await recordFrom(feed, flight, (look, { session }) => {
      a.hit(look, look);
      if (look >= 5) feed.fired += 3n;
      if (look === 25) session.stop();
    });
    expect(snapshots).toHaveLength(2);
    expect(eventsOf(stream(1, 'snapshot-1'))).toEqual(range(0, 6));
  });

  test('ends behind so many snapshots; there is none of nothing', async () => {
    const feed = new FakeRecordFeed(thread(1));
    const { result, snapshots } = await recordFrom(
      feed,
      { ...flight, conditions: { snapshots: 1 } },
      (look, { session }) => {
        if (look === 2) session.requestSnapshot();
        if (look === 5) {
          feed.threads[0]!.hit(look, look);
          session.requestSnapshot();
        }
      },
    );
    expect(result.end).toBe('condition');
    expect(snapshots).toHaveLength(2);
  });

  test('an application that is killed leaves its last events', async () => {
    const a = thread(1);
    const feed = new FakeRecordFeed(a);
    const { result, stream } = await recordFrom(feed, flight, (look) => {
      a.hit(look, look);
      if (look === 7) feed.queued.push({ kind: 'gone' });
    });
    expect(result.end).toBe('gone');
    expect(eventsOf(stream(1, 'snapshot-1'))).toEqual(range(0, 9));
  });
});

const hasBabeltrace = spawnSync('babeltrace2', ['--version']).status === 0;

/** What babeltrace2 says of a folder: the text of its events, and everything that it complains about. */
function babeltrace(path: string): { readonly lines: readonly string[]; readonly stderr: string } {
  const { stdout, stderr } = spawnSync('babeltrace2', [path], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return { lines: stdout.split('\n').filter((line) => line !== ''), stderr };
}

describe.skipIf(!hasBabeltrace)(
  `babeltrace2 reads${hasBabeltrace ? '' : ' (skipped: it is not installed)'}`,
  () => {
    test('every event, with what is said of its thread and of the application', async () => {
      const [a, b] = [thread(0), thread(1)];
      const { folder } = await recordFrom(new FakeRecordFeed(a, b), {}, (look, { session }) => {
        for (let n = 0; n < 100; n++) {
          a.hit(look * 1000 + n, n);
          b.hit(look * 1000 + n, n, `text "${n}"`);
        }
        if (look === 30) session.stop();
      });
      const { lines, stderr } = babeltrace(folder);
      expect(stderr).toBe('');
      expect(lines).toHaveLength(2 * 100 * 32);
      expect(lines.filter((line) => line.includes('test:text'))[7]).toMatch(
        /app:\(\d+\) test:text: \{ cpu_id = 4294967295, lcore_id = 1, tid = 4000001, thread_name = "thread 1" \}, \{ value = 7, text = "text \\"7\\"" \}$/,
      );
    });

    test('a folder that has packets and other things beside its events', async () => {
      const a = thread(0);
      const { folder } = await recordFrom(new FakeRecordFeed(a), {}, (look, { session }) => {
        a.hit(look, look);
        if (look === 3) session.stop();
      });
      writeFileSync(join(folder, 'packets.pcapng'), Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0));
      expect(babeltrace(folder)).toMatchObject({ stderr: '', lines: { length: 5 } });
    });

    test('what was lost, as so many as were', async () => {
      const a = thread(0, 4096);
      const { folder } = await recordFrom(new FakeRecordFeed(a), {}, (look, { session }) => {
        for (let n = 0; n < 1000; n++) a.hit(look * 1000 + n, n);
        if (look === 3) session.stop();
      });
      const { lines, stderr } = babeltrace(folder);
      const discarded = [...stderr.matchAll(/discarded (\d+) events/g)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
      expect([BigInt(lines.length + discarded), discarded]).toEqual([a.matched[0], Number(a.lost)]);
    });

    test('a snapshot whose beginning was given up', async () => {
      const a = thread(1);
      const { folder, stream } = await recordFrom(
        new FakeRecordFeed(a),
        { isFlightRecorder: true },
        (look, { session }) => {
          for (let n = 0; n < 70; n++) a.hit(look * 70 + n, n);
          if (look === 100) session.stop();
        },
      );
      const { lines, stderr } = babeltrace(folder);
      expect(stderr).toBe('');
      expect(lines).toHaveLength(eventsOf(stream(1, 'snapshot-1')).length);
    });
  },
);

test('the metadata says what the application is, and is of the version that was asked for', async () => {
  const metadata = async (options: Partial<RecordingOptions>) => {
    const feed = new FakeRecordFeed(thread(0));
    const { folder } = await recordFrom(feed, options, (_, { session }) => session.stop());
    return readFileSync(join(folder, 'events/metadata'), 'utf8');
  };
  const one = await metadata({});
  expect(one).toMatch(/^\/\* CTF 1\.8 \*\//);
  expect(one).toContain('dpdk_version = "DPDK \\"22.11\\""');
  expect(one).toMatch(/name = "test:text"/);
  expect(await metadata({ ctf: '2' })).toMatch(/^.\{"type":/);
  const uuid = /uuid = "([0-9a-f-]{36})"/;
  expect(uuid.exec(one)![1]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab]/);
  expect(uuid.exec(await metadata({}))![1]).not.toBe(uuid.exec(one)![1]);
});
