/** Metadata and streams that ask for more time or memory than they may have. */
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { MemorySource } from './byte-source.ts';
import { openTrace, type Trace } from './open-trace.ts';

function open(metadata: string, bytes: Uint8Array = new Uint8Array(64)): Trace {
  return openTrace(new MemorySource('m', new TextEncoder().encode(metadata)), [new MemorySource('s', bytes)]);
}

function damageOf(metadata: string, bytes?: Uint8Array): string | undefined {
  const cursor = open(metadata, bytes).cursors[0]!;
  while (cursor.next()) {
    cursor.payload();
    cursor.context();
  }
  return cursor.damage;
}

const event = (fields: string) => `event { fields := struct { ${fields} }; };`;
const U32 =
  'typealias integer { size = 32; } := u32; typealias integer { size = 64; } := u64; typealias integer { size = 8; } := u8;';

describe('streams', () => {
  const many = Uint8Array.from({ length: 64 }, () => 255);
  test.for([
    ['an event without a size', event(''), /an event without a size$/],
    [
      'four thousand million elements without a size',
      event('struct {} a[4294967295]; string s;'),
      /arrays of more than 16777216 elements$/,
    ],
    [
      'as many in arrays of arrays',
      event('struct {} a[4096][4096][4096]; string s;'),
      /arrays of more than 16777216 elements$/,
    ],
    [
      'a length of 2^64 - 1',
      `${U32}${event('u64 n; u8 a[n];')}`,
      /arrays of more than 16777216 elements|beyond the end/,
    ],
    [
      'a text of 2^32 - 1 bytes',
      `${U32}${event('u32 n; integer { size = 8; encoding = UTF8; } a[n];')}`,
      /it goes beyond the end of its packet$/,
    ],
    ['a text without an end', event('string s;'), /it goes beyond the end of its packet$/],
    [
      'an array of 2^32 - 1 bits',
      event('integer { size = 1; } a[4294967295];'),
      /arrays of more than 16777216 elements|beyond the end/,
    ],
    [
      'a length below 0',
      `${event('integer { size = 8; signed = 1; } n; string a[n];')}`,
      /a field with the length -1$/,
    ],
  ] as const)('%s', ([, metadata, message]) => {
    expect(damageOf(metadata, many)).toMatch(message);
  });

  test.for([
    [
      'no magic',
      'trace { packet.header := struct { u32 magic; }; };',
      [1, 0, 0, 0],
      's: packet at byte 0: got magic 0x1, expected 0xc1fc1fc1',
    ],
    [
      'no such stream class',
      'trace { packet.header := struct { u32 stream_id; }; }; stream { id = 1; };',
      [7, 0, 0, 0],
      's: packet at byte 0: no stream class has the id 7',
    ],
    [
      'no such event',
      'stream { event.header := struct { u8 id; }; };',
      [0, 1, 9],
      's: event at byte 2: no event of stream 0 has the id 9',
    ],
    [
      'content larger than the packet',
      'stream { packet.context := struct { u32 content_size; u32 packet_size; }; };',
      [128, 0, 0, 0, 64, 0, 0, 0],
      's: packet at byte 0: its content of 128 bits is more than its size of 64',
    ],
    [
      'content smaller than its head',
      'stream { packet.context := struct { u32 content_size; }; };',
      [8, 0, 0, 0],
      's: packet at byte 0: its content of 8 bits is less than its header and context',
    ],
    [
      'a packet of no size',
      'stream { packet.context := struct { u32 packet_size; }; };',
      [0, 0, 0, 0],
      's: packet at byte 0: its content of 0 bits is less than its header and context',
    ],
    [
      'a size in bits',
      'stream { packet.context := struct { u32 packet_size; }; };',
      [33, 0, 0, 0],
      's: packet at byte 0: its size of 33 bits is no whole number of bytes',
    ],
    [
      'another UUID',
      'trace { uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f"; packet.header := struct { u8 uuid[16]; }; };',
      Array(16).fill(0),
      's: packet at byte 0: it is of trace 00000000-0000-0000-0000-000000000000, expected 00010203-0405-0607-0809-0a0b0c0d0e0f',
    ],
    [
      'a packet that the file cuts',
      'stream { packet.context := struct { u32 packet_size; }; };',
      [64, 0, 0, 0, 5],
      's: packet at byte 0: the file ends after 5 bytes of it, expected 8',
    ],
  ] as const)('%s', ([, metadata, bytes, damage]) => {
    const whole = `${U32}${metadata} event { ${metadata.includes('id = 1') ? 'stream_id = 1; ' : ''}fields := struct { u8 a; }; };`;
    expect(damageOf(whole, Uint8Array.from(bytes))).toBe(damage);
  });

  test('an event of more than the window may become is damage', () => {
    const bytes = new Uint8Array(20 << 20).fill(1);
    expect(damageOf(event('string s;'), bytes)).toBe('s: event at byte 0: it is larger than 16777216 bytes');
  });

  test('a stream that becomes shorter while it is read ends', () => {
    const bytes = new Uint8Array(1 << 20);
    const source = {
      name: 's',
      sizeBytes: bytes.length,
      read: (into: Uint8Array, offset: number) => Math.max(0, Math.min(into.length, 300_000 - offset)),
    };
    const metadata = new MemorySource('m', new TextEncoder().encode(`${U32}${event('u64 a;')}`));
    const cursor = openTrace(metadata, [source]).cursors[0]!;
    let count = 0;
    while (cursor.next()) count++;
    expect(count).toBe(300_000 / 8);
    expect(cursor.damage).toBe('s: event at byte 300000: the stream became shorter');
  });
});

