/** The field classes of CTF 2 and the examples of its specification (CTF2-SPEC-2.0, sections 5 and 6). */
import { describe, expect, test } from 'vitest';
import { FormatError } from '../base/index.ts';
import { MemorySource } from './byte-source.ts';
import { EnumerationValue } from './field-value.ts';
import { openTrace, type Trace } from './open-trace.ts';

interface Parts {
  readonly context?: object;
  readonly more?: readonly object[];
}

function open(payload: object, bytes: readonly number[], { context, more = [] }: Parts = {}): Trace {
  const fragments = [
    { type: 'preamble', version: 2 },
    ...more,
    { type: 'data-stream-class' },
    { type: 'event-record-class', 'specific-context-field-class': context, 'payload-field-class': payload },
  ];
  const text = fragments.map((fragment) => `\x1e${JSON.stringify(fragment)}\n`).join('');
  return openTrace(new MemorySource('metadata', new TextEncoder().encode(text)), [
    new MemorySource('stream', Uint8Array.from(bytes)),
  ]);
}

function structure(members: Readonly<Record<string, object>>): object {
  const list = Object.entries(members).map(([name, fieldClass]) => ({ name, 'field-class': fieldClass }));
  return { type: 'structure', 'member-classes': list };
}

function payloadOf(
  members: Readonly<Record<string, object>>,
  bytes: readonly number[],
  parts?: Parts,
): unknown {
  const cursor = open(structure(members), bytes, parts).cursors[0]!;
  return cursor.next() ? cursor.payload() : cursor.damage;
}

const le = { 'byte-order': 'little-endian' };
const be = { 'byte-order': 'big-endian' };
const uint = (length: number, more: object = le) => ({
  type: 'fixed-length-unsigned-integer',
  length,
  ...more,
});
const bits = (length: number, more: object = le) => ({ type: 'fixed-length-bit-array', length, ...more });
const text = { type: 'null-terminated-string' };
const at = (...path: (string | null)[]) => ({ path });
const from = (origin: string, ...path: string[]) => ({ origin, path });

