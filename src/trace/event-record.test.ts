import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import type { EventPlan } from '../script/index.ts';
import { eventOf } from './event-record.ts';
import { MemoryRing } from './memory-ring.ts';
import { RingEvents } from './ring-events.ts';

const plans: readonly EventPlan[] = [
  { kind: 'exit' },
  {
    kind: 'printf',
    format: '%s',
    fields: [{ type: { kind: 'text', bytes: 64 }, offset: 8 }],
  },
  { kind: 'value', field: { type: { kind: 'integer', isSigned: true }, offset: 8 } },
];

const record = (event: number, lengthBytes: number) => {
  const bytes = new Uint8Array(lengthBytes);
  bytes[0] = event;
  return bytes;
};

describe('a record', () => {
  test.each([
    [0, 8, 'exit'],
    [1, 72, 'printf'],
    [2, 16, 'value'],
  ])('of event %d with %d bytes is %s', (event, length, kind) => {
    expect(eventOf(plans, record(event, length)).kind).toBe(kind);
  });

  test.each([
    [3, 72, 'an event has the number 3'],
    [0, 4, 'an event has the number -1'],
    [1, 64, 'a printf event has 64 bytes, expected 72'],
    [2, 8, 'a value event has 8 bytes, expected 16'],
  ])('of event %d with %d bytes is refused', (event, length, message) => {
    expect(() => eventOf(plans, record(event, length))).toThrow(new PeerError('PEER_PROTOCOL', message));
  });
});

/** A ring whose bytes are anybody's. */
class HostileRing extends MemoryRing {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(1);
    this.#bytes = bytes;
    this.put(1, new Uint8Array(Math.max(0, bytes.length - 8)));
  }

  override borrow(bytes: number): Uint8Array {
    const copy = new Uint8Array(bytes);
    copy.set(this.#bytes.subarray(0, bytes));
    return copy;
  }
}

test('whatever a ring holds, only PeerError comes of it', () => {
  const word = fc.oneof(fc.constantFrom(0, 7, 8, 12, 16, 24, 0xffff_ffff), fc.nat(200));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 20 }), (list) => {
      const ring = new HostileRing(new Uint8Array(Uint32Array.from(list).buffer));
      try {
        for (const event of new RingEvents(0n).take([ring], undefined)) eventOf(plans, event.record);
      } catch (error) {
        expect(error).toBeInstanceOf(PeerError);
      }
    }),
  );
});

test('the room of events is given back when the next are taken', () => {
  const ring = new MemoryRing(1);
  const events = new RingEvents(1000n);
  ring.put(5, record(0, 8));
  expect(events.take([ring], undefined)).toMatchObject([{ timeNs: 1005n }]);
  expect(ring.pendingBursts).toBe(1);
  expect(events.take([ring], undefined)).toEqual([]);
  expect(ring.pendingBursts).toBe(0);
});
