import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI, STRUCTS } from './abi.ts';
import { concatBytes, structBytes } from './message-body.ts';
import type { TraceRequest } from './target.ts';
import {
  applicationPoint,
  decodePoints,
  decodeSnapped,
  decodeTracing,
  decodeWriterEvent,
  encodeTrace,
  stateRuns,
} from './trace-message.ts';

const attachment = {
  point: 'dpdk:rx_burst',
  portId: undefined,
  queueId: 3,
  program: 0,
  needsTime: true,
  packetBytes: 64,
  argumentsUsed: 5,
};

const request: TraceRequest = {
  programs: [new Uint8Array(16)],
  attachments: [attachment],
  contextBytes: 8192,
  stateOffset: 4096,
  keyedMaps: [{ offset: 2048, slots: 8, keyBytes: 5, valueBytes: 16 }],
  seed: -1,
  initialState: undefined,
  ringBytes: 65_536,
};

test('a request lies in the message as abi.h has it', () => {
  const initialState = new Uint8Array(4096);
  initialState[9] = 1;
  const body = encodeTrace({ ...request, initialState });
  const view = new DataView(body.buffer);
  const numbers = (at: number, count: number) =>
    Array.from({ length: count }, (_, n) => view.getUint32(at + 4 * n, true));
  expect(numbers(0, 8)).toEqual([8192, 4096, 65_536, 0xffff_ffff, 1, 1, 1, 1]);
  let at = STRUCTS.hone_trace_start.size;
  expect(numbers(at, 2)).toEqual([ABI.HONE_POINT_RX_BURST, 0]);
  expect([view.getUint16(at + 8, true), view.getUint16(at + 10, true)]).toEqual([ABI.HONE_ANY_PORT, 3]);
  expect(numbers(at + 12, 3)).toEqual([ABI.HONE_TRACE_NEEDS_TIME, 64, 5]);
  at += STRUCTS.hone_trace_attachment.size;
  expect(numbers(at, 4)).toEqual([2048, 8, 5, 16]);
  at += STRUCTS.hone_trace_map.size;
  expect(numbers(at, 2)).toEqual([2, 0]);
  at += STRUCTS.hone_start_program.size + 16;
  expect(numbers(at, 2)).toEqual([4096 + 8, 8]);
  expect([...body.subarray(at + 8)]).toEqual([0, 1, 0, 0, 0, 0, 0, 0]);
});

test('what is recorded stands in the attachment', () => {
  const record = {
    id: 0x1234,
    fields: [
      { argument: 4, bytes: 8 },
      { argument: 0, bytes: 'text' },
    ],
  } as const;
  const body = encodeTrace({ ...request, attachments: [{ ...attachment, program: undefined, record }] });
  const at = STRUCTS.hone_trace_start.size;
  const view = new DataView(body.buffer, at);
  expect(view.getUint32(4, true)).toBe(ABI.HONE_NO_PROGRAM);
  expect(view.getUint32(12, true)).toBe(ABI.HONE_TRACE_NEEDS_TIME | ABI.HONE_TRACE_RECORDS);
  expect([view.getUint16(24, true), view.getUint16(26, true)]).toEqual([0x1234, 2]);
  expect([...body.subarray(at + 28, at + 60)]).toEqual([
    4,
    ...new Array(15).fill(0),
    8,
    64,
    ...new Array(14).fill(0),
  ]);
});

