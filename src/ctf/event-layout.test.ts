import { expect, test } from 'vitest';
import { MemorySource } from './byte-source.ts';
import type { EventCursor } from './event-cursor.ts';
import { openTrace } from './open-trace.ts';

const T0 = 1_700_000_000_000_000_000n;
const FREQUENCY = 1_000_000_000;

/** Two kinds: one of numbers only, one with a text. */
function metadataOf(order: 'le' | 'be', frequency = FREQUENCY): string {
  return `/* CTF 1.8 */
    typealias integer { size = 16; align = 8; } := u16;
    typealias integer { size = 32; align = 8; signed = true; } := s32;
    trace { major = 1; minor = 8; byte_order = ${order}; };
    clock { name = c; freq = ${frequency}; offset_s = 1700000000; offset = 0; };
    typealias integer { size = 64; align = 8; map = clock.c.value; } := time_t;
    stream { event.header := struct { u16 id; time_t timestamp; } align(8); };
    event { id = 0; name = "numbers"; fields := struct {
      u16 a; integer { size = 3; } b; integer { size = 5; } c; s32 d; integer { size = 16; align = 8; byte_order = be; } e;
      enum : integer { size = 8; align = 8; } { X = 1, Y = 2 } f; integer { size = 24; align = 8; } g; u16 h[2]; }; };
    event { id = 1; name = "text"; fields := struct { string s; }; };`;
}

const NUMBERS_BYTES = 10 + 2 + 1 + 4 + 2 + 1 + 3 + 4;

/** Three of numbers, one of text, one of numbers. */
function streamOf(order: 'le' | 'be'): Buffer {
  const isLittle = order === 'le';
  const parts = [0, 1, 2, -1, 3].map((n, index) => {
    const head = Buffer.alloc(10);
    const view = new DataView(head.buffer, head.byteOffset, head.length);
    view.setUint16(0, n < 0 ? 1 : 0, isLittle);
    view.setBigUint64(2, BigInt(100 + index), isLittle);
    if (n < 0) return Buffer.concat([head, Buffer.from('ab\0')]);
    const body = Buffer.alloc(NUMBERS_BYTES - 10, n + 1);
    new DataView(body.buffer, body.byteOffset, body.length).setInt32(3, -n, isLittle);
    return Buffer.concat([head, body]);
  });
  return Buffer.concat(parts);
}

const cursorOf = (metadata: string, stream: Buffer): EventCursor =>
  openTrace(new MemorySource('metadata', Buffer.from(metadata)), [new MemorySource('stream', stream)])
    .cursors[0]!;

test('where the integers of an event lie, and what is behind it in memory', () => {
  const stream = streamOf('le');
  const cursor = cursorOf(metadataOf('le'), stream);
  cursor.next();
  const { layout } = cursor.event;
  expect(layout).toEqual({
    header: { sizeBytes: 10, id: { at: 0, sizeBytes: 2, isSigned: false }, timeAt: 2 },
    sizeBytes: NUMBERS_BYTES,
    fields: [
      ...[{ at: 10, sizeBytes: 2, isSigned: false }, undefined, undefined],
      ...[{ at: 13, sizeBytes: 4, isSigned: true }, undefined],
      ...[{ at: 19, sizeBytes: 1, isSigned: false }, undefined, undefined],
    ],
  });
  for (const n of [0, 1, 2]) {
    const { bytes, timeOffset } = cursor.ahead!()!;
    expect(Buffer.from(bytes).equals(stream.subarray(n * NUMBERS_BYTES))).toBe(true);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    expect(view.getBigUint64(layout!.header.timeAt, true) + timeOffset).toBe(cursor.timeNs);
    expect(view.getInt32(13, true)).toBe(cursor.field('d'));
    expect(cursor.timeNs).toBe(T0 + BigInt(100 + n));
    cursor.next();
  }
  expect(cursor.event).toMatchObject({ name: 'text', layout: undefined });
  expect(cursor.ahead!()).toBeUndefined();
});

test('an event that is gone to is stood on as if it had been come to', () => {
  const [walked, skipped] = [0, 1].map(() => cursorOf(metadataOf('le'), streamOf('le'))) as [
    EventCursor,
    EventCursor,
  ];
  walked.next();
  walked.next();
  walked.next();
  skipped.next();
  skipped.skip!(2 * NUMBERS_BYTES);
  skipped.next();
  expect(skipped.payload()).toEqual(walked.payload());
  expect(skipped.timeNs).toBe(walked.timeNs);
  // To where the next one is of another kind.
  skipped.skip!(NUMBERS_BYTES);
  skipped.next();
  expect([skipped.event.name, skipped.field('s'), skipped.timeNs]).toEqual(['text', 'ab', T0 + 103n]);
  skipped.next();
  expect([skipped.field('d'), skipped.next(), skipped.damage]).toEqual([-3, false, undefined]);
});

test.each([
  ['the other byte order', metadataOf('be'), streamOf('be')],
  ['a clock whose cycle is no nanosecond', metadataOf('le', 1000), streamOf('le')],
])('%s is left to the cursor', (_what, metadata, stream) => {
  const cursor = cursorOf(metadata, stream);
  cursor.next();
  expect(cursor.field('d')).toBe(0);
  expect(cursor.ahead!()).toBeUndefined();
});
