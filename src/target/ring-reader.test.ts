import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { type Mapping, mapMemory } from './mapping.ts';
import { RingWriter } from './replay/ring-writer.ts';
import { RingReader } from './ring-reader.ts';
import { ringDataOffset } from './start-message.ts';

const DATA_BYTES = 65_536;
const BASE_NS = 1_700_000_000_123_456_789n;
const FIELDS = STRUCTS.hone_ring.fields;

let writer: RingWriter;
let mapping: Mapping;
let reader: RingReader;

function open(): RingReader {
  return new RingReader(mapping.buffer, writer.event, BASE_NS, 'ring 5');
}

beforeEach(() => {
  writer = new RingWriter(5, DATA_BYTES);
  mapping = mapMemory(writer.fd, {
    plainBytes: ringDataOffset(DATA_BYTES),
    mirroredBytes: DATA_BYTES,
    writer: false,
  });
  reader = open();
});

afterEach(() => {
  reader.detach();
  mapping.close();
  writer.close();
});

/** A burst of `packets` blocks of 64 bytes, each filled with `fill`. */
function writeBurst(offsetNs: number, packets: number, fill: number): boolean {
  for (let n = 0; n < packets; n++) {
    const at = writer.reserve(64);
    if (at < 0) return false;
    writer.data.fill(fill, at, at + 64);
    writer.commit(64);
  }
  const timestamp = BASE_NS + BigInt(offsetNs);
  writer.publish(Number(timestamp >> 32n), Number(timestamp & 0xffffffffn), packets);
  return true;
}

function word64(field: 'head' | 'index_head' | 'tail' | 'index_tail', value: bigint): void {
  new BigUint64Array(writer.buffer, FIELDS[field].offset, 1)[0] = value;
}

function entry(n: number, bytes: number, packets: number): void {
  const at = ABI.HONE_RING_INDEX + n * STRUCTS.hone_index_entry.size;
  const view = new DataView(writer.buffer, at);
  view.setUint32(8, bytes, true);
  view.setUint32(12, packets, true);
}

describe('what an honest writer publishes', () => {
  test('arrives as bursts with times, sizes and bytes, and is given back', () => {
    expect(reader.pendingBursts).toBe(0);
    writeBurst(1_000, 2, 0xaa);
    writeBurst(5_000_000_000, 1, 0xbb);
    expect(reader.pendingBursts).toBe(0);
    reader.refresh();
    expect(reader.pendingBursts).toBe(2);
    expect(reader.pendingBytes).toBe(192);
    expect([reader.burstTime(0), reader.burstBytes(0), reader.burstPackets(0)]).toEqual([1_000, 128, 2]);
    expect([reader.burstTime(1), reader.burstBytes(1), reader.burstPackets(1)]).toEqual([
      5_000_000_000, 64, 1,
    ]);
    expect(reader.borrow(192)).toEqual(new Uint8Array(192).fill(0xaa, 0, 128).fill(0xbb, 128));
    expect(writer.isDrained).toBe(false);
    reader.release(1, 128);
    expect(reader.borrow(64)[0]).toBe(0xbb);
    expect(reader.burstTime(0)).toBe(5_000_000_000);
    reader.release(1, 64);
    expect(writer.isDrained).toBe(true);
    expect(reader.writerTid).toBe(process.pid);
  });

  test('a time before the base is negative', () => {
    writeBurst(-7, 1, 0);
    reader.refresh();
    expect(reader.burstTime(0)).toBe(-7);
  });

  test('is contiguous across the end of the data area', () => {
    for (let round = 0; round < 40; round++) {
      expect(writeBurst(round, 41, round)).toBe(true);
      reader.refresh();
      expect(reader.borrow(41 * 64).every((byte) => byte === round)).toBe(true);
      reader.release(1, 41 * 64);
    }
  });

  test('fills the ring exactly, and not one block more', () => {
    let bursts = 0;
    while (writeBurst(bursts, 1, 1)) bursts++;
    expect(bursts).toBe(DATA_BYTES / 64);
    reader.refresh();
    expect(reader.pendingBytes).toBe(DATA_BYTES);
    reader.release(1, 64);
    expect(writer.reserve(64)).toBe(0);
    expect(writer.reserve(128)).toBe(-1);
  });

  test('is idle only between bursts', () => {
    reader.refresh();
    expect(reader.idle).toBe(true);
    writer.setActive(true);
    reader.refresh();
    expect(reader.idle).toBe(false);
    writer.setActive(false);
    reader.refresh();
    expect(reader.idle).toBe(true);
  });

  test('an entry whose bytes are not published yet waits', () => {
    writeBurst(1, 1, 1);
    entry(1, 64, 1);
    word64('index_head', 2n);
    reader.refresh();
    expect(reader.pendingBursts).toBe(1);
    word64('head', 128n);
    reader.refresh();
    expect(reader.pendingBursts).toBe(2);
  });
});

