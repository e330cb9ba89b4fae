/** Recordings as a page gets them: what stands in them, no faster than it is taken; and what is no recording. */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Converted, convertedFile } from '../../../test/fakes/converted-file.ts';
import { encodeCapture, MadeSources, T0 } from '../../../test/fakes/made-sources.ts';
import { HoneError } from '../../base/index.ts';
import { decodeEventBatch, type EventBatch, type LaneView, VALUES } from '../protocol/index.ts';
import type { TimelineOutlet } from './page-timeline.ts';
import { RecordedTimeline } from './recorded-timeline.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hone-recorded-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A page that takes so many batches, and then only when it is told to. */
class FakePage implements TimelineOutlet {
  readonly request = 7;
  readonly lanes: LaneView[] = [];
  readonly batches: EventBatch[] = [];
  #roomFor: number;
  #waiting: ((isThere: boolean) => void) | undefined;

  constructor(roomFor: number) {
    this.#roomFor = roomFor;
  }

  tellLanes(lanes: readonly LaneView[]): void {
    this.lanes.push(...lanes);
  }

  offer(bytes: Uint8Array): boolean {
    if (this.#roomFor === 0) return false;
    this.#roomFor--;
    const batch = decodeEventBatch(bytes.slice().buffer);
    expect(batch.lanes.every((lane) => lane < this.lanes.length)).toBe(true);
    this.batches.push(batch);
    return true;
  }

  room(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  take(count: number): void {
    this.#roomFor += count;
    this.#waiting?.(true);
  }

  leave(): void {
    this.#waiting?.(false);
  }

  get count(): number {
    return this.batches.reduce((sum, { count }) => sum + count, 0);
  }

  /** `time lane label=value`, of all events. */
  get lines(): string[] {
    return this.batches.flatMap(({ count, times, values, lanes }) =>
      Array.from({ length: count }, (_, n) => {
        const lane = this.lanes[lanes[n]!]!;
        const shown = lane.labels.map((label, at) => `${label}=${values[n * VALUES + at]}`);
        return [times[n], lane.name, ...shown].join(' ');
      }),
    );
  }
}

async function ended(timeline: RecordedTimeline): Promise<void> {
  while (timeline.isRunning) await new Promise(setImmediate);
}

async function linesOf(path: string): Promise<{ lines: string[]; fault: string; note: string }> {
  const page = new FakePage(1000);
  const timeline = await RecordedTimeline.start(path, page);
  await ended(timeline);
  const { fault, note, request } = timeline.state();
  expect(request).toBe(7);
  return { lines: page.lines, fault, note };
}

/** Two lcores, every kind of value. */
async function makeTrace(events: number): Promise<Converted> {
  const made = new MadeSources();
  const session = made.session('run', false);
  const streams = [1, 2].map((lcore) => ({
    context: { lcore_id: lcore, tid: 100 + lcore, thread_name: `worker-${lcore}` },
    events: Array.from({ length: events }, (_, n) => ({
      timeNs: T0 + BigInt(10 * n + lcore),
      name: 'dpdk:rx_burst',
      fields: { port: lcore, mbuf: (1n << 47n) + BigInt(n), text: 'x', ratio: n / 2, more: n, most: n },
    })),
  }));
  return convertedFile(
    'ctf',
    streams.map((packet) => made.trace(session, [packet])),
  );
}

test('events of a trace: a lane for each thread and event, the first four numbers of each', async () => {
  const { path, remove } = await makeTrace(2);
  const { lines, fault, note } = await linesOf(path);
  remove();
  expect([fault, note]).toEqual(['', '']);
  expect(lines).toEqual([
    '0 lcore 1 · dpdk:rx_burst port=1 mbuf=140737488355328 ratio=0 more=0',
    '1 lcore 2 · dpdk:rx_burst port=2 mbuf=140737488355328 ratio=0 more=0',
    '10 lcore 1 · dpdk:rx_burst port=1 mbuf=140737488355329 ratio=0.5 more=1',
    '11 lcore 2 · dpdk:rx_burst port=2 mbuf=140737488355329 ratio=0.5 more=1',
  ]);
});

const capture = encodeCapture([
  { timeNs: T0, direction: 'in' },
  { timeNs: T0 + 500n, direction: 'out', data: new Uint8Array(1500) },
]);
const packets = ['0 port 0 in queue 0 packet=1 bytes=64', '500 port 0 out queue 0 packet=2 bytes=1500'];

function asZstd(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(12);
  head.writeUInt32LE(0xfd2fb528, 0);
  // Frame_Content_Size of 4 bytes, Single_Segment.
  head[4] = 0xa0;
  head.writeUInt32LE(bytes.length, 5);
  head.writeUIntLE((bytes.length << 3) | 1, 9, 3);
  return Buffer.concat([head, bytes]);
}

describe('packets of a capture', () => {
  test.each([
    ['plain', (bytes: Uint8Array) => bytes],
    ['by gzip', (bytes: Uint8Array) => gzipSync(bytes)],
    // A frame with its one block raw (RFC 8878).
    ['by zstd', asZstd],
  ])('%s', async (_what, pack) => {
    const packed = pack(capture);
    writeFileSync(join(folder, 'x'), packed);
    expect((await linesOf(join(folder, 'x'))).lines).toEqual(packets);
  });

  test('beside the events of a recording, on one axis', async () => {
    const { path, remove } = await makeTrace(60);
    writeFileSync(join(path, 'packets.pcapng'), capture);
    const { lines } = await linesOf(path);
    remove();
    expect(lines).toHaveLength(122);
    // The capture began one before the trace.
    expect(lines.filter((line) => line.includes('packet='))).toEqual(packets);
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(
      lines.map((line) => Number.parseInt(line, 10)).toSorted((a, b) => a - b),
    );
  });
});

describe('a slow page', () => {
  const EVENTS = 60_000;
  let trace: Converted;
  beforeEach(async () => {
    trace = await makeTrace(EVENTS / 2);
  });
  afterEach(() => trace.remove());

  test('gets everything, when it takes it; until then nothing more is read', async () => {
    const page = new FakePage(2);
    const timeline = await RecordedTimeline.start(trace.path, page);
    for (let n = 0; n < 200; n++) await new Promise(setImmediate);
    expect(page.batches).toHaveLength(2);
    const { readBytes, sizeBytes } = timeline.state();
    expect(readBytes).toBeLessThan(sizeBytes);
    page.take(1000);
    await ended(timeline);
    expect(page.count).toBe(EVENTS);
    expect(timeline.state().readBytes).toBe(sizeBytes);
  });

  test('that goes away ends the reading', async () => {
    const page = new FakePage(2);
    const timeline = await RecordedTimeline.start(trace.path, page);
    for (let n = 0; n < 50; n++) await new Promise(setImmediate);
    const stopped = timeline.stop();
    page.leave();
    await stopped;
    expect(timeline.isRunning).toBe(false);
    expect(page.batches).toHaveLength(2);
  });
});

test('of damage: what stands before it, and one line that says where it is', async () => {
  const { path, remove } = await makeTrace(1000);
  const [stream] = execFileSync('sh', ['-c', `ls ${path}/*_0 ${path}/stream* 2>/dev/null || true`], {
    encoding: 'utf8',
  }).split('\n');
  truncateSync(stream!, readFileSync(stream!).length - 100);
  const { lines, fault } = await linesOf(path);
  remove();
  expect(lines.length).toBeGreaterThanOrEqual(1000);
  expect(fault).toMatch(/^[^\n]+$/);
  expect(fault).toContain(stream!);
});

describe('what is no recording', () => {
  const refusal = async (path: string) => {
    const timeline = RecordedTimeline.start(path, new FakePage(1000));
    const error = await timeline.then(
      async (running) => {
        await ended(running);
        return new HoneError('INVALID_ARGUMENT', running.state().fault);
      },
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HoneError);
    const { message } = error as HoneError;
    expect(message).toMatch(/^[^\n]+$/);
    return message.replaceAll(folder, '.');
  };

  test.each([
    ['nothing', () => '', 'expected the path of a recording on the host'],
    ['a byte that no path has', () => '/tmp/\0x', 'expected the path of a recording on the host'],
    ['nowhere', () => `${folder}/nowhere`, 'cannot read ./nowhere: no such file or directory (ENOENT)'],
    ['a device', () => '/dev/zero', '/dev/zero: got a pipe or a device, expected a file or a folder'],
    [
      'a folder without',
      () => folder,
      '.: expected a trace (a file named metadata) or a capture in this folder',
    ],
    ['the kernel', () => '/proc', expect.stringMatching(/more than 16384 files|cannot read/)],
    [
      'a path of a file below a file',
      () => `${folder}/file/x`,
      expect.stringMatching(/cannot read .*ENOTDIR/),
    ],
    ['a text', () => `${folder}/file`, expect.stringMatching(/file.*not a capture/)],
    ['an empty file', () => `${folder}/empty`, expect.stringMatching(/\S/)],
    ['metadata that are none', () => `${folder}/trace`, expect.stringMatching(/metadata/)],
  ])('%s', async (_what, path, want) => {
    writeFileSync(join(folder, 'file'), 'this is no capture file');
    writeFileSync(join(folder, 'empty'), '');
    const given = path();
    if (given.endsWith('/trace')) {
      mkdirSync(join(folder, 'trace'));
      writeFileSync(join(folder, 'trace', 'metadata'), 'trace { nonsense');
    }
    if (given === folder) for (const name of ['file', 'empty']) rmSync(join(folder, name));
    expect(await refusal(given)).toEqual(want);
  });

  test('standard input and pipes, which would make everybody wait', async () => {
    expect(await refusal('-')).toMatch(/cannot read .*\/-: no such file/);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    symlinkSync('pipe', join(folder, 'link'));
    expect(await refusal(join(folder, 'link'))).toBe(
      './link: got a pipe or a device, expected a file or a folder',
    );
  });
});
