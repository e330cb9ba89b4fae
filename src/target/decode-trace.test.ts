import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { STRUCTS } from './abi.ts';
import { decodeTrace } from './decode-trace.ts';
import type { TraceRequest } from './target.ts';
import { encodeTrace } from './trace-message.ts';

const attachment = {
  point: 'dpdk:rx_packet',
  portId: 1,
  queueId: undefined,
  program: 1,
  needsTime: true,
  packetBytes: 64,
  argumentsUsed: 5,
};
const request: TraceRequest = {
  programs: [new Uint8Array(16).fill(1), new Uint8Array(24).fill(2)],
  attachments: [attachment, { ...attachment, point: 'app:shop:sale', portId: undefined, program: 0 }],
  contextBytes: 8192,
  stateOffset: 4096,
  keyedMaps: [{ offset: 2048, slots: 8, keyBytes: 5, valueBytes: 16 }],
  seed: 0xffff_fff0,
  initialState: new Uint8Array(4096).fill(7, 96, 105),
  ringBytes: 65_536,
};

test('a request comes out as it went in', () => {
  expect(decodeTrace(encodeTrace(request))).toEqual(request);
  const plain = { ...request, keyedMaps: [], initialState: undefined, ringBytes: 0 };
  expect(decodeTrace(encodeTrace(plain))).toEqual(plain);
});

const record = {
  id: 65_535,
  fields: [
    { argument: 15, bytes: 1 },
    { argument: 2, bytes: 2 },
    { argument: 2, bytes: 4 },
    { argument: 0, bytes: 8 },
    { argument: 1, bytes: 'text' },
  ],
} as const;

test('so does a recording', () => {
  const recording = {
    ...request,
    attachments: [
      { ...attachment, record },
      { ...attachment, program: undefined, record: { id: 0, fields: [] } },
      attachment,
    ],
  };
  expect(decodeTrace(encodeTrace(recording))).toEqual(recording);
});

test.each([
  ['an argument that no point has', 28, 16, /field of 1 bytes of argument 16/],
  ['a field of no size', 44, 3, /field of 3 bytes/],
  ['too many fields', 26, 17, /17 fields/],
  ['an unknown flag', 12, 7, /flags 0x7/],
  ['a program that is not there', 4, 9, /program 9 of 2/],
])('a recording with %s is refused', (_, at, value, message) => {
  const body = encodeTrace({ ...request, attachments: [{ ...attachment, record }] });
  body[STRUCTS.hone_trace_start.size + at] = value;
  expect(() => decodeTrace(body)).toThrow(message);
});

test('no program is refused where nothing is recorded, and a recording without rings', () => {
  const plain = encodeTrace({ ...request, attachments: [attachment] });
  plain.fill(0xff, STRUCTS.hone_trace_start.size + 4, STRUCTS.hone_trace_start.size + 8);
  expect(() => decodeTrace(plain)).toThrow(/program 4294967295 of 2/);
  const recording = encodeTrace({ ...request, attachments: [{ ...attachment, record }] });
  recording.fill(0, STRUCTS.hone_trace_start.fields.ring_bytes.offset, 12);
  expect(() => decodeTrace(recording)).toThrow(/without rings/);
});

test('a message that was tampered with: refused as the peer’s fault, or a request within the rules', () => {
  const good = encodeTrace({ ...request, attachments: [...request.attachments, { ...attachment, record }] });
  const tampering = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(tampering, fc.option(fc.nat(good.length)), (changes, length) => {
      const body = good.slice(0, length ?? good.length);
      for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
      try {
        const { attachments, programs, contextBytes, stateOffset, initialState } = decodeTrace(body);
        for (const { program, record: wanted } of attachments) {
          if (program !== undefined) expect(program).toBeLessThan(programs.length);
          else expect(wanted).toBeDefined();
          for (const { argument } of wanted?.fields ?? []) expect(argument).toBeLessThan(16);
        }
        if (initialState !== undefined) expect(initialState.length).toBe(contextBytes - stateOffset);
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        refused++;
      }
    }),
    { numRuns: 2000 },
  );
  expect(refused).toBeGreaterThan(100);
});
