import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { EpbCursor, encodeEnhancedPacket } from '../../pcapng/index.ts';
import { DisplayFilter } from './display-filter.ts';
import { PacketWindow } from './packet-window.ts';

/** An Ethernet frame whose EtherType tells odd from even, and which holds its number. */
function frameOf(number: number): Uint8Array {
  const frame = new Uint8Array(60);
  const view = new DataView(frame.buffer);
  view.setUint16(12, number % 2 === 0 ? 0x0806 : 0x86dd);
  view.setUint32(14, number);
  return frame;
}

function blocksOf(from: number, to: number): Uint8Array {
  return Buffer.concat(
    Array.from({ length: to - from }, (_, n) =>
      encodeEnhancedPacket({ interfaceId: 0, timestamp: BigInt(from + n), data: frameOf(from + n) }),
    ),
  );
}

const numberOf = (cursor: EpbCursor) => {
  const bytes = cursor.borrowData();
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(14);
};

function numbersOf(window: PacketWindow, from: number, to: number): number[] {
  const numbers: number[] = [];
  window.visit(from, to, (cursor, packet) => {
    expect(numberOf(cursor)).toBe(packet);
    numbers.push(packet);
    return true;
  });
  return numbers;
}

let window: PacketWindow;
afterEach(() => window.close());

const BLOCK_BYTES = blocksOf(0, 1).length;
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);

describe('the newest packets of a capture', () => {
  test.each([
    [0, 1],
    [63, 65],
    [64, 128],
    [199, 210],
    [0, 1000],
    [950, 2000],
    [1000, 1001],
  ])('packets from %d to %d', (from, to) => {
    window = new PacketWindow({ mostBytes: 1 << 30, segmentBytes: 100 * BLOCK_BYTES });
    for (let n = 0; n < 1000; n += 50) window.put(blocksOf(n, n + 50));
    expect(window.packets).toBe(1000);
    expect(numbersOf(window, from, to)).toEqual(range(Math.min(from, 1000), Math.min(to, 1000)));
  });

  test('the oldest make room, and a bound is kept', () => {
    window = new PacketWindow({ mostBytes: 300 * BLOCK_BYTES, segmentBytes: 100 * BLOCK_BYTES });
    for (let n = 0; n < 5000; n += 50) {
      window.put(blocksOf(n, n + 50));
      expect(window.heldBytes).toBeLessThanOrEqual(300 * BLOCK_BYTES);
    }
    expect(window.firstPacket).toBeGreaterThanOrEqual(4700);
    expect(numbersOf(window, 0, 9999)).toEqual(range(window.firstPacket, 5000));
  });

  test('what is being read stays, whatever comes in meanwhile', () => {
    window = new PacketWindow({ mostBytes: 200 * BLOCK_BYTES, segmentBytes: 100 * BLOCK_BYTES });
    window.put(blocksOf(0, 100));
    window.put(blocksOf(100, 150));
    const pieces: Uint8Array[] = [];
    for (const piece of window.blocks()) {
      pieces.push(piece);
      window.put(blocksOf(window.packets, window.packets + 100));
      window.put(blocksOf(window.packets, window.packets + 100));
    }
    const cursor = new EpbCursor();
    cursor.reset(Buffer.concat(pieces));
    const numbers: number[] = [];
    while (cursor.next()) numbers.push(numberOf(cursor));
    expect(numbers).toEqual(range(0, 150));
    expect(window.firstPacket).toBeGreaterThan(0);
  });

  test('no file has a name', () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('hone-web-'));
    window = new PacketWindow({ mostBytes: 1 << 20 });
    window.put(blocksOf(0, 10));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('hone-web-'))).toEqual(before);
  });
});

describe('a display filter', () => {
  test('finds what matches, as packets come and go', () => {
    window = new PacketWindow({ mostBytes: 300 * BLOCK_BYTES, segmentBytes: 100 * BLOCK_BYTES });
    const filter = new DisplayFilter('arp');
    const even = (from: number, to: number) => range(from, to).filter((n) => n % 2 === 0);
    window.put(blocksOf(0, 100));
    while (filter.advance(window));
    expect([filter.firstRow, filter.endRow]).toEqual([0, 50]);
    expect(filter.packetsOf(0, 50)).toEqual(even(0, 100));
    expect(filter.packetsOf(49, 60)).toEqual([98]);
    for (let n = 100; n < 5000; n += 100) {
      window.put(blocksOf(n, n + 100));
      while (filter.advance(window));
    }
    expect(filter.endRow).toBe(2500);
    expect(filter.firstRow).toBe(window.firstPacket / 2);
    expect(filter.packetsOf(0, 2500)).toEqual(even(window.firstPacket, 5000));
    expect(filter.packetsOf(filter.firstRow + 3, filter.firstRow + 4)).toEqual([window.firstPacket + 6]);
  });

  test('one that does not compile is refused', () => {
    window = new PacketWindow({ mostBytes: 1 << 20 });
    expect(() => new DisplayFilter('tcp prot 80')).toThrow(/\^/);
  });
});