describe('a hostile writer', () => {
  test.each([
    ['a head beyond the ring', () => word64('head', BigInt(DATA_BYTES) + 4n), /head is 65540/],
    ['a head that no number holds', () => word64('head', 0xffff_ffff_ffff_fff0n), /head is 1844/],
    ['an index head beyond the index', () => word64('index_head', 1025n), /index_head is 1025/],
    ['bytes without an entry', () => word64('head', 64n), /64 bytes have no entry/],
    ['a burst larger than what is published', () => publish(64n, 1n, 128, 1), /a burst has 128 bytes/],
    ['a burst of odd size', () => publish(66n, 1n, 66, 1), /a burst has 66 bytes/],
    ['an empty burst', () => publish(64n, 1n, 0, 1), /a burst has 0 bytes/],
    ['more packets than fit', () => publish(64n, 1n, 64, 2), /has 2 packets/],
    ['no packets', () => publish(64n, 1n, 64, 0), /has 0 packets/],
    ['entries that end before the head', () => publish(128n, 1n, 64, 1), /64 bytes have no entry/],
  ])('%s is refused', (_, corrupt, message) => {
    corrupt();
    expect(() => reader.refresh()).toThrow(message);
    expect(() => reader.refresh()).toThrow(PeerError);
  });

  function publish(head: bigint, indexHead: bigint, bytes: number, packets: number): void {
    entry(0, bytes, packets);
    word64('head', head);
    word64('index_head', indexHead);
  }

  test('a head that goes back is refused', () => {
    writeBurst(1, 2, 1);
    reader.refresh();
    word64('head', 64n);
    expect(() => reader.refresh()).toThrow(/head is 64, expected 128/);
  });

  test('what was taken in does not change any more', () => {
    writeBurst(1, 1, 1);
    reader.refresh();
    entry(0, 4096, 9);
    expect(reader.burstBytes(0)).toBe(64);
    expect(reader.burstPackets(0)).toBe(1);
  });

  test.each(['magic', 'abi_version', 'ring', 'data_bytes', 'index_entries'] as const)(
    'a header with another %s is refused',
    (field) => {
      new Uint32Array(writer.buffer)[FIELDS[field].offset / 4] = 77;
      expect(open).toThrow(new RegExp(`ring 5: ${field} is 77`));
    },
  );

  test('random words never hang and never throw anything else', () => {
    let state = 12345;
    const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0);
    for (let round = 0; round < 3000; round++) {
      const fresh = open();
      for (let n = 0; n < 4; n++) entry(n, random() % 300, random() % 5);
      word64('head', BigInt(random() % 400));
      word64('index_head', BigInt(random() % 6));
      try {
        fresh.refresh();
        fresh.release(fresh.pendingBursts, fresh.borrow(fresh.pendingBytes).length);
      } catch (error) {
        expect(error).toBeInstanceOf(PeerError);
      }
    }
  });
});

describe('our own mistakes', () => {
  test('reading or releasing more than is pending throws', () => {
    writeBurst(1, 1, 1);
    reader.refresh();
    expect(() => reader.borrow(65)).toThrow(RangeError);
    expect(() => reader.release(2, 64)).toThrow(RangeError);
    expect(() => reader.release(1, 63)).toThrow(RangeError);
    expect(() => reader.burstTime(1)).toThrow(RangeError);
  });

  test('a detached reader has nothing pending', () => {
    writeBurst(1, 1, 1);
    reader.refresh();
    reader.detach();
    expect(reader.pendingBytes).toBe(0);
    expect(reader.pendingBursts).toBe(0);
  });
});

describe('the writer', () => {
  test.each([
    ['goes back', -64n],
    ['overtakes the head', BigInt(DATA_BYTES)],
  ])('takes no tail that %s', (_, step) => {
    while (writeBurst(0, 1, 1));
    reader.refresh();
    reader.release(2, 128);
    expect(writer.reserve(64)).toBe(0);
    writer.commit(64);
    writer.publish(0, 0, 1);
    expect(writer.reserve(64)).toBe(64);
    word64('tail', 128n + step);
    expect(writer.reserve(128)).toBe(-1);
  });
});
