import { describe, expect, test } from 'vitest';
import { FormatError } from '../../base/index.ts';
import { interfaceRow, MAX_INTERFACES, match, NO_TIME } from './layout.ts';
import type { RecordFormat } from './record-format.ts';
import { CaptureWalker, type CaptureWalkerOptions } from './walker.ts';

const pcap: RecordFormat = {
  kind: 'pcap',
  littleEndian: true,
  recordHeaderBytes: 16,
  fractionsPerSecond: 1_000_000,
};
const pcapng: RecordFormat = { ...pcap, kind: 'pcapng' };
const big: RecordFormat = { ...pcapng, littleEndian: false };
const options: CaptureWalkerOptions = { collect: 'list', times: false, dataBytes: 1024, listLength: 8 };

function feed(walker: CaptureWalker, words: readonly number[]): void {
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  walker.borrowRoom().set(bytes);
  walker.filled(bytes.length);
}

/** An Enhanced Packet Block of one word of data with some of its words changed. */
const enhanced = (changes: Readonly<Record<number, number>>): readonly number[] =>
  [6, 36, 0, 0, 0, 4, 60, 0xaabbccdd, 36].map((word, i) => changes[i] ?? word);

/** The same with these words as its options. */
const withOptions = (type: 2 | 6, ...options: readonly number[]): readonly number[] => {
  const length = 36 + 4 * options.length;
  return [type, length, 0, 0, 0, 4, 60, 0xaabbccdd, ...options, length];
};

const swap = (words: readonly number[]): readonly number[] =>
  words.map((word) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, word);
    return view.getUint32(0, true);
  });

describe('what is left to the user', () => {
  for (const [name, format, words] of [
    ['another block', pcapng, [5, 24, 0, 0, 0, 24]],
    ['a block of the other byte order', pcapng, [0x06000000, 0x24000000, 0, 0, 0, 0, 0, 0, 0x24000000]],
    ['a length that is no multiple of 4', pcapng, enhanced({ 1: 35, 5: 3, 7: 0x23bbccdd, 8: 0 })],
    ['a length below the smallest block', pcapng, enhanced({ 1: 12 })],
    ['a length below the packet’s fields', pcapng, [6, 28, 0, 0, 0, 0, 28]],
    ['a length above the memory', pcapng, enhanced({ 1: 1028 })],
    ['a length of all ones', pcapng, enhanced({ 1: 0xfffffffc })],
    ['two lengths that differ', pcapng, enhanced({ 8: 40 })],
    ['more captured than there is', pcapng, enhanced({ 5: 5 })],
    ['captured bytes that wrap', pcapng, enhanced({ 5: 0xffffffff })],
    ['an interface that nobody described', pcapng, enhanced({ 2: 1 })],
    ['an interface far away', pcapng, enhanced({ 2: 0x04000000 })],
    ['an option beyond its block', pcapng, withOptions(6, 0x0004_0002)],
    ['an option that is one byte too long', pcapng, withOptions(6, 0x0005_0002, 1)],
    ['an option of the greatest length', pcapng, withOptions(6, 0xffff_0002, 1)],
    ['a second option beyond its block', pcapng, withOptions(6, 0x0003_0002, 1, 0x0001_0001)],
    ['an option beyond its obsolete block', pcapng, withOptions(2, 0x0004_0002)],
    ['an option beyond its block, big-endian', big, swap(withOptions(6, 0x0002_0004))],
    ['a packet above the limit', pcap, [0, 0, 101, 101]],
    ['a packet above the memory', pcap, [0, 0, 0xffffffff, 60]],
  ] as const) {
    test(name, () => {
      const walker = new CaptureWalker(format, options);
      walker.addInterface({ filter: 'all', snaplen: 100 });
      feed(walker, words);
      const at = walker.position;
      expect(walker.walk()).toBe('other');
      expect([walker.position, walker.listed, walker.totals.seen]).toEqual([at, 0, 0]);
    });
  }
});