test.each<[string, Partial<TraceRequest>, RegExp]>([
  ['no probe', { attachments: [] }, /got 0 probes/],
  ['an unknown point', { attachments: [{ ...attachment, point: 'dpdk:rx' }] }, /no trace point dpdk:rx/],
  ['a name too long', { attachments: [{ ...attachment, point: `app:a:${'b'.repeat(130)}` }] }, /too long/],
  ['a small context', { contextBytes: 1024 }, /1024 bytes of context/],
  ['an odd context', { contextBytes: 8191 }, /8191 bytes/],
  ['state beyond the context', { stateOffset: 12_288 }, /state at 12288/],
  ['a ring of no size', { ringBytes: 4096 }, /ring of 4096/],
  [
    'neither program nor record',
    { attachments: [{ ...attachment, program: undefined }] },
    /nothing runs at dpdk:rx_burst/,
  ],
  [
    'a record without a ring',
    { attachments: [{ ...attachment, record: { id: 1, fields: [] } }], ringBytes: 0 },
    /ring of 0 bytes/,
  ],
  [
    'a record of too many fields',
    {
      attachments: [
        { ...attachment, record: { id: 1, fields: new Array(17).fill({ argument: 0, bytes: 1 } as const) } },
      ],
    },
    /17 fields of dpdk:rx_burst/,
  ],
  ['an empty program', { programs: [new Uint8Array(0)] }, /0 instructions/],
  [
    'too much state',
    { contextBytes: 4096 + (2 << 20), initialState: new Uint8Array(2 << 20).fill(1) },
    /expected at most 1048560/,
  ],
])('%s is refused', (_, more, message) => {
  expect(() => encodeTrace({ ...request, ...more })).toThrow(message);
});

test('runs hold all that is not zero, in whole 8 bytes', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(2000), fc.integer({ min: 1, max: 255 })), { maxLength: 20 }),
      (places) => {
        const state = new Uint8Array(2008);
        for (const [at, byte] of places) state[at] = byte;
        const rebuilt = new Uint8Array(2008);
        let end = 0;
        for (const { offset, bytes } of stateRuns(state)) {
          expect(offset % 8).toBe(0);
          expect(bytes.length % 8).toBe(0);
          expect(offset).toBeGreaterThanOrEqual(end);
          rebuilt.set(bytes, offset);
          end = offset + bytes.length;
        }
        expect(rebuilt).toEqual(state);
      },
    ),
  );
});

describe("an application's point", () => {
  const point = (args: string, types: number[]) =>
    applicationPoint({
      provider: 'p',
      name: 'n',
      nb_args: types.length,
      types: new Uint8Array([...types, 0]),
      args,
    });

  test.each<[string, string[]]>([
    ['port, packet->len, a.b.c', ['port', 'len', 'c']],
    ['f(a, b), x[i], (uint8_t)y', ['b', 'i', 'y']],
    ['"a, b", 5, reason', ['arg0', 'arg1', 'reason']],
    ["len, other->len, ','", ['arg0', 'arg1', 'arg2']],
  ])('names of %s', (args, names) => {
    expect(point(args, [4, 4, 4]).arguments.map(({ name }) => name)).toEqual(names);
  });

  test('types', () => {
    expect(point('a, b, c', [8, 4 + 16, 8 + 32]).arguments.map(({ type }) => type)).toEqual([
      { kind: 'integer', bytes: 8, isSigned: false },
      { kind: 'integer', bytes: 4, isSigned: true },
      { kind: 'text', bytes: 64 },
    ]);
    expect(() => point('a', [3])).toThrow(PeerError);
  });
});

test('whatever comes, decoders throw PeerError or give a value', () => {
  const decoders = [decodeTracing, decodeWriterEvent, decodeSnapped, decodePoints];
  fc.assert(
    fc.property(fc.constantFrom(...decoders), fc.uint8Array({ maxLength: 1040 }), (decode, body) => {
      try {
        decode(body);
      } catch (error) {
        expect(error).toBeInstanceOf(PeerError);
      }
    }),
  );
});

test('a list of points is sorted by name', () => {
  const one = (name: string) =>
    structBytes('hone_point', { provider: 'x', name, nb_args: 0, types: new Uint8Array(16), args: '' });
  const body = concatBytes([structBytes('hone_list', { count: 2 }), one('z'), one('a')]);
  expect(decodePoints(body).map(({ name }) => name)).toEqual(['app:x:a', 'app:x:z']);
});
