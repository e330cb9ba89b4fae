import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeIndexEntry, encodeIndexHeader } from './encode-index.ts';
import { encodePacketHead } from './encode-packet-head.ts';
import { formatRecordingMetadata } from './format-recording-metadata.ts';
import type { PacketHead, RecordingShape } from './recording-shape.ts';
import { formatTsdlString, isTsdlKeyword, tsdlIdentifiers } from './tsdl-text.ts';

const uuid = Uint8Array.from({ length: 16 }, (_, index) => index);
const shape: RecordingShape = {
  uuid,
  environment: { hostname: 'h', 'a.b': 2 },
  events: [
    {
      id: 3,
      name: 'p:e',
      logLevel: 13,
      fields: [
        {
          name: 'event',
          type: {
            kind: 'integer',
            bytes: 2,
            isSigned: true,
            base: 16,
            labels: [
              { label: 'low', value: -1 },
              { label: 'other', value: 1 },
              { label: 'low', value: 2 },
            ],
          },
        },
        { name: 'f', type: { kind: 'float', bytes: 4 } },
        { name: 't', type: { kind: 'text' } },
      ],
    },
  ],
};

describe('TSDL', () => {
  test('begins with what says which version it is', () => {
    expect(formatRecordingMetadata(shape, '1.8').startsWith('/* CTF 1.8 */\n')).toBe(true);
  });

  test.for([
    { names: ['a', 'event', '_a', '__a'], want: ['a', '_event', '__a', '___a'] },
    { names: ['9', 'a-b', 'a.b', 'a b', ''], want: ['_9', 'a_b', 'a_b_', 'a_b__', '_unnamed'] },
    { names: ['é', 'string', '_string', '_Bool'], want: ['__', '_string', '__string', '__Bool'] },
  ])('identifiers of $names', ({ names, want }) => {
    expect(tsdlIdentifiers(names)).toEqual(want);
  });

  test('identifiers of any names are identifiers, and differ with and without the underscore that protects them', () => {
    const nearby = fc.string({ unit: fc.constantFrom('a', '_', ' ', '1', '-'), maxLength: 4 });
    const name = fc.oneof(
      nearby,
      fc.string(),
      fc.constantFrom('int', '_int', 'event', 'unnamed', '_unnamed', ''),
    );
    fc.assert(
      fc.property(fc.uniqueArray(name, { maxLength: 20 }), (names) => {
        const identifiers = tsdlIdentifiers(names);
        expect(identifiers).toHaveLength(names.length);
        for (const identifier of identifiers) {
          expect(identifier).toMatch(/^[A-Za-z_][A-Za-z0-9_]*$/);
          expect(isTsdlKeyword(identifier)).toBe(false);
        }
        expect(new Set(identifiers).size).toBe(names.length);
        expect(new Set(identifiers.map((identifier) => identifier.replace(/^_/, ''))).size).toBe(
          names.length,
        );
      }),
    );
  });

  test.for([
    ['plain', '"plain"'],
    ['a "b"\\', '"a \\"b\\"\\\\"'],
    ['\n\t1\x002\u0085é', '"\\n\\0111\\0002\\302\\205é"'],
  ] as const)('string literal of %j', ([text, want]) => {
    expect(formatTsdlString(text)).toBe(want);
  });
});

describe('CTF 2', () => {
  const text = formatRecordingMetadata(shape, '2');

  test('is a JSON text sequence', () => {
    expect(text.split('\n').map((line) => line.slice(0, 2))).toEqual([...Array(5).fill('\x1e{'), '']);
  });

  test('has the fragments of the specification', () => {
    const fragments = text.split('\x1e').slice(1);
    const [preamble, trace, clock, stream, event] = fragments.map((fragment) => JSON.parse(fragment));
    expect(preamble).toEqual({ type: 'preamble', version: 2, uuid: [...uuid] });
    expect(trace.environment).toEqual({ hostname: 'h', 'a.b': 2 });
    const header = trace['packet-header-field-class']['member-classes'];
    expect(header[1]).toEqual({
      name: 'uuid',
      'field-class': { type: 'static-length-blob', length: 16, roles: ['metadata-stream-uuid'] },
    });
    expect(clock).toMatchObject({ id: 'realtime', frequency: 1_000_000_000, origin: 'unix-epoch' });
    expect(stream).toMatchObject({ type: 'data-stream-class', id: 0, 'default-clock-class-id': 'realtime' });
    expect(event).toEqual({
      type: 'event-record-class',
      id: 3,
      'data-stream-class-id': 0,
      name: 'p:e',
      attributes: { 'babeltrace.org,2020': { 'log-level': 'debug:line' } },
      'payload-field-class': {
        type: 'structure',
        'minimum-alignment': 8,
        'member-classes': [
          {
            name: 'event',
            'field-class': {
              type: 'fixed-length-signed-integer',
              length: 16,
              'byte-order': 'little-endian',
              alignment: 8,
              'preferred-display-base': 16,
              mappings: {
                low: [
                  [-1, -1],
                  [2, 2],
                ],
                other: [[1, 1]],
              },
            },
          },
          {
            name: 'f',
            'field-class': {
              type: 'fixed-length-floating-point-number',
              length: 32,
              'byte-order': 'little-endian',
              alignment: 8,
            },
          },
          { name: 't', 'field-class': { type: 'null-terminated-string' } },
        ],
      },
    });
  });
});

describe('packets', () => {
  const head: PacketHead = {
    streamInstance: 5,
    beginNs: 0x0102030405060708n,
    endNs: 0x1112131415161718n,
    eventBytes: 100,
    sequenceNumber: 9,
    eventsDiscarded: 11n,
    cpu: 1,
    lcore: undefined,
    tid: 77,
    threadName: 'né\0x',
  };

  test('a head says its own length and that of the events', () => {
    const bytes = encodePacketHead(uuid, head);
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(32 + 48 + 12 + 4);
    expect(view.getUint32(0, true)).toBe(0xc1fc1fc1);
    expect(bytes.subarray(4, 20)).toEqual(uuid);
    expect(view.getBigUint64(24, true)).toBe(5n);
    expect(view.getBigUint64(32, true)).toBe(head.beginNs);
    expect(view.getBigUint64(48, true)).toBe(BigInt((bytes.length + 100) * 8));
    expect(view.getBigUint64(56, true)).toBe(BigInt((bytes.length + 100) * 8));
    expect(view.getUint32(84, true)).toBe(0xffff_ffff);
    expect([...bytes.subarray(92)]).toEqual([0x6e, 0xc3, 0xa9, 0]);
  });

  test('an index entry is nine big-endian words', () => {
    expect([...encodeIndexHeader()]).toEqual([0xc1, 0xf1, 0xdc, 0xc1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 72]);
    const bytes = encodeIndexEntry(head, 4096, 96);
    const view = new DataView(bytes.buffer);
    const words = Array.from({ length: bytes.length / 8 }, (_, index) => view.getBigUint64(index * 8));
    expect(words).toEqual([4096n, 1568n, 1568n, head.beginNs, head.endNs, 11n, 0n, 5n, 9n]);
  });
});