describe('options that fit their block', () => {
  for (const [name, format, words] of [
    ['none, but the end of them', pcapng, withOptions(6, 0)],
    ['one, not ended', pcapng, withOptions(6, 0x0004_0002, 1)],
    ['one with padding, ended', pcapng, withOptions(6, 0x0001_0001, 0x41, 0)],
    ['one without a value', pcapng, withOptions(6, 1)],
    ['whatever follows their end', pcapng, withOptions(6, 0x0004_0002, 1, 0, 0xffff_0002)],
    ['of an obsolete packet', pcapng, withOptions(2, 0x0004_0002, 1, 0)],
    ['big-endian', big, swap(withOptions(6, 0x0002_0004, 1, 0))],
  ] as const) {
    test(name, () => {
      const walker = new CaptureWalker(format, options);
      walker.addInterface({ filter: 'all', snaplen: 0 });
      feed(walker, words);
      expect([walker.walk(), walker.listed, walker.position]).toEqual(['more', 1, walker.end]);
    });
  }
});

test('a list entry has all there is to know of a packet', () => {
  const walker = new CaptureWalker(pcapng, options);
  walker.addInterface({ filter: 'none', snaplen: 0 });
  walker.addInterface({ filter: 'all', snaplen: 0 });
  feed(walker, [...enhanced({}), ...enhanced({ 2: 1, 3: 7, 4: 8 }), 3, 20, 2, 0x1122, 20]);
  const start = walker.position;
  expect(walker.walk()).toBe('more');
  expect(walker.listed).toBe(1);
  const field = (offset: number): number => walker.view.getUint32(walker.matchAt(0) + offset, true);
  expect(field(match.record)).toBe(start + 36);
  expect(field(match.recordLength)).toBe(36);
  expect(field(match.data)).toBe(start + 36 + 28);
  expect([field(match.capturedLength), field(match.originalLength), field(match.interface)]).toEqual([
    4, 60, 1,
  ]);
  expect(walker.view.getBigUint64(walker.matchAt(0) + match.time, true)).toBe((7n << 32n) | 8n);
  expect(walker.totals).toEqual({ seen: 3, matched: 1, capturedBytes: 4, originalBytes: 60 });
});

test('a simple packet has no time, and the length of its interface’s limit', () => {
  const walker = new CaptureWalker(pcapng, { ...options, times: true });
  walker.addInterface({ filter: 'all', snaplen: 3 });
  feed(walker, [3, 24, 60, 0x1122, 0, 24]);
  expect(walker.walk()).toBe('more');
  expect(walker.view.getUint32(walker.matchAt(0) + match.capturedLength, true)).toBe(3);
  expect(walker.view.getBigUint64(walker.matchAt(0) + match.time, true)).toBe(NO_TIME);
  expect(walker.timesOf(0)).toBeUndefined();
});

test('interfaces beyond the table stop the walk', () => {
  const walker = new CaptureWalker(pcapng, options);
  for (let i = 0; i <= MAX_INTERFACES; i++) walker.addInterface({ filter: 'all', snaplen: 0 });
  feed(walker, [...enhanced({ 2: MAX_INTERFACES - 1 }), ...enhanced({ 2: MAX_INTERFACES })]);
  expect(walker.walk()).toBe('other');
  expect(walker.listed).toBe(1);
});

test('a new section knows no interfaces', () => {
  const walker = new CaptureWalker(pcapng, options);
  walker.addInterface({ filter: 'all', snaplen: 0 });
  feed(walker, [...enhanced({}), ...enhanced({})]);
  expect(walker.walk({ seen: 1 })).toBe('limit');
  walker.startSection(true);
  expect(walker.walk()).toBe('other');
});

test('a filter that is no program is refused', () => {
  const walker = new CaptureWalker(pcap, options);
  expect(() => walker.addFilter([{ code: 0x05, jt: 0, jf: 0, k: 7 }])).toThrow(FormatError);
});

