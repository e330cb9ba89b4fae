import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
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

test('a message that was tampered with: refused as the peer’s fault, or a request within the rules', () => {
  const good = encodeTrace(request);
  const tampering = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  let refused = 0;
  fc.assert(
    fc.property(tampering, fc.option(fc.nat(good.length)), (changes, length) => {
      const body = good.slice(0, length ?? good.length);
      for (const [at, byte] of changes) if (at < body.length) body[at] = byte;
      try {
        const { attachments, programs, contextBytes, stateOffset, initialState } = decodeTrace(body);
        for (const { program } of attachments) expect(program).toBeLessThan(programs.length);
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
