import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { FormatError } from '../base/index.ts';
import { encodeEnhancedPacket, encodeSectionHeader } from './encode-blocks.ts';
import { EpbCursor } from './epb-cursor.ts';

// Long for a machine that does other things as well.
vi.setConfig({ testTimeout: 30_000 });

const FULL = encodeEnhancedPacket({
  interfaceId: 3,
  timestamp: 1_704_067_200_123_456_789n,
  data: Uint8Array.of(1, 2, 3, 4, 5),
  originalLength: 1_500,
  options: {
    opt_comment: ['mark 5', 'not this one'],
    epb_flags: 2,
    epb_hash: [
      { tag: 2, bytes: Uint8Array.of(9, 9, 9, 9) },
      { tag: 5, bytes: Uint8Array.of(0xef, 0xbe, 0xad, 0xde) },
    ],
    epb_dropcount: 4n,
    epb_packetid: 0x1122_3344_5566_7788n,
    epb_queue: 7,
  },
});
const PLAIN = encodeEnhancedPacket({ interfaceId: 0, timestamp: 1n, data: new Uint8Array(0) });

/** The blocks in the middle of a larger buffer, so that a mistaken offset would show. */
function inMiddle(...blocks: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat([new Uint8Array(9).fill(0xee), ...blocks, new Uint8Array(9).fill(0xee)]);
  return bytes.subarray(9, bytes.length - 9);
}

test('the fields of each block in turn', () => {
  const cursor = new EpbCursor(inMiddle(FULL, PLAIN));
  expect(cursor.next()).toBe(true);
  expect(cursor).toMatchObject({
    offset: 0,
    blockLength: FULL.length,
    interfaceId: 3,
    seconds: 1_704_067_200,
    nanoseconds: 123_456_789,
    capturedLength: 5,
    originalLength: 1_500,
    dataOffset: 28,
    direction: 'out',
    queue: 7,
    hash: 0xdead_beef,
    packetId: 0x1122_3344_5566_7788n,
    dropCount: 4n,
    comment: 'mark 5',
  });
  expect(cursor.borrowData()).toEqual(Buffer.of(1, 2, 3, 4, 5));
  expect(cursor.next()).toBe(true);
  expect(cursor).toMatchObject({
    offset: FULL.length,
    interfaceId: 0,
    timestampHigh: 0,
    timestampLow: 1,
    capturedLength: 0,
    originalLength: 0,
    direction: undefined,
    queue: undefined,
    hash: undefined,
    packetId: undefined,
    dropCount: undefined,
    comment: undefined,
  });
  expect(cursor.next()).toBe(false);
  expect(cursor.next()).toBe(false);
});

test('options are those of the block at hand, also after a reset to blocks at the same place', () => {
  const cursor = new EpbCursor(FULL);
  cursor.next();
  expect(cursor.queue).toBe(7);
  cursor.reset(PLAIN);
  cursor.next();
  expect(cursor.queue).toBeUndefined();
});

test('a block without any options, not even their end, is whole', () => {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 6, true);
  view.setUint32(4, 32, true);
  view.setUint32(28, 32, true);
  const cursor = new EpbCursor(bytes);
  expect([cursor.next(), cursor.direction, cursor.next()]).toEqual([true, undefined, false]);
});

test.for<[number, string | undefined]>([
  [0, undefined],
  [1, 'in'],
  [2, 'out'],
  [3, undefined],
  [0x11, 'in'],
])('epb_flags %i is direction %s', ([epb_flags, direction]) => {
  const options = { epb_flags };
  const cursor = new EpbCursor(
    encodeEnhancedPacket({ interfaceId: 0, timestamp: 0n, data: new Uint8Array(1), options }),
  );
  cursor.next();
  expect(cursor.direction).toBe(direction);
});

