/** What is known of a thread: where it runs, looked up as seldom as it says, and what it lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FakeRecordFeed, FakeRecordThread } from '../../test/fakes/record-feed.ts';
import { RecordLane } from './record-lane.ts';

/** Instead of /proc; undefined is the real one. */
const proc = vi.hoisted(() => ({ read: undefined as undefined | ((path: string) => string) }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const readFileSync = (path: string, encoding: BufferEncoding) =>
    proc.read?.(path) ?? real.readFileSync(path, encoding);
  return { ...real, readFileSync };
});

let nowMs = 0;
beforeEach(() => {
  nowMs = 5000;
  vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
});
afterEach(() => {
  proc.read = undefined;
  vi.restoreAllMocks();
});

const NO_CPU = 0xffff_ffff;

describe('the processor', () => {
  let thread: FakeRecordThread;
  let feed: FakeRecordFeed;
  let lane: RecordLane;
  let reads: string[];
  /** Undefined: there is no such thread. */
  let processor: number | undefined;

  beforeEach(() => {
    thread = new FakeRecordThread(3, 4096, 1);
    feed = new FakeRecordFeed(thread);
    lane = new RecordLane(thread.ring, feed, 77);
    reads = [];
    processor = 1;
    proc.read = (path) => {
      reads.push(path);
      if (processor === undefined) throw new Error('ENOENT');
      // Fields 3 to 52 of proc(5), each of which is its number but for the processor, field 39.
      const fields = Array.from({ length: 50 }, (_, n) => (n + 3 === 39 ? processor : n + 3));
      return `7 (a) name) ${fields.join(' ')}\n`;
    };
  });

  test('is looked up at the first look, then once a second', () => {
    expect(lane.context()).toEqual({
      ...{ streamInstance: 3, cpu: 1, lcore: 1, tid: 4_000_003, threadName: 'thread 3' },
    });
    expect(reads).toEqual(['/proc/77/task/4000003/stat']);
    processor = 9;
    nowMs += 999;
    expect([lane.context().cpu, reads.length]).toEqual([1, 1]);
    nowMs += 1;
    expect([lane.context().cpu, reads.length]).toEqual([9, 2]);
    nowMs += 999;
    expect([lane.context().cpu, reads.length]).toEqual([9, 2]);
  });

  test('of another thread is looked up at once', () => {
    lane.context();
    processor = 4;
    Object.assign(thread.writer, { tid: 55 });
    expect([lane.context().cpu, reads.at(-1)]).toEqual([4, '/proc/77/task/55/stat']);
  });

  test('of a thread that has ended stays the last one, and is asked for as seldom', () => {
    lane.context();
    processor = undefined;
    nowMs += 1000;
    expect([lane.context().cpu, lane.context().cpu, reads.length]).toEqual([1, 1, 2]);
  });

  test('of a thread that nobody may look at is none, also after one that had one', () => {
    lane.context();
    processor = undefined;
    Object.assign(thread.writer, { tid: 55 });
    expect(lane.context().cpu).toBe(NO_CPU);
  });
});

describe('of a real thread', () => {
  let folder: string;
  let child: ChildProcess;
  beforeEach(() => {
    folder = fs.mkdtempSync(join(tmpdir(), 'hone-lane-'));
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await once(child, 'close');
    fs.rmSync(folder, { recursive: true });
  });

  const allowed = fs
    .readFileSync('/proc/self/status', 'utf8')
    .match(/^Cpus_allowed_list:\s+(.*)$/m)![1]!
    .split(',')
    .flatMap((range) => range.split('-').map(Number));

  test.each([...new Set(allowed)])('processor %i, whatever its name is', async (cpu) => {
    const name = join(folder, 'a) 1 (b) 2');
    fs.symlinkSync('/bin/sleep', name);
    child = spawn('taskset', ['-c', `${cpu}`, name, '60'], { stdio: 'ignore' });
    const pid = child.pid!;
    await vi.waitFor(() => expect(fs.readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('a) 1 (b) 2\n'), {
      timeout: 10_000,
    });
    const thread = new FakeRecordThread(0, 4096, undefined);
    Object.assign(thread.writer, { tid: pid });
    expect(new RecordLane(thread.ring, new FakeRecordFeed(thread), pid).context().cpu).toBe(cpu);
  });
});

test('a writer that comes late is found, and stays known', () => {
  const thread = new FakeRecordThread(3, 4096, 1);
  thread.lost = 5n;
  const feed = new FakeRecordFeed();
  const lane = new RecordLane(thread.ring, feed, process.pid);
  expect([lane.lostEvents, lane.context()]).toEqual([
    0n,
    { streamInstance: 3, cpu: NO_CPU, lcore: undefined, tid: 0, threadName: '' },
  ]);
  feed.threads.push(new FakeRecordThread(2, 4096, 0), thread);
  expect([lane.lostEvents, lane.context().threadName]).toEqual([5n, 'thread 3']);
  feed.threads.length = 0;
  thread.lost = 6n;
  expect([lane.lostEvents, lane.context().threadName]).toEqual([6n, 'thread 3']);
});
