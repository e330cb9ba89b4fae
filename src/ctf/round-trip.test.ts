/** Recordings, written and read again in both versions of the metadata. */
import { describe, expect, test } from 'vitest';
import { MemorySource } from './byte-source.ts';
import { encodePacketHead } from './encode-packet-head.ts';
import { EventEncoder } from './event-encoder.ts';
import { EnumerationValue } from './field-value.ts';
import { formatRecordingMetadata } from './format-recording-metadata.ts';
import { openTrace, type Trace } from './open-trace.ts';
import type { PacketHead, RecordingShape } from './recording-shape.ts';

const shape = {
  uuid: Uint8Array.from({ length: 16 }, (_, index) => index + 1),
  environment: { hostname: 'here', count: 3 },
  events: [
    {
      id: 1,
      name: 'first',
      logLevel: 13,
      fields: [
        { name: 'port', type: { kind: 'integer', bytes: 2, isSigned: false, base: 10 } },
        { name: 'text', type: { kind: 'text' } },
        {
          name: 'state',
          type: {
            kind: 'integer',
            bytes: 1,
            isSigned: true,
            base: 10,
            labels: [{ label: 'off', value: -1 }],
          },
        },
        { name: 'wide', type: { kind: 'integer', bytes: 8, isSigned: true, base: 10 } },
        { name: 'load', type: { kind: 'float', bytes: 8 } },
      ],
    },
    { id: 300, name: 'second', logLevel: 6, fields: [] },
  ],
} as const satisfies RecordingShape;
const [first, second] = shape.events;
const START = 1_700_000_000_000_000_000n;

function head(more: Partial<PacketHead>): PacketHead {
  return {
    streamInstance: 4,
    beginNs: START,
    endNs: START + 9n,
    eventBytes: 0,
    sequenceNumber: 0,
    eventsDiscarded: 0n,
    cpu: 1,
    lcore: undefined,
    tid: 9,
    threadName: 'w',
    ...more,
  };
}

function packet(encoder: EventEncoder, more: Partial<PacketHead>): Uint8Array[] {
  const events = encoder.borrowBytes().slice();
  encoder.clear();
  return [encodePacketHead(shape.uuid, head({ ...more, eventBytes: events.length })), events];
}

function open(version: '1.8' | '2', ...streams: Uint8Array[]): Trace {
  const metadata = new TextEncoder().encode(formatRecordingMetadata(shape, version));
  return openTrace(
    new MemorySource('metadata', metadata),
    streams.map((bytes, index) => new MemorySource(`stream ${index}`, bytes)),
  );
}

describe.each(['1.8', '2'] as const)('CTF %s', (version) => {
  const encoder = new EventEncoder();
  encoder.add(first, START, [65_535, 'mb\u00e9', -1, -(2n ** 63n), 0.1]);
  encoder.add(second, START + 5n, []);
  const packets = packet(encoder, { lcore: 2 });
  encoder.add(first, START + 20n, [0, '', 7, 2n ** 63n - 1n, Number.NaN]);
  packets.push(...packet(encoder, { sequenceNumber: 3, eventsDiscarded: 12n, beginNs: START + 10n }));
  const bytes = Buffer.concat(packets);

  test('gives what was written', () => {
    const { traceClass, cursors } = open(version, bytes);
    expect(traceClass.version).toBe(version);
    expect({ ...traceClass.environment }).toEqual(shape.environment);
    expect(traceClass.uuid).toEqual(shape.uuid);
    const cursor = cursors[0]!;
    expect(cursor.next()).toBe(true);
    expect(cursor.event).toEqual({
      id: 1,
      name: 'first',
      logLevel: 13,
      fieldNames: ['port', 'text', 'state', 'wide', 'load'],
      contextNames: [],
    });
    expect(cursor.timeNs).toBe(START);
    expect(cursor.packet).toMatchObject({
      offsetBytes: 0,
      beginNs: START,
      endNs: START + 9n,
      sequenceNumber: 0,
      eventsDiscarded: 0n,
      context: { cpu_id: 1, lcore_id: 2, tid: 9, thread_name: 'w' },
    });
    const off = new EnumerationValue(-1, ['off']);
    // In any order: each is found by itself.
    expect(cursor.field('load')).toBe(0.1);
    expect(cursor.field('state')).toEqual(off);
    expect(cursor.field('port')).toBe(65_535);
    expect(cursor.field('nothing')).toBe(undefined);
    expect(cursor.payload()).toEqual({
      port: 65_535,
      text: 'mb\u00e9',
      state: off,
      wide: -(2n ** 63n),
      load: 0.1,
    });
    expect(cursor.context()).toEqual({});
    expect(cursor.next()).toBe(true);
    expect([cursor.event.name, cursor.timeNs, cursor.payload()]).toEqual(['second', START + 5n, {}]);
    expect(cursor.next()).toBe(true);
    expect(cursor.packet).toMatchObject({ sequenceNumber: 3, eventsDiscarded: 12n });
    expect(cursor.field('wide')).toBe(2n ** 63n - 1n);
    expect(cursor.field('state')).toEqual(new EnumerationValue(7, []));
    expect(cursor.field('load')).toBe(Number.NaN);
    expect(cursor.next()).toBe(false);
    expect(cursor.next()).toBe(false);
    expect(cursor.field('port')).toBe(undefined);
    expect(cursor.damage).toBe(undefined);
  });

  test('gives what is before the end, wherever the file is cut', () => {
    const [head, events] = packets as [Uint8Array, Uint8Array];
    const ends = [head.length + 34, head.length + 44, bytes.length];
    for (let length = 0; length < bytes.length; length++) {
      const [cursor] = open(version, bytes.subarray(0, length)).cursors;
      let count = 0;
      while (cursor!.next()) count++;
      expect(count, `cut at ${length}`).toBe(ends.filter((end) => end <= length).length);
      if (length === 0 || length === head.length + events.length) expect(cursor!.damage).toBe(undefined);
      else expect(cursor!.damage).toMatch(/^stream 0: (packet|event) at byte \d+: the file ends /);
    }
  });
});