describe('field classes', () => {
  test.for([
    [
      'bits, least significant first',
      { a: bits(3), b: bits(9), c: bits(4) },
      [0b10110101, 0b01101110],
      { a: 5, b: 0b111010110, c: 6 },
    ],
    [
      'bits, most significant first',
      { a: bits(3, be), b: bits(9, be), c: bits(4, be) },
      [0b10110101, 0b01101110],
      { a: 5, b: 0b101010110, c: 14 },
    ],
    [
      'bits in the other order',
      { a: bits(3, { ...be, 'bit-order': 'first-to-last' }), b: bits(5, be) },
      [0b10010101],
      { a: 1, b: 21 },
    ],
    [
      'bits in the other order',
      { a: bits(3, { ...le, 'bit-order': 'last-to-first' }), b: bits(5) },
      [0b10010100],
      { a: 1, b: 18 },
    ],
    [
      'a boolean',
      {
        a: { type: 'fixed-length-boolean', length: 4, ...le },
        b: { type: 'fixed-length-boolean', length: 4, ...le },
      },
      [0x20],
      { a: false, b: true },
    ],
    [
      'an unsigned LEB128 of the specification',
      { a: { type: 'variable-length-unsigned-integer' } },
      [0xb4, 0xc7, 0x72],
      { a: 1_876_916 },
    ],
    [
      'a signed LEB128 of the specification',
      { a: { type: 'variable-length-signed-integer' } },
      [0xb4, 0xc7, 0x72],
      { a: -220_236 },
    ],
    [
      'a LEB128 of 64 bits',
      { a: { type: 'variable-length-unsigned-integer' } },
      [...Array(9).fill(0xff), 1],
      { a: 2n ** 64n - 1n },
    ],
    [
      'a LEB128 of -2^63',
      { a: { type: 'variable-length-signed-integer' } },
      [...Array(9).fill(0x80), 0x7f],
      { a: -(2n ** 63n) },
    ],
    [
      'binary16',
      { a: { type: 'fixed-length-floating-point-number', length: 16, ...be } },
      [0x3c, 0x01],
      { a: 1.0009765625 },
    ],
    [
      'binary128',
      { a: { type: 'fixed-length-floating-point-number', length: 128, ...be } },
      [0x3f, 0xff, 0x80, ...Array(13).fill(0)],
      { a: 1.5 },
    ],
    [
      'binary256',
      { a: { type: 'fixed-length-floating-point-number', length: 256, ...be } },
      [0xbf, 0xff, 0xf8, ...Array(29).fill(0)],
      { a: -1.5 },
    ],
    [
      'UTF-16LE',
      { a: { ...text, encoding: 'utf-16le' }, b: uint(8) },
      [0x61, 0, 0x3d, 0xd8, 0, 0xde, 0, 0, 7],
      { a: 'a\u{1f600}', b: 7 },
    ],
    ['UTF-32BE', { a: { ...text, encoding: 'utf-32be' } }, [0, 1, 0xf6, 0, 0, 0, 0, 0], { a: '\u{1f600}' }],
    ['a static string', { a: { type: 'static-length-string', length: 3 } }, [0x61, 0, 0x62], { a: 'a' }],
    [
      'a static blob',
      { a: { type: 'static-length-blob', length: 3 } },
      [1, 2, 3],
      { a: Uint8Array.of(1, 2, 3) },
    ],
    [
      'a dynamic blob',
      { n: uint(8), a: { type: 'dynamic-length-blob', 'length-field-location': at('n') } },
      [2, 1, 2],
      { n: 2, a: Uint8Array.of(1, 2) },
    ],
    [
      'a dynamic string',
      { n: uint(8), a: { type: 'dynamic-length-string', 'length-field-location': at('n') } },
      [2, 0x61, 0x62],
      { n: 2, a: 'ab' },
    ],
    [
      'an array with an alignment',
      {
        n: uint(8),
        a: {
          type: 'static-length-array',
          length: 2,
          'element-field-class': uint(8),
          'minimum-alignment': 32,
        },
      },
      [9, 0, 0, 0, 1, 2],
      { n: 9, a: [1, 2] },
    ],
  ] as const)('%s', ([, members, bytes, want]) => {
    expect(payloadOf(members, bytes)).toEqual(want);
  });

  test('a bit map gives the flags of the specification that are active', () => {
    const flags = {
      RED: [
        [0, 2],
        [4, 4],
        [10, 10],
      ],
      ORANGE: [[6, 6]],
      GREEN: [
        [7, 7],
        [9, 9],
        [11, 11],
      ],
      YELLOW: [
        [9, 9],
        [13, 14],
      ],
      BLUE: [[15, 15]],
    };
    const members = { a: { type: 'fixed-length-bit-map', length: 16, ...be, flags } };
    const value = 2 ** 4 + 2 ** 9;
    expect(payloadOf(members, [value >> 8, value & 255])).toEqual({
      a: new EnumerationValue(value, ['RED', 'GREEN', 'YELLOW']),
    });
  });

  const optional = (selector: object, ranges?: number[][]) => ({
    s: selector,
    o: {
      type: 'optional',
      'selector-field-location': at('s'),
      'selector-field-ranges': ranges,
      'field-class': uint(8),
    },
    e: uint(8),
  });
  const boolean = { type: 'fixed-length-boolean', length: 8, ...le };
  test.for([
    [optional(boolean), [1, 5, 6], { s: true, o: 5, e: 6 }],
    [optional(boolean), [0, 6], { s: false, o: undefined, e: 6 }],
    [
      optional(uint(8), [
        [3, 4],
        [9, 9],
      ]),
      [4, 5, 6],
      { s: 4, o: 5, e: 6 },
    ],
    [
      optional(uint(8), [
        [3, 4],
        [9, 9],
      ]),
      [8, 6],
      { s: 8, o: undefined, e: 6 },
    ],
  ] as const)('an optional field: %j', ([members, bytes, want]) => {
    expect(payloadOf(members, bytes)).toEqual(want);
  });
});

