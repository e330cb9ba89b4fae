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

const BASE_NS = 1_700_000_000_000_000_000n;
const ROOM_BYTES = 256 << 10;
/** With the name "lcore" and its zero. */
const HEAD_BYTES = 92 + 6;
const LARGE = 30_000;
const path = () => join(folder, 'stream-0');
const open = () => new StreamFile(folder, 'stream-0', new Uint8Array(16));
const size = () => fs.statSync(path()).size;

/** A packet that lasts from its number to the next one's. */
function append(file: StreamFile, number: number, count: number, discarded = 0n): void {
  const events = new Uint8Array(14 * count);
  const view = new DataView(events.buffer);
  for (let n = 0; n < count; n++) view.setUint32(14 * n + 10, n, true);
  const beginNs = BASE_NS + BigInt(number);
  const head: PacketHead = {
    ...{ streamInstance: 0, beginNs, endNs: beginNs + 1n, eventBytes: events.length },
    ...{ sequenceNumber: number, eventsDiscarded: discarded, cpu: 0, lcore: 1, tid: 1, threadName: 'lcore' },
  };
  file.append(head, events);
}

const counts = () => readStream(path()).map(({ events }) => events.length);
const failure = (code: string) => Object.assign(new Error(code), { code, errno: -5 });

/** Bytes of events of each packet, by their heads alone; throws where what begins is no packet of the file. */
function eventBytes(): number[] {
  const fd = fs.openSync(path(), 'r');
  const head = Buffer.alloc(HEAD_BYTES);
  const list: number[] = [];
  try {
    for (let at = 0; at < size(); at += Number(head.readBigUInt64LE(56)) / 8) {
      expect(fs.readSync(fd, head, 0, HEAD_BYTES, at)).toBe(HEAD_BYTES);
      expect(head.readUInt32LE(0)).toBe(0xc1fc1fc1);
      expect(at + Number(head.readBigUInt64LE(56)) / 8).toBeLessThanOrEqual(size());
      list.push(Number(head.readBigUInt64LE(48)) / 8 - HEAD_BYTES);
    }
  } finally {
    fs.closeSync(fd);
  }
  return list;
}

/** At most so many bytes a call, no call across a page; `look` between any two of them. */
function pageByPage(look: () => void): (next: Write) => Write {
  return (next) => (fd, pieces, position) => {
    const written = next(fd, [pieces[0]!.subarray(0, 4096 - (position % 4096))], position);
    look();
    return written;
  };
}

test('killed between any two pages of a write, it has whole packets and the events of all before', () => {
  const file = open();
  const states = new Set<string>();
  faults.write = pageByPage(() => {
    const packets = readStream(path());
    const full = packets.filter(({ events }) => events.length > 0);
    const room = packets.slice(full.length);
    states.add([...full, room[0]!].map(({ events, discarded }) => `${events.length}/${discarded}`).join());
    expect(full.map(({ number }) => number)).toEqual([...full.keys()]);
    expect(new Set(room.map(({ number }) => number))).toEqual(new Set([full.length]));
    const ends = packets.flatMap(({ beginNs, endNs }) => [beginNs, endNs]);
    expect(ends).toEqual(ends.toSorted((a, b) => a - b));
    for (const { events, beginNs, endNs } of room) expect([events.length, beginNs]).toEqual([0, endNs]);
  });
  append(file, 0, 10);
  append(file, 1, 3000, 7n);
  append(file, 2, 1000, 9n);
  expect([...states]).toEqual(['0/0', '10/0,0/0', '10/0,3000/7,0/7', '10/0,3000/7,1000/9,0/9']);
  expect(fs.readdirSync(join(folder, 'index'))).toEqual(['stream-0.idx.part']);
  faults.write = undefined;
  file.close();
  expect([counts(), size()]).toEqual([[10, 3000, 1000], file.lengthBytes]);
  expect(fs.readdirSync(join(folder, 'index'))).toEqual(['stream-0.idx']);
});

test('no head lies across two pages, whatever the packets have', () => {
  const file = open();
  for (let number = 0; number < 300; number++) append(file, number, 7 * number);
  file.close();
  const bytes = fs.readFileSync(path());
  for (let at = 0; at < bytes.length; at += Number(bytes.readBigUInt64LE(at + 56)) / 8)
    expect(4096 - (at % 4096)).toBeGreaterThanOrEqual(256);
});

test('where its room ends the file grows by pages that are packets, which then become one', () => {
  const file = open();
  append(file, 0, 10);
  expect([eventBytes(), size()]).toEqual([[140, 0], ROOM_BYTES]);
  const states: string[] = [];
  faults.write = pageByPage(() => {
    const bytes = eventBytes();
    const pages = bytes.filter((count) => count === 0).length;
    states.push(`${bytes.filter((count) => count > 0)} + ${pages} in ${size() / 4096} pages`);
  });
  append(file, 1, LARGE);
  const grown = Array.from({ length: 64 }, (_, page) => `140 + ${page + 2} in ${page + 65} pages`);
  expect([...new Set(states)]).toEqual([
    ...grown,
    '140 + 1 in 128 pages',
    `140,${14 * LARGE} + 1 in 128 pages`,
  ]);
  faults.write = undefined;
  file.close();
  expect([eventBytes(), size()]).toEqual([[140, 14 * LARGE], file.lengthBytes]);
});

test.each([0, 256, 512])('a packet that leaves %i bytes of the room', (left) => {
  const file = open();
  const events = Math.floor((ROOM_BYTES - left - HEAD_BYTES) / 14);
  append(file, 0, events);
  // There is always room for a head.
  expect([file.lengthBytes, size()]).toEqual([ROOM_BYTES - left, left === 0 ? 2 * ROOM_BYTES : ROOM_BYTES]);
  expect(eventBytes()).toEqual([14 * events, 0]);
  append(file, 1, 10);
  expect(eventBytes()).toEqual([14 * events, 140, 0]);
});

// More room, its head, the events, the packet's head, the index.
for (const failing of [1, 2, 3, 4, 5])
  test(`write ${failing} of a packet fails: the file ends with the packet before, and goes on`, () => {
    const file = open();
    append(file, 0, 10);
    let writes = 0;
    faults.write = (next) => (fd, pieces, position) => {
      if (++writes < failing) return next(fd, pieces, position);
      next(fd, [pieces[0]!.subarray(0, 40)], position);
      throw failure('EIO');
    };
    expect(() => append(file, 1, LARGE)).toThrow(/cannot write .*stream-0.*whole up to its last packet/);
    expect([counts(), size()]).toEqual([[10], file.lengthBytes]);
    expect(fs.statSync(join(folder, 'index/stream-0.idx.part')).size).toBe(16 + 72);
    faults.write = pageByPage(eventBytes);
    append(file, 1, 20);
    expect([eventBytes(), size()]).toEqual([[140, 280, 0], ROOM_BYTES]);
    faults.write = undefined;
    file.close();
    expect(counts()).toEqual([10, 20]);
    expect(fs.statSync(join(folder, 'index/stream-0.idx')).size).toBe(16 + 2 * 72);
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
