import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { type Mapping, mapMemory } from './mapping.ts';
import { RecordRingReader } from './record-ring.ts';
import { RecordWriter } from './replay/record-writer.ts';
import type { RecordedEvent } from './target.ts';

const DATA_BYTES = 65_536;
const FIELDS = STRUCTS.hone_ring.fields;
const BASE_NS = 0x1234_5678_9abc_def0n;
/** 25 bytes with its head: one field of each size. */
const event: RecordedEvent = {
  id: 0xbeef,
  fields: [
    { argument: 3, bytes: 1 },
    { argument: 0, bytes: 2 },
    { argument: 1, bytes: 4 },
    { argument: 2, bytes: 8 },
  ],
};
const EVENT_BYTES = 25;

let writer: RecordWriter;
let mapping: Mapping;
let reader: RecordRingReader;

function open(): RecordRingReader {
  return new RecordRingReader(mapping.buffer, writer.event, 'ring 5');
}

beforeEach(() => {
  writer = new RecordWriter(5, DATA_BYTES);
  mapping = mapMemory(writer.fd, {
    plainBytes: ABI.HONE_RECORD_RING_DATA,
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

function append(offsetNs: number, ...args: readonly bigint[]): void {
  const ns = BASE_NS + BigInt(offsetNs);
  const words = new Uint32Array(BigUint64Array.from([...args, 0n, 0n, 0n, 0n]).buffer);
  writer.append(event, Number(ns >> 32n), Number(ns & 0xffff_ffffn), words, 0);
}

/** What stands in the ring's published word. */
function publish(head: bigint, lastBytes: bigint): void {
  new BigUint64Array(mapping.buffer, FIELDS.head.offset, 1)[0] = (lastBytes << 48n) | head;
}

describe('what an honest writer publishes', () => {
  test('arrives as records with the times of the first and the last, and is given back', () => {
    append(7, 0x1_2345n, 0x9_8765_4321n, 0x1122_3344_5566_7788n, 0x1ffn);
    append(9, 1n, 2n, 3n, 4n);
    reader.refresh();
    expect(reader.pendingBytes).toBe(0);
    writer.publish();
    expect(reader.pendingBytes).toBe(0);
    reader.refresh();
    expect(reader.pendingBytes).toBe(2 * EVENT_BYTES);
    expect([reader.firstNs, reader.lastNs]).toEqual([BASE_NS + 7n, BASE_NS + 9n]);
    expect(Buffer.from(reader.borrow(EVENT_BYTES)).toString('hex')).toBe(
      'efbe' + 'f7debc9a78563412' + 'ff' + '4523' + '21436587' + '8877665544332211',
    );
    expect(writer.isDrained).toBe(false);
    reader.release(2 * EVENT_BYTES);
    expect(reader.pendingBytes).toBe(0);
    expect(writer.isDrained).toBe(true);
  });

  test('a record is never older than the one before it', () => {
    append(9);
    append(8);
    writer.publish();
    reader.refresh();
    expect([reader.firstNs, reader.lastNs]).toEqual([BASE_NS + 9n, BASE_NS + 9n]);
  });

  test('looks in between: the first time is that of what is pending', () => {
    for (const round of [1, 2, 3]) {
      append(10 * round);
      append(10 * round + 1);
      writer.publish();
      reader.refresh();
    }
    reader.release(2 * EVENT_BYTES);
    expect([reader.firstNs, reader.lastNs]).toEqual([BASE_NS + 20n, BASE_NS + 31n]);
    reader.release(4 * EVENT_BYTES);
    expect(reader.pendingBytes).toBe(0);
  });

  test('records are contiguous across the end of the data area, and a full ring counts what it refuses', () => {
    const fit = Math.floor(DATA_BYTES / EVENT_BYTES);
    for (let round = 0; round < 7; round++) {
      for (let n = 0; n < fit + 3; n++) append(round, BigInt(n), BigInt(round));
      writer.publish();
      reader.refresh();
      expect(reader.pendingBytes).toBe(fit * EVENT_BYTES);
      expect(writer.lost).toBe(3 * (round + 1));
      const bytes = Buffer.from(reader.borrow(reader.pendingBytes));
      for (let n = 0; n < fit; n++) {
        expect(bytes.readUInt16LE(n * EVENT_BYTES + 11)).toBe(n);
        expect(bytes.readUInt32LE(n * EVENT_BYTES + 13)).toBe(round);
      }
      reader.release(reader.pendingBytes);
    }
  });
});

test('positions in the published word go round at 2^48, the tail does not', () => {
  const dataBytes = 1 << 30;
  // Pages that nobody touches are not there.
  const buffer = new ArrayBuffer(ABI.HONE_RECORD_RING_DATA + 2 * dataBytes);
  const header = new DataView(buffer);
  header.setUint32(FIELDS.magic.offset, ABI.HONE_MAGIC, true);
  header.setUint32(FIELDS.abi_version.offset, ABI.HONE_ABI_VERSION, true);
  header.setUint32(FIELDS.data_bytes.offset, dataBytes, true);
  const large = new RecordRingReader(buffer, { ring: 0, data_bytes: dataBytes }, 'large ring');
  const word = new BigUint64Array(buffer, FIELDS.head.offset, 1);
  const step = BigInt(dataBytes);
  const lengthBits = 10n << 48n;
  let position = 0n;
  while (position < 1n << 48n) {
    position += step;
    word[0] = lengthBits | BigInt.asUintN(48, position);
    large.refresh();
    expect.soft(large.pendingBytes === dataBytes || position).toBe(true);
    large.release(dataBytes);
  }
  word[0] = (25n << 48n) | 35n;
  large.refresh();
  expect(large.pendingBytes).toBe(35);
  large.release(35);
  expect(new BigUint64Array(buffer, FIELDS.tail.offset, 1)[0]).toBe((1n << 48n) + 35n);
}, 60_000);

describe('a hostile writer', () => {
  test.each([
    ['a head beyond the ring', BigInt(DATA_BYTES) + 1n, 25n, /head is 65537, expected 0 to 65536/],
    ['a head that seems to go back', (1n << 48n) - 1n, 25n, /head is 281474976710655/],
    ['a last record without a head', 100n, 9n, /the last record has 9 bytes, expected 10 to 100/],
    ['a last record of nothing', 100n, 0n, /has 0 bytes/],
    ['a last record longer than all', 100n, 101n, /has 101 bytes, expected 10 to 100/],
  ])('%s is refused', (_, head, lastBytes, message) => {
    publish(head, lastBytes);
    expect(() => reader.refresh()).toThrow(message);
    expect(() => reader.refresh()).toThrow(PeerError);
    expect(reader.pendingBytes).toBe(0);
  });

  test('a head that goes back is refused, and what was taken in stays', () => {
    publish(50n, 25n);
    reader.refresh();
    publish(25n, 25n);
    expect(() => reader.refresh()).toThrow(/head is 25, expected 50 to 65536/);
    expect(reader.pendingBytes).toBe(50);
    publish(BigInt(DATA_BYTES) + 1n, 25n);
    expect(() => reader.refresh()).toThrow(/head is 65537, expected 50 to 65536/);
  });

  test('a last record that was taken in before cannot be the last of a later look', () => {
    publish(50n, 50n);
    reader.refresh();
    publish(75n, 26n);
    expect(() => reader.refresh()).toThrow(/has 26 bytes, expected 10 to 25/);
  });

  test.each(['magic', 'abi_version', 'ring', 'data_bytes', 'index_entries'] as const)(
    'a header with another %s is refused',
    (field) => {
      new Uint32Array(mapping.buffer)[FIELDS[field].offset / 4] = 77;
      expect(open).toThrow(new RegExp(`ring 5: ${field} is 77`));
    },
  );

  test('random words never hang and never throw anything else', () => {
    let state = 12345;
    const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0);
    let taken = 0;
    for (let round = 0; round < 5000; round++) {
      const fresh = open();
      for (let look = 0; look < 4; look++) {
        publish(BigInt(random() % (round % 2 === 0 ? 400 : 70_000)), BigInt(random() % 60));
        try {
          fresh.refresh();
          taken += fresh.pendingBytes > 0 && fresh.firstNs >= 0n && fresh.lastNs >= 0n ? 1 : 0;
          if (random() % 2 === 0) fresh.release(fresh.borrow(fresh.pendingBytes).length);
        } catch (error) {
          expect(error).toBeInstanceOf(PeerError);
        }
      }
    }
    expect(taken).toBeGreaterThan(100);
  });
});

describe('our own mistakes', () => {
  test('reading or releasing more than is pending throws', () => {
    append(1);
    writer.publish();
    reader.refresh();
    expect(() => reader.borrow(EVENT_BYTES + 1)).toThrow(RangeError);
    expect(() => reader.release(EVENT_BYTES + 1)).toThrow(RangeError);
  });

  test('a detached reader has nothing pending', () => {
    append(1);
    writer.publish();
    reader.refresh();
    reader.detach();
    reader.refresh();
    expect([reader.pendingBytes, reader.firstNs, reader.lastNs]).toEqual([0, 0n, 0n]);
  });
});

test.each([
  ['goes back', -BigInt(EVENT_BYTES)],
  ['overtakes the head', BigInt(DATA_BYTES)],
])('the writer takes no tail that %s', (_, step) => {
  const fill = () => {
    const before = writer.lost;
    while (writer.lost === before) append(0);
    writer.publish();
    reader.refresh();
  };
  fill();
  reader.release(4 * EVENT_BYTES);
  fill();
  expect(reader.pendingBytes).toBeGreaterThan(DATA_BYTES - EVENT_BYTES);
  new BigUint64Array(mapping.buffer, FIELDS.tail.offset, 1)[0] = BigInt(4 * EVENT_BYTES) + step;
  const { lost } = writer;
  append(0);
  expect(writer.lost).toBe(lost + 1);
});