describe('field locations', () => {
  const array = (location: object, element: object = text) => ({
    type: 'dynamic-length-array',
    'length-field-location': location,
    'element-field-class': element,
  });
  const variant = (location: object, ...options: [number, number, object][]) => ({
    type: 'variant',
    'selector-field-location': location,
    options: options.map(([low, high, fieldClass]) => ({
      'selector-field-ranges': [[low, high]],
      'field-class': fieldClass,
    })),
  });

  test('within the same element of an array (example 88)', () => {
    const element = structure({
      laser: { type: 'variable-length-unsigned-integer' },
      joystick: array(at('laser')),
    });
    const members = { nature: { type: 'static-length-array', length: 2, 'element-field-class': element } };
    expect(payloadOf(members, [2, 0x61, 0, 0, 1, 0x62, 0])).toEqual({
      nature: [
        { laser: 2, joystick: ['a', ''] },
        { laser: 1, joystick: ['b'] },
      ],
    });
  });

  test('from the root, within the same option of a variant (example 89)', () => {
    const option = structure({
      lemon: uint(8, be),
      joystick: array(from('event-record-payload', 'clinic', 'lemon')),
    });
    const members = {
      lawyer: { type: 'fixed-length-signed-integer', length: 16, ...le },
      clinic: variant(from('event-record-payload', 'lawyer'), [0, 0, text], [1, 4, option]),
    };
    expect(payloadOf(members, [3, 0, 1, 0x61, 0])).toEqual({
      lawyer: 3,
      clinic: { lemon: 1, joystick: ['a'] },
    });
  });

  const selector = structure({ sel: uint(8) });
  test.for([
    [0, [1], 1],
    [1, [1, 0], 1],
    [2, [1, 0, 0, 0], 1],
  ] as const)('to a length that is in one of the options, %i (example 90)', ([sel, length, glass]) => {
    const members = {
      glass: variant(
        from('event-record-specific-context', 'sel'),
        [0, 0, uint(8)],
        [1, 1, uint(16)],
        [2, 2, uint(32)],
      ),
      margin: array(from('event-record-payload', 'glass')),
    };
    const bytes = [sel, ...length, 0x61, 0];
    expect(payloadOf(members, bytes, { context: selector })).toEqual({ glass, margin: ['a'] });
  });

  test('to a structure that is one of the options, and from inside it (example 91)', () => {
    const eagle = from('event-record-payload', 'glass', 'eagle');
    const members = {
      glass: variant(
        from('event-record-specific-context', 'sel'),
        [0, 0, structure({ eagle: uint(16), road: text })],
        [
          5,
          5,
          structure({
            eagle: uint(8),
            lock: { type: 'dynamic-length-blob', 'length-field-location': eagle },
          }),
        ],
      ),
      margin: array(eagle, uint(8)),
    };
    expect(payloadOf(members, [5, 2, 8, 9, 1, 2], { context: selector })).toEqual({
      glass: { eagle: 2, lock: Uint8Array.of(8, 9) },
      margin: [1, 2],
    });
    expect(payloadOf(members, [0, 1, 0, 0x61, 0, 7], { context: selector })).toEqual({
      glass: { eagle: 1, road: 'a' },
      margin: [7],
    });
  });

  test('a length in an option that is not there is damage, not the one of an event before', () => {
    const members = {
      s: uint(8),
      v: variant(at('s'), [0, 0, structure({ n: uint(8) })], [1, 1, structure({ n: uint(8) })]),
      o: {
        type: 'optional',
        'selector-field-location': at('s'),
        'selector-field-ranges': [[0, 0]],
        'field-class': structure({ k: uint(8) }),
      },
      a: array(at('o', 'k'), uint(8)),
    };
    const cursor = open(structure(members), [0, 5, 1, 9, 1, 5, 9]).cursors[0]!;
    expect(cursor.next()).toBe(true);
    expect(cursor.payload()).toEqual({ s: 0, v: { n: 5 }, o: { k: 1 }, a: [9] });
    expect(cursor.next()).toBe(false);
    expect(cursor.damage).toBe('stream: event at byte 4: the length of a field is in one that is not there');
  });

  test('null goes up to the structure around', () => {
    const members = { n: uint(8), s: structure({ a: array(at(null, 'n'), uint(8)) }) };
    expect(payloadOf(members, [2, 5, 6])).toEqual({ n: 2, s: { a: [5, 6] } });
  });
});