test('rows of the table hold all their fields', () => {
  expect(Math.max(...Object.values(interfaceRow)) + 8).toBeLessThanOrEqual(64);
});

describe('blocks of a pcap file’s packets', () => {
  // Around words, the padding, and the length from which on the engine copies.
  const lengths = [0, 1, 2, 3, 4, 5, 7, 8, 9, 60, 64, 97, 255, 256, 257, 300];
  const record = (length: number, i: number, littleEndian: boolean): Buffer => {
    const bytes = Buffer.alloc(16 + length, i + 1);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    [1_700_000_000, i, length, length + 7].forEach((word, place) => {
      view.setUint32(place * 4, word, littleEndian);
    });
    return bytes;
  };
  /** The layout of pcapng, section 4.3: the fixed words, the padded data, the length again; no options. */
  const block = (length: number, i: number): Buffer => {
    const total = 32 + Math.ceil(length / 4) * 4;
    const bytes = Buffer.alloc(total);
    const time = 1_700_000_000_000_000n + BigInt(i);
    const words = [6, total, 0, Number(time >> 32n), Number(time & 0xffff_ffffn), length, length + 7];
    words.forEach((word, place) => {
      bytes.writeUInt32LE(word, place * 4);
    });
    bytes.fill(i + 1, 28, 28 + length);
    bytes.writeUInt32LE(total, total - 4);
    return bytes;
  };
  const wanted = lengths.map(block);
  const fits = Math.max(...lengths) + 16;

  for (const [name, littleEndian, dataBytes] of [
    ['all in one go', true, 1 << 16],
    ['of the other byte order', false, 1 << 16],
    ['read in pieces that hold little more than the longest', true, fits],
  ] as const) {
    test(name, () => {
      const walker = new CaptureWalker(
        { ...pcap, littleEndian },
        { ...options, collect: 'blocks', dataBytes },
      );
      walker.addInterface({ filter: 'all', snaplen: 262_144 });
      const file = Buffer.concat(lengths.map((length, i) => record(length, i, littleEndian)));
      const taken: Buffer[] = [];
      for (let fed = 0; fed < file.length; ) {
        const room = walker.borrowRoom();
        const piece = file.subarray(fed, fed + room.length);
        room.set(piece);
        walker.filled(piece.length);
        fed += piece.length;
        for (let stop = 'full'; stop === 'full'; ) {
          stop = walker.walk();
          expect(stop).toMatch(/more|full/);
          const blocks = walker.takeRecords();
          taken.push(Buffer.from(blocks));
          // What was there before must not shine through the padding.
          blocks.fill(0xee);
        }
      }
      expect(Buffer.concat(taken).toString('hex')).toBe(Buffer.concat(wanted).toString('hex'));
    });
  }

  test('the walk stops when they are to be taken, and goes on with the packet that had no room', () => {
    const dataBytes = 512;
    const walker = new CaptureWalker(pcap, { ...options, collect: 'blocks', dataBytes });
    walker.addInterface({ filter: 'all', snaplen: 262_144 });
    // 32 records without bytes fill the memory; their blocks are twice as long.
    const file = Buffer.concat(Array.from({ length: 32 }, (_, i) => record(0, i, true)));
    walker.borrowRoom().set(file);
    walker.filled(file.length);
    const taken: Buffer[] = [];
    for (let stop = 'full'; stop === 'full'; taken.push(Buffer.from(walker.takeRecords())))
      stop = walker.walk();
    expect(taken.length).toBe(2);
    expect(walker.totals).toEqual({ seen: 32, matched: 32, capturedBytes: 0, originalBytes: 32 * 7 });
    const all = Array.from({ length: 32 }, (_, i) => block(0, i));
    expect(Buffer.concat(taken).toString('hex')).toBe(Buffer.concat(all).toString('hex'));
  });
});
