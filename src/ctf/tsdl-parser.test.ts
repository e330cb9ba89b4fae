import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { MemorySource } from './byte-source.ts';
import type { EventCursor } from './event-cursor.ts';
import { EnumerationValue } from './field-value.ts';
import { metadataText } from './metadata-text.ts';
import { openTrace } from './open-trace.ts';
import { parseTsdl } from './tsdl-parser.ts';

/** A cursor over bytes that are events of the one class, whose payload is `fields`. */
function cursorOver(fields: string, bytes: readonly number[], more = ''): EventCursor {
  const metadata = `${more}\nevent { name = e; fields := struct { ${fields} }; };`;
  return openTrace(new MemorySource('metadata', new TextEncoder().encode(metadata)), [
    new MemorySource('stream', Uint8Array.from(bytes)),
  ]).cursors[0]!;
}

function payloadOf(fields: string, bytes: readonly number[], more = ''): unknown {
  const cursor = cursorOver(fields, bytes, more);
  const isThere = cursor.next();
  return isThere ? cursor.payload() : cursor.damage;
}

const U8 = 'typealias integer { size = 8; } := uint8_t;';

describe('types', () => {
  test.for([
    ['integer { size = 16; byte_order = be; } a;', [1, 2], { a: 0x0102 }],
    ['integer { size = 16; byte_order = network; signed = 1; } a;', [0xff, 2], { a: -254 }],
    ['integer { size = 0x8; base = hex; encoding = none; } a, b;', [1, 2], { a: 1, b: 2 }],
    ['integer { size = 4; } a; integer { size = 4; } b;', [0x21], { a: 1, b: 2 }],
    [
      'integer { size = 8; align = 32; } a; integer { size = 8; align = 32 } b;',
      [1, 0, 0, 0, 2],
      { a: 1, b: 2 },
    ],
    ['floating_point { exp_dig = 8; mant_dig = 24; byte_order = be; } a;', [0x3f, 0x80, 0, 0], { a: 1 }],
    ['floating_point { exp_dig = 5; mant_dig = 11; } a;', [0, 0xc0], { a: -2 }],
    ['string a; string { encoding = ASCII; } b;', [0x61, 0, 0x62, 0], { a: 'a', b: 'b' }],
    ['string _a; string _b;', [0x61, 0, 0x62, 0], { a: 'a', b: 'b' }],
    ['integer { size = 8; } a; integer { size = 8; } _a;', [1, 2], { a: 1, _a: 2 }],
    [
      'integer { size = 8; } a[2][3];',
      [1, 2, 3, 4, 5, 6],
      {
        a: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
    ],
    ['integer { size = 8; encoding = UTF8; } a[4];', [0x61, 0x62, 0, 0x63], { a: 'ab' }],
    ['struct { string s; } a[2];', [0x61, 0, 0, 9], { a: [{ s: 'a' }, { s: '' }] }],
    ['struct p { integer { size = 8; } x; } a; struct p b;', [1, 2], { a: { x: 1 }, b: { x: 2 } }],
    [
      'struct p { integer { size = 8; } x; } align(32) a; struct p b;',
      [1, 0, 0, 0, 2],
      { a: { x: 1 }, b: { x: 2 } },
    ],
    ['typedef integer { size = 8; } byte, pair[2]; byte a; pair b;', [1, 2, 3], { a: 1, b: [2, 3] }],
    ['typealias integer { size = 8; } := unsigned long int; unsigned long int a;', [7], { a: 7 }],
    ['typealias integer { size = 8; base = x; } := const char *; const char *a;', [7], { a: 7 }],
    [
      'struct { integer { size = 8; } n; integer { size = 8; } b[n]; } a;',
      [2, 3, 4],
      { a: { n: 2, b: [3, 4] } },
    ],
    [
      'integer { size = 8; } n; struct { integer { size = 8; } b[n]; } a[2];',
      [1, 3, 4],
      { n: 1, a: [{ b: [3] }, { b: [4] }] },
    ],
    ['integer { size = 8; } n; integer { size = 8; } b[event.fields.n];', [1, 3], { n: 1, b: [3] }],
    ['struct { integer { size = 8; } n; } h; integer { size = 8; } b[h.n];', [1, 3], { h: { n: 1 }, b: [3] }],
  ] as const)('%s', ([fields, bytes, want]) => {
    expect(payloadOf(fields, bytes)).toEqual(want);
  });

  const enumeration = `enum : integer { size = 8; signed = true; } { A, B = 5 ... 9, "C d" = -1, E, B = 20, 'x' = 3 }`;
  test.for([
    [0, ['A', 'E']],
    [7, ['B']],
    [20, ['B']],
    [255, ['C d']],
    [100, []],
  ] as const)('enumerations give all labels of %i', ([byte, labels]) => {
    const fields = `${enumeration.replace(", 'x' = 3", '')} a;`;
    const value = byte > 127 ? byte - 256 : byte;
    expect(payloadOf(fields, [byte])).toEqual({ a: new EnumerationValue(value, labels) });
  });

  test.for([
    ['variant <t> { uint8_t A; struct { uint8_t x; } B; } v;', [0, 9], 9],
    ['variant <t> { uint8_t A; struct { uint8_t x; } B; } v;', [1, 9], { x: 9 }],
    ['variant V { uint8_t A; string B; }; variant V <t> v;', [1, 0x61, 0], 'a'],
    [
      'variant <t> { uint8_t A; } v;',
      [1, 9],
      'stream: event at byte 0: no option of a variant is selected by 1, expected one of A',
    ],
  ] as const)('%s with %j', ([fields, bytes, want]) => {
    const payload = payloadOf(`enum : uint8_t { A, B } t; ${fields}`, bytes, U8);
    expect(typeof payload === 'string' ? payload : (payload as { v: unknown }).v).toEqual(want);
  });

  test('references go to the scopes before', () => {
    const metadata = `${U8}
      trace { packet.header := struct { uint8_t n; uint8_t k; }; };
      stream { packet.context := struct { uint8_t n; }; event.header := struct { uint8_t m; }; event.context := struct { uint8_t n; }; };
      event { context := struct { uint8_t x[n]; };
        fields := struct { uint8_t a[trace.packet.header.n]; uint8_t b[stream.packet.context.n]; uint8_t c[m]; uint8_t d[k]; }; };`;
    const bytes = [1, 2, 3, /* m */ 1, /* n */ 2, 50, 51, 60, 70, 71, 72, 80, 90, 91];
    const trace = openTrace(new MemorySource('metadata', new TextEncoder().encode(metadata)), [
      new MemorySource('stream', Uint8Array.from(bytes)),
    ]);
    const cursor = trace.cursors[0]!;
    expect([cursor.next(), cursor.damage]).toEqual([true, undefined]);
    expect(cursor.context()).toEqual({ n: 2, x: [50, 51] });
    expect(cursor.payload()).toEqual({ a: [60], b: [70, 71, 72], c: [80], d: [90, 91] });
  });
});

describe('blocks', () => {
  test('clocks, streams and events find each other in any order', () => {
    const trace = parseTsdl(`/* CTF 1.8 */ // comments
      event { id = 1; stream_id = 2; name = "b"; loglevel = 5; };
      event { stream_id = 2; name = a; };
      callsite { name = "x"; func = "f"; line = 3; };
      stream { id = 2; event.header := struct { integer { size = 8; map = clock.mono.value; } t; }; };
      clock { name = mono; freq = 10; offset_s = 5; offset = -3; };
      env { a = 1; b = "x\\ty"; c = -0x10; d = 18446744073709551615; };
      trace { uuid = "00010203-0405-0607-0809-0a0b0c0d0e0f"; byte_order = be; };`);
    expect({ ...trace.environment }).toEqual({ a: 1, b: 'x\ty', c: -16, d: 18446744073709551615n });
    expect(trace.uuid).toEqual(Uint8Array.from({ length: 16 }, (_, index) => index));
    const stream = trace.streams.get(2)!;
    expect(stream.clock).toMatchObject({ frequency: 10n, offsetSeconds: 5n, offsetCycles: -3n });
    expect([...stream.events.values()].map(({ id, name, logLevel }) => [id, name, logLevel])).toEqual([
      [1, 'b', 5],
      [0, 'a', undefined],
    ]);
    expect(stream.eventHeader!.members[0]!.fieldClass).toMatchObject({
      littleEndian: false,
      roles: ['default-clock-timestamp'],
    });
  });

  test.for([
    ['trace {', /line 1, column 8: expected a name, got the end$/],
    ['\n  trace { a = ; };', /line 2, column 15: expected a value, got ';'$/],
    ['stream { id = 0; };\nstream { };', /line 2, column 1: a second stream with id 0$/],
    ['event { fields := struct { foo a; }; };', /column 28: no type is called foo$/],
    [
      'event { fields := struct { integer { size = 8 } a; integer { size = 8 } a; }; };',
      /two fields are called a$/,
    ],
    ['event { fields := struct { integer { align = 8 } a; }; };', /an integer needs a size$/],
    ['event { fields := struct { integer { size = 8; align = 3 } a; }; };', /a power of two, got 3$/],
    ['event { fields := struct { integer { size = 5000 } a; }; };', /size must be a number from 1 to 4096$/],
    [
      'event { fields := struct { string a[n]; }; };',
      /a \(event-record-payload\) refers to n: there is no such field$/,
    ],
    ['event { fields := struct { string n; string a[n]; }; };', /refers to n: it is no integer$/],
    ['event { fields := struct { variant { string x; } v; }; };', /the variant v has no tag$/],
    [
      'event { fields := struct { enum : floating_point { exp_dig = 8; mant_dig = 24; } { A } v; }; };',
      /must be of an integer type$/,
    ],
    ['event { fields := integer { size = 8; }; };', /fields must be a structure$/],
    ['event { stream_id = 5; }; stream { id = 1; };', /the event is of stream 5, which is none$/],
    [
      'stream { event.header := struct { integer { size = 8; map = clock.x.value; } t; }; };',
      /no clock is called x$/,
    ],
    ['trace { uuid = "x"; };', /the uuid of the trace is no UUID$/],
    ['trace { byte_order = pdp; };', /must be le or be$/],
    ['foo;', /column 1: expected trace, env, clock, stream, event or a declaration, got 'foo'$/],
    ['/* ', /column 1: comment without an end$/],
    ['trace { a = "x', /column 13: string without an end$/],
    ['trace { a = 08; };', /no octal number: 08$/],
    ['trace { a = @; };', /no word of TSDL: @/],
    [`${'struct { '.repeat(200)}`, /expected|nested deeper/],
    [`typealias ${'struct { '.repeat(200)} := x;`, /types nested deeper than 64$/],
  ] as const)('%s is refused', ([text, message]) => {
    const open = () => openTrace(new MemorySource('m', new TextEncoder().encode(text)), []);
    expect(open).toThrow(FormatError);
    expect(open).toThrow(message);
  });
});

describe('packets of metadata', () => {
  const text = '/* CTF 1.8 */ env { a = "\u00e9\u00e9"; };';
  const utf8 = new TextEncoder().encode(text);

  function packets(littleEndian: boolean, length: number): Uint8Array {
    const parts: Buffer[] = [];
    for (let at = 0; at < utf8.length; at += length) {
      const content = utf8.subarray(at, at + length);
      const packet = Buffer.alloc(37 + content.length + 3);
      const view = new DataView(packet.buffer, packet.byteOffset);
      view.setUint32(0, 0x75d11d57, littleEndian);
      view.setUint32(24, (37 + content.length) * 8, littleEndian);
      view.setUint32(28, packet.length * 8, littleEndian);
      packet.set(content, 37);
      parts.push(packet);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  test.for([true, false])('are put together (little-endian %s)', (littleEndian) => {
    for (let length = 1; length <= utf8.length; length++) {
      expect(metadataText(packets(littleEndian, length))).toBe(text);
    }
  });

  test('whose sizes are wrong are refused', () => {
    const bytes = packets(true, 20);
    expect(() => metadataText(bytes.subarray(0, bytes.length - 1))).toThrow(
      /metadata packet at byte \d+: got content/,
    );
    expect(() => metadataText(bytes.subarray(0, 70))).toThrow(
      /metadata packet at byte 60: expected a header/,
    );
    bytes[24] = 0;
    expect(() => metadataText(bytes)).toThrow(FormatError);
  });
});
