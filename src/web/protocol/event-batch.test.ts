import { describe, expect, test } from 'vitest';
import { createEventBatch, decodeEventBatch, VALUES } from './event-batch.ts';

describe('batches of events', () => {
  test('come back as they were made', () => {
    const made = createEventBatch(3, 0xffff_fffe);
    made.times.set([0, 1.5, 2 ** 50]);
    made.values.set(Array.from({ length: 3 * VALUES }, (_, n) => 2 ** 53 - n));
    made.lanes.set([0, 127, 0xffff_ffff]);
    const read = decodeEventBatch(made.bytes.buffer as ArrayBuffer);
    expect([read.count, read.request]).toEqual([3, 0xffff_fffe]);
    expect([...read.times]).toEqual([0, 1.5, 2 ** 50]);
    expect([...read.values]).toEqual([...made.values]);
    expect([...read.lanes]).toEqual([0, 127, 0xffff_ffff]);
  });

  test.each([0, 4, 7, 9, 52])('%d bytes are none', (length) => {
    const bytes = new ArrayBuffer(length);
    if (length >= 8) new DataView(bytes).setUint32(0, 2, true);
    expect(() => decodeEventBatch(bytes)).toThrow(/events: got/);
  });
});