describe('fragments', () => {
  test('aliases, environment, clock and log level', () => {
    const more = [
      { type: 'field-class-alias', name: 'byte', 'field-class': uint(8) },
      { type: 'trace-class', environment: { a: 'x', b: -3 } },
      {
        type: 'clock-class',
        id: 'c',
        frequency: 1000,
        origin: 'unix-epoch',
        'offset-from-origin': { seconds: 10, cycles: 5 },
      },
      {
        type: 'data-stream-class',
        id: 3,
        'default-clock-class-id': 'c',
        'event-record-header-field-class': structure({
          t: uint(8, { ...le, roles: ['default-clock-timestamp'] }),
        }),
      },
      {
        type: 'event-record-class',
        'data-stream-class-id': 3,
        name: 'n',
        attributes: { 'babeltrace.org,2020': { 'log-level': 'warning' } },
        'payload-field-class': {
          type: 'structure',
          'member-classes': [{ name: 'a', 'field-class': 'byte' }],
        },
      },
    ];
    const text = [{ type: 'preamble', version: 2 }, ...more]
      .map((fragment) => JSON.stringify(fragment))
      .join('\n');
    const trace = openTrace(new MemorySource('metadata', new TextEncoder().encode(text)), [
      new MemorySource('stream', Uint8Array.of(250, 1, 2, 3)),
    ]);
    expect({ ...trace.traceClass.environment }).toEqual({ a: 'x', b: -3 });
    const cursor = trace.cursors[0]!;
    expect([cursor.next(), cursor.damage]).toEqual([true, undefined]);
    expect([cursor.event.name, cursor.event.logLevel, cursor.field('a')]).toEqual(['n', 4, 1]);
    expect(cursor.timeNs).toBe(10_255_000_000n);
    cursor.next();
    // 2 is less than 250: the field of 8 bits has wrapped.
    expect([cursor.timeNs, cursor.field('a')]).toEqual([10_263_000_000n, 3]);
  });

  test.for([
    ['{}', /line 1, column 1: type is missing$/],
    ['{"type": "trace-class"}', /the first fragment must be a preamble$/],
    ['{"type": "preamble", "version": 3}', /version must be 2, got 3$/],
    ['{"type": "preamble", "version": 2, "extensions": {"a.b": {"c": true}}}', /not known: a\.b\/c$/],
    [
      '{"type": "preamble", "version": 2}\n\x1e {"type": "nothing"}',
      /line 2, column 3: no fragment has the type nothing$/,
    ],
    [
      '{"type": "preamble", "version": 2} {"type": "event-record-class"}',
      /no data stream class has the id 0$/,
    ],
    [
      '{"type": "preamble", "version": 2} {"type": "clock-class", "id": "a", "frequency": 0}',
      /frequency must be positive$/,
    ],
    ['{"type": "preamble", "version": 2,}', /column 35: expected a string$/],
    ['{"type": "preamble", "version": 02}', /expected ',' or '}'$/],
    [`{"a": ${'['.repeat(1000)}`, /nested deeper than 256$/],
    ['{"type": "preamble', /string without an end$/],
  ] as const)('%s is refused', ([text, message]) => {
    const open = () => openTrace(new MemorySource('m', new TextEncoder().encode(text)), []);
    expect(open).toThrow(FormatError);
    expect(open).toThrow(message);
  });
});
