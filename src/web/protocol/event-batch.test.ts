import { describe, expect, test } from 'vitest';
import { ARGUMENTS, createEventBatch, decodeEventBatch, NO_LCORE } from './event-batch.ts';

describe('batches of events', () => {
  test('come back as they were made', () => {
    const made = createEventBatch(3);
    made.times.set([0, 1.5, 2 ** 50]);
    made.arguments.set(Array.from({ length: 3 * ARGUMENTS }, (_, n) => 0xffff_ff00 + n));
    made.points.set([0, 1, 2]);
    made.lcores.set([0, 127, NO_LCORE]);
    const read = decodeEventBatch(made.bytes.buffer as ArrayBuffer);
    expect(read.count).toBe(3);
    expect([...read.times]).toEqual([0, 1.5, 2 ** 50]);
    expect([...read.arguments]).toEqual([...made.arguments]);
    expect([...read.points]).toEqual([0, 1, 2]);
    expect([...read.lcores]).toEqual([0, 127, NO_LCORE]);
  });

  test.each([0, 4, 7, 9, 36])('%d bytes are none', (length) => {
    const bytes = new ArrayBuffer(length);
    if (length >= 8) new DataView(bytes).setUint32(0, 2, true);
    expect(() => decodeEventBatch(bytes)).toThrow(/events: got/);
  });
});