describe('metadata', () => {
  test.for([
    [
      'structures that double',
      `${Array.from({ length: 60 }, (_, index) => `struct s${index + 1} { struct s${index} a; struct s${index} b; };`).join('')}`,
      'struct s60 x;',
      /a event-record-payload of more than 100000 fields$/,
    ],
    [
      'structures that nest through names',
      `${Array.from({ length: 400 }, (_, index) => `struct s${index + 1} { struct s${index} a; };`).join('')}`,
      'struct s400 x;',
      /fields nested deeper than 256/,
    ],
  ] as const)('%s', ([, types, fields, message]) => {
    const metadata = `struct s0 { integer { size = 8; } a; };${types}${event(fields)}`;
    expect(damageOf(metadata)).toMatch(message);
  });

  test('such a class that refers to fields is refused at once', () => {
    const doubling = Array.from(
      { length: 60 },
      (_, index) => `struct s${index + 1} { struct s${index} a; struct s${index} b; };`,
    ).join('');
    const metadata = `struct s0 { integer { size = 8; } n; string a[n]; };${doubling}${event('struct s60 x;')}`;
    expect(() => open(metadata)).toThrow(FormatError);
    const header = `${metadata} trace { packet.header := struct { struct s60 x; }; };`;
    expect(() => open(header)).toThrow(FormatError);
  });

  test('arrays of arrays of arrays are compiled once each', () => {
    const dimensions = '[1]'.repeat(60);
    expect(damageOf(event(`integer { size = 8; } a${dimensions};`), Uint8Array.of(1, 2))).toBe(undefined);
  });

  test('a name cannot reach the prototype of values', () => {
    const cursor = open(event('struct { integer { size = 8; } polluted; } __proto__;'), Uint8Array.of(1))
      .cursors[0]!;
    cursor.next();
    const value = cursor.payload() as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['_proto__']);
    const json = [
      { type: 'preamble', version: 2 },
      { type: 'data-stream-class' },
      {
        type: 'event-record-class',
        'payload-field-class': {
          type: 'structure',
          'member-classes': [
            { name: '\u005f_proto__', 'field-class': { type: 'static-length-blob', length: 1 } },
          ],
        },
      },
    ];
    const other = open(json.map((fragment) => JSON.stringify(fragment)).join('\n'), Uint8Array.of(1))
      .cursors[0]!;
    other.next();
    const payload = other.payload();
    expect(Object.keys(payload)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
  });
});
