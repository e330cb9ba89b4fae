/** What an agent says of DPDK's own trace points; whoever answers may be anybody. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PeerError } from '../base/index.ts';
import { ABI } from './abi.ts';
import { decodeDpdkPoints, decodeDpdkSaved } from './dpdk-trace.ts';
import { concatBytes, structBytes } from './message-body.ts';

const point = (name: string, flags = 0) => structBytes('hone_dpdk_point', { name, flags });
const list = (count: number, flags = 0) => structBytes('hone_dpdk_points', { count, flags });

test('points by name, with what turned them on', () => {
  const both = ABI.HONE_DPDK_POINT_ENABLED | ABI.HONE_DPDK_POINT_OURS;
  const body = concatBytes([list(2), point('lib.ethdev.stop', both), point('lib.eal.mem.free', 1)]);
  expect(decodeDpdkPoints(body)).toEqual({
    whenFull: 'overwrite',
    points: [
      { name: 'lib.eal.mem.free', isEnabled: true, isOurs: false },
      { name: 'lib.ethdev.stop', isEnabled: true, isOurs: true },
    ],
  });
  expect(decodeDpdkPoints(list(0, ABI.HONE_DPDK_TRACE_DISCARDS)).whenFull).toBe('discard');
});

test.each([
  ['too few', concatBytes([list(2), point('a')])],
  ['too many', concatBytes([list(0), point('a')])],
  ['no head', new Uint8Array(7)],
])('a list of %s bytes is refused', (_, body) => {
  expect(() => decodeDpdkPoints(body)).toThrow(PeerError);
});

test.each([
  ['/root/dpdk-traces/rte-2026', '/root/dpdk-traces/rte-2026'],
  ['', undefined],
])('the folder %j', (text, expected) => {
  expect(decodeDpdkSaved(new TextEncoder().encode(text))).toBe(expected);
});

test.each(['relative/path', '/with\nnewline'])('%j is no folder', (text) => {
  expect(() => decodeDpdkSaved(new TextEncoder().encode(text))).toThrow(PeerError);
});

test('any bytes: a value or a PeerError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      for (const decode of [decodeDpdkPoints, decodeDpdkSaved]) {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(PeerError);
        }
      }
    }),
  );
});
