/** Random classes and values through metadata and bytes, and back; and what damage does to them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { type ByteSource, MemorySource } from './byte-source.ts';
import type { EventCursor } from './event-cursor.ts';
import { openTrace } from './open-trace.ts';
import { type RandomTrace, randomTrace } from './random-trace-fixture.ts';

const forms = [
  { version: '1.8', littleEndian: true },
  { version: '1.8', littleEndian: false },
  { version: '2', littleEndian: true },
  { version: '2', littleEndian: false },
] as const;

const seed = fc.integer({ min: 0, max: 2 ** 31 - 2 });
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function cursorOf({ metadata, stream }: RandomTrace): EventCursor {
  const trace = openTrace(new MemorySource('metadata', bytesOf(metadata)), [
    new MemorySource('stream', stream),
  ]);
  return trace.cursors[0]!;
}

describe.each(forms)('CTF $version, little-endian $littleEndian', (form) => {
  test('values come back', () => {
    fc.assert(
      fc.property(seed, (number) => {
        const trace = randomTrace(number, form);
        const cursor = cursorOf(trace);
        for (const { name, timeNs, payload, context } of trace.events) {
          expect([cursor.next(), cursor.damage]).toEqual([true, undefined]);
          expect(cursor.event.name).toBe(name);
          expect(cursor.timeNs).toBe(timeNs);
          expect(cursor.payload()).toEqual(payload);
          expect(cursor.context()).toEqual(context);
        }
        expect([cursor.next(), cursor.damage]).toEqual([false, undefined]);
      }),
      { numRuns: 150 },
    );
  });

  test('fields come in any order, and as often as one asks', () => {
    fc.assert(
      fc.property(seed, fc.array(fc.nat(20), { maxLength: 12 }), (number, order) => {
        const trace = randomTrace(number, form);
        const cursor = cursorOf(trace);
        for (const { payload } of trace.events) {
          cursor.next();
          const names = cursor.event.fieldNames;
          expect(cursor.fieldAt(-1)).toBeUndefined();
          expect(cursor.fieldAt(names.length)).toBeUndefined();
          expect(new Set(Object.keys(cursor.context()))).toEqual(new Set(cursor.event.contextNames));
          for (const index of order) {
            const name = names[index % Math.max(names.length, 1)];
            if (name === undefined) break;
            const wanted = (payload as Record<string, unknown>)[name];
            expect(cursor.field(name)).toEqual(wanted);
            expect(cursor.fieldAt(names.indexOf(name))).toEqual(wanted);
          }
        }
      }),
      { numRuns: 80 },
    );
  });

  test('damaged streams end with a reason, and give what is before', () => {
    fc.assert(
      fc.property(seed, fc.nat(), fc.nat(255), fc.nat(), (number, place, value, cut) => {
        const trace = randomTrace(number, form);
        const stream = trace.stream.slice(0, cut % 4 === 0 ? cut % trace.stream.length : undefined);
        if (stream.length > 0) stream[place % stream.length] = value;
        const cursor = cursorOf({ ...trace, stream });
        let count = 0;
        while (cursor.next()) {
          count++;
          cursor.payload();
          cursor.context();
          void cursor.timeNs;
        }
        expect(count).toBeLessThanOrEqual(stream.length * 8);
        expect(cursor.next()).toBe(false);
        if (cursor.damage !== undefined)
          expect(cursor.damage).toMatch(/^stream: (packet|event) at byte \d+: .+/);
      }),
      { numRuns: 150 },
    );
  });

  test('damaged metadata is refused in one line, or read', () => {
    fc.assert(
      fc.property(seed, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(8), (number, place, text, length) => {
        const trace = randomTrace(number, form);
        const at = place % trace.metadata.length;
        const metadata = trace.metadata.slice(0, at) + text + trace.metadata.slice(at + length);
        try {
          const cursor = cursorOf({ ...trace, metadata });
          while (cursor.next()) cursor.payload();
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
          expect((error as FormatError).message).toMatch(/^metadata: [^\n]+$/);
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** A stream whose window is moved at every event: reads give what they must and no more. */
class SmallSource implements ByteSource {
  readonly name = 'small';
  readonly #inner: MemorySource;
  readonly sizeBytes: number;
  reads = 0;

  constructor(bytes: Uint8Array) {
    this.#inner = new MemorySource('small', bytes);
    this.sizeBytes = bytes.length;
  }

  read(into: Uint8Array, offset: number): number {
    this.reads++;
    return this.#inner.read(into, offset);
  }
}

test('a packet larger than the window is read through it', () => {
  const metadata = `/* CTF 1.8 */
    trace { byte_order = le; packet.header := struct { integer { size = 32; } magic; }; };
    stream { event.header := struct { integer { size = 8; } id; } align(64); };
    event { id = 0; fields := struct { integer { size = 32; } n; integer { size = 8; } b[n]; string s; }; };`;
  const parts: Buffer[] = [Buffer.from([0xc1, 0x1f, 0xfc, 0xc1, 0, 0, 0, 0])];
  const lengths = Array.from({ length: 300 }, (_, index) => (index * 7919) % 5000);
  lengths[100] = 700_000;
  for (const length of lengths) {
    const size = Math.ceil((5 + length + 3) / 8) * 8;
    const event = Buffer.alloc(size, 1);
    event[0] = 0;
    event.writeUInt32LE(length, 1);
    event.write('ab\0', 5 + length);
    parts.push(event);
  }
  const source = new SmallSource(Buffer.concat(parts));
  const [cursor] = openTrace(new MemorySource('metadata', bytesOf(metadata)), [source]).cursors;
  const seen: number[] = [];
  while (cursor!.next()) {
    seen.push(cursor!.field('n') as number);
    expect(cursor!.field('s')).toBe('ab');
  }
  expect(cursor!.damage).toBe(undefined);
  expect(seen).toEqual(lengths);
  expect(source.reads).toBeLessThan(30);
});
