import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EAGAIN, EINVAL } from './keyed-map.ts';
import { MapMemory } from './map-memory.ts';
import { BPF_MAP_TYPE_RINGBUF } from './map-spec.ts';
import { layOutMaps, placeMaps } from './place-maps.ts';
import { RingBufferMap, ringBufferQueries } from './ring-buffer-map.ts';

const RING = 4096;
const DATA = 64;
const spec = {
  name: 'r',
  type: BPF_MAP_TYPE_RINGBUF,
  keyBytes: 0,
  valueBytes: 0,
  maxEntries: RING,
  flags: 0,
};

function create(): { ring: RingBufferMap; memory: MapMemory } {
  const { endOffset } = layOutMaps([spec], 8192, 1);
  const memory = new MapMemory(new SharedArrayBuffer(endOffset));
  const [ring] = placeMaps([spec], memory, { offset: 8192, seed: 0 });
  if (!(ring instanceof RingBufferMap)) throw new Error('no ring');
  return { ring, memory };
}

function drained(ring: RingBufferMap): number[][] {
  const records: number[][] = [];
  ring.drain((record) => records.push([...record]));
  return records;
}

test('records come out as they went in, in any mix of ways, and what finds no room is counted', () => {
  const action = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        kind: fc.constantFrom('output' as const, 'reserve' as const, 'discard' as const),
        lengthBytes: fc.integer({ min: 0, max: 900 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const), lengthBytes: fc.constant(0) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const { ring, memory } = create();
      let waiting: number[][] = [];
      let usedBytes = 0;
      let lost = 0;
      for (const [n, { kind, lengthBytes }] of actions.entries()) {
        if (kind === 'drain') {
          expect(drained(ring)).toEqual(waiting);
          waiting = [];
          usedBytes = 0;
          continue;
        }
        const record = Array.from({ length: lengthBytes }, (_, i) => (n + i) & 255);
        let isIn: boolean;
        if (kind === 'output') {
          memory.bytes.set(record, DATA);
          const result = ring.output(DATA, lengthBytes, 0);
          expect([0, -EAGAIN]).toContain(result);
          isIn = result === 0;
        } else {
          const at = ring.reserve(lengthBytes, 0);
          expect(at % 8).toBe(0);
          isIn = at !== 0;
          memory.bytes.set(record, isIn ? at : DATA);
          if (isIn && kind === 'reserve') ring.submit(at);
          if (isIn && kind === 'discard') ring.discard(at);
        }
        if (!isIn) {
          lost++;
          // Never without need: at most one record is lost to the end of the data.
          expect(usedBytes + 2 * (lengthBytes + 16)).toBeGreaterThan(RING - lengthBytes);
        } else if (kind !== 'discard') waiting.push(record);
        if (isIn) usedBytes += lengthBytes + 16;
      }
      expect(ring.lost).toBe(lost);
      expect(drained(ring)).toEqual(waiting);
    }),
  );
});

test('a reserved record holds up those behind it, even over the end of the positions', () => {
  const { ring, memory } = create();
  for (const offset of [0, 64]) memory.store(8192 + offset, 0xffff_ffe0);
  const first = ring.reserve(8, 0);
  ring.output(DATA, 1, 0);
  memory.bytes.fill(7, first, first + 8);
  expect(drained(ring)).toEqual([]);
  expect(ring.query(ringBufferQueries.BPF_RB_AVAIL_DATA)).toBe(32);
  ring.submit(first);
  expect(drained(ring)).toEqual([Array(8).fill(7), [0]]);
  expect(ring.query(ringBufferQueries.BPF_RB_CONS_POS)).toBe(0);
  expect(ring.query(ringBufferQueries.BPF_RB_PROD_POS)).toBe(0);
  expect(ring.query(ringBufferQueries.BPF_RB_RING_SIZE)).toBe(RING);
});

test.each([
  ['a record that leaves no byte free', RING - 8, 0],
  ['a length that no ring has', 2 ** 40, 0],
  ['a flag', 8, 1],
])('%s cannot be reserved', (_, lengthBytes, flags) => {
  expect(create().ring.reserve(lengthBytes, flags)).toBe(0);
});

test('the longest record', () => {
  expect(create().ring.reserve(RING - 16, 0)).toBe(8192 + 128 + 8);
});

test('output knows the flags of waking only', () => {
  const { ring } = create();
  expect([0, 1, 2, 3, 4, 2 ** 40].map((flags) => ring.output(DATA, 1, flags))).toEqual([
    0,
    0,
    0,
    0,
    -EINVAL,
    -EINVAL,
  ]);
});

test('a damaged ring is read to an end', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: RING + 128, maxLength: RING + 128 }), (bytes) => {
      const { ring, memory } = create();
      memory.bytes.set(bytes, 8192);
      ring.drain((record) => expect(record.length).toBeLessThanOrEqual(memory.bytes.length));
    }),
    { numRuns: 50 },
  );
});