describe('broken blocks throw, with their place', () => {
  const at = FULL.length;
  test.for<[string, (view: DataView) => void, string]>([
    ['another type', (view) => view.setUint32(at, 5, true), 'got block type 5, expected 6'],
    [
      'no length',
      (view) => view.setUint32(at + 4, 0, true),
      'got block length 0, expected a multiple of 4 from 32 to 36',
    ],
    ['too short', (view) => view.setUint32(at + 4, 28, true), 'got block length 28,'],
    ['too long', (view) => view.setUint32(at + 4, 40, true), 'got block length 40,'],
    ['longest', (view) => view.setUint32(at + 4, 0xffff_fffc, true), 'got block length 4294967292,'],
    ['odd', (view) => view.setUint32(at + 4, 34, true), 'got block length 34,'],
    [
      'length at the end',
      (view) => view.setUint32(at + 32, 32, true),
      'got another length at its end, expected 36 again',
    ],
    [
      'captured length',
      (view) => view.setUint32(at + 20, 5, true),
      'got captured length 5, expected at most 4',
    ],
    [
      'huge captured length',
      (view) => view.setUint32(at + 20, 0xffff_ffff, true),
      'got captured length 4294967295,',
    ],
  ])('%s', ([, damage, message]) => {
    const bytes = inMiddle(FULL, PLAIN).slice();
    damage(new DataView(bytes.buffer, bytes.byteOffset, bytes.length));
    const cursor = new EpbCursor(bytes);
    expect(cursor.next()).toBe(true);
    for (let again = 0; again < 2; again++) {
      expect(() => cursor.next()).toThrow(FormatError);
      expect(() => cursor.next()).toThrow(`broken packet block at byte ${at}: ${message}`);
    }
  });

  test('blocks that end early', () => {
    for (let length = FULL.length + 1; length < FULL.length + PLAIN.length; length++) {
      const cursor = new EpbCursor(inMiddle(FULL, PLAIN).subarray(0, length));
      expect(cursor.next()).toBe(true);
      expect(() => cursor.next()).toThrow(FormatError);
    }
  });

  test('an option that does not fit', () => {
    const bytes = FULL.slice();
    new DataView(bytes.buffer).setUint16(36 + 2, 200, true);
    const cursor = new EpbCursor(bytes);
    expect(cursor.next()).toBe(true);
    expect(() => cursor.queue).toThrow(
      `broken packet block at byte 0: got option 1 of 200 bytes, expected at most ${FULL.length - 4 - 40}`,
    );
  });

  test('options of an odd length are passed over', () => {
    const bytes = encodeEnhancedPacket({
      interfaceId: 0,
      timestamp: 0n,
      data: new Uint8Array(0),
      options: { epb_queue: 7 },
    });
    // As epb_packetid, whose length is 8 and not 4.
    new DataView(bytes.buffer).setUint16(28, 5, true);
    const cursor = new EpbCursor(bytes);
    cursor.next();
    expect([cursor.queue, cursor.packetId]).toEqual([undefined, undefined]);
  });

  test('no other block', () => {
    expect(() => new EpbCursor(encodeSectionHeader()).next()).toThrow('got block type 168627466, expected 6');
  });
});

test('whatever the bytes: whole blocks, then the end or a FormatError', () => {
  const good = Buffer.concat([FULL, PLAIN, FULL]);
  const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.nat(good.length), (changes, length) => {
      const bytes = Uint8Array.from(good.subarray(0, length));
      for (const [at, value] of changes) if (at < length) bytes[at] = value;
      const cursor = new EpbCursor(bytes);
      let end = 0;
      try {
        while (cursor.next()) {
          expect(cursor.offset).toBe(end);
          end = cursor.offset + cursor.blockLength;
          expect(end).toBeLessThanOrEqual(length);
          expect(cursor.dataOffset + cursor.capturedLength).toBeLessThanOrEqual(end - 4);
          void cursor.queue;
        }
        expect(end).toBe(length);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        expect(error.offsetBytes).toBeLessThanOrEqual(length);
      }
    }),
    { numRuns: 3_000 },
  );
});
