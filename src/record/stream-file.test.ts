/** A stream file at every moment of a write: killed between any two pages, it is a row of whole packets. */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { readStream } from '../../test/fakes/record-feed.ts';
import type { PacketHead } from '../ctf/index.ts';
import { StreamFile } from './stream-file.ts';

type Write = (fd: number, pieces: readonly Uint8Array[], position: number) => number;
const faults = vi.hoisted(() => ({ write: undefined as undefined | ((next: Write) => Write) }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  const write = real.writevSync as Write;
  return { ...real, writevSync: ((...args) => (faults.write?.(write) ?? write)(...args)) as Write };
});

const root = fs.mkdtempSync(join(tmpdir(), 'hone-stream-file-'));
afterAll(() => fs.rmSync(root, { recursive: true }));
let folder: string;
beforeEach(() => {
  faults.write = undefined;
  folder = fs.mkdtempSync(join(root, 'trace-'));
  fs.mkdirSync(join(folder, 'index'));
});

const path = () => join(folder, 'stream-0');
const open = () => new StreamFile(folder, 'stream-0', new Uint8Array(16));
const BASE_NS = 1_700_000_000_000_000_000n;

function append(file: StreamFile, number: number, count: number): void {
  const events = new Uint8Array(14 * count);
  const view = new DataView(events.buffer);
  for (let n = 0; n < count; n++) view.setUint32(14 * n + 10, n, true);
  const head: PacketHead = {
    ...{ streamInstance: 0, beginNs: BASE_NS, endNs: BASE_NS, eventBytes: events.length },
    ...{ sequenceNumber: number, eventsDiscarded: 0n, cpu: 0, lcore: 1, tid: 1, threadName: 'lcore' },
  };
  file.append(head, events);
}

const counts = () => readStream(path()).map(({ events }) => events.length);
const failure = (code: string) => Object.assign(new Error(code), { code, errno: -5 });

test('killed between any two pages of a write, it has whole packets and the events of all before', () => {
  const states = new Set<string>();
  const seen = () => {
    const some = counts().filter((count) => count > 0);
    states.add(some.join());
  };
  faults.write = (next) => (fd, pieces, position) => {
    const bytes = Buffer.concat(pieces);
    const most = 4096 - (position % 4096);
    const written = next(fd, [bytes.subarray(0, most)], position);
    seen();
    return written;
  };
  const file = open();
  append(file, 0, 10);
  append(file, 1, 3000);
  append(file, 2, 1000);
  file.close();
  expect([...states]).toEqual(['10', '10,3000', '10,3000,1000']);
  expect(fs.statSync(path()).size).toBe(file.lengthBytes);
  expect(fs.readdirSync(join(folder, 'index'))).toEqual(['stream-0.idx']);
});

for (const failing of [1, 2, 3, 4])
  test(`write ${failing} of a packet fails: the file ends with the packet before, and goes on`, () => {
    const file = open();
    append(file, 0, 10);
    let writes = 0;
    faults.write = (next) => (fd, pieces, position) => {
      if (++writes < failing) return next(fd, pieces, position);
      next(fd, [pieces[0]!.subarray(0, 40)], position);
      throw failure('EIO');
    };
    expect(() => append(file, 1, 3000)).toThrow(/cannot write .*stream-0: .*whole up to its last packet/);
    expect([counts(), fs.statSync(path()).size]).toEqual([[10], file.lengthBytes]);
    faults.write = undefined;
    append(file, 1, 20);
    expect(counts()).toEqual([10, 20]);
  });

test('interrupted and short writes are gone on with', () => {
  let writes = 0;
  faults.write = (next) => (fd, pieces, position) => {
    if (++writes % 3 === 0) throw failure('EINTR');
    return next(fd, [pieces[0]!.subarray(0, 1000)], position);
  };
  const file = open();
  append(file, 0, 10);
  append(file, 1, 3000);
  file.close();
  expect(counts()).toEqual([10, 3000]);
  expect(readStream(path())[1]!.events.at(-1)).toBe('2999');
});
