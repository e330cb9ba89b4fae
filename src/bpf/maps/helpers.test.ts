import { describe, expect, test } from 'vitest';
import { TrapError } from '../vm/engine.ts';
import { createHelpers } from './helpers.ts';
import { MapMemory } from './map-memory.ts';
import { BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_RINGBUF, type MapSpec } from './map-spec.ts';
import { layOutMaps, placeMaps } from './place-maps.ts';

const specs: MapSpec[] = [
  { name: 'h', type: BPF_MAP_TYPE_HASH, keyBytes: 4, valueBytes: 8, maxEntries: 1, flags: 0 },
  { name: 'r', type: BPF_MAP_TYPE_RINGBUF, keyBytes: 0, valueBytes: 0, maxEntries: 4096, flags: 0 },
];
const KEY = 64;
const VALUE = 128;

function create() {
  const { endOffset } = layOutMaps(specs, 1024, 4);
  const memory = new MapMemory(new ArrayBuffer(endOffset), 4);
  const maps = placeMaps(specs, memory, { offset: 1024, seed: 0 });
  const helpers = createHelpers({ memory, maps, nowNs: () => 0x1_2345_6789n, random32: () => -1 });
  const registers = new Int32Array(12);
  /** r0 as a signed number. */
  const call = (number: number, ...given: (number | bigint)[]) => {
    registers.fill(-1);
    given.forEach((value, n) => {
      registers[2 * n + 2] = Number(BigInt.asIntN(32, BigInt(value)));
      registers[2 * n + 3] = Number(BigInt.asIntN(32, BigInt(value) >> 32n));
    });
    helpers.get(number)!.call(registers);
    return registers[1]! * 2 ** 32 + (registers[0]! >>> 0);
  };
  return { memory, maps, helpers, call, hash: maps[0]!.at, ring: maps[1]!.at };
}

test('the helpers of maps', () => {
  const { call, hash, memory } = create();
  expect(call(1, hash, KEY)).toBe(0);
  expect(call(2, hash, KEY, VALUE, 0)).toBe(0);
  expect(call(2, hash, KEY, VALUE, 1)).toBe(-17);
  expect(call(2, hash, KEY, VALUE, 1n << 63n)).toBe(-22);
  expect(call(1, hash, KEY)).toBeGreaterThan(1024);
  memory.store(KEY, 5);
  expect(call(2, hash, KEY, VALUE, 0)).toBe(-7);
  expect(call(3, hash, KEY)).toBe(-2);
});

test('the helpers of the ring buffer', () => {
  const { call, ring } = create();
  expect(call(130, ring, VALUE, 8, 0)).toBe(0);
  const record = call(131, ring, 24, 0);
  expect(call(132, record, 0)).toBe(0);
  expect(call(133, call(131, ring, 24, 0), 0)).toBe(0);
  expect(call(134, ring, 0)).toBe(16 + 32 + 32);
});

test('time, chance and the processor', () => {
  const { call, memory } = create();
  memory.cpu = 3;
  expect(call(5)).toBe(0x1_2345_6789);
  expect(call(7)).toBe(0xffff_ffff);
  expect(call(8)).toBe(3);
});

describe('called against their signatures they trap', () => {
  for (const [number, given] of [
    [1, [12, KEY]],
    [1, ['hash', 0xffff_fff0]],
    [1, ['hash', -1n]],
    [3, ['ring', KEY]],
    [130, ['hash', VALUE, 8, 0]],
    [132, [KEY, 0]],
  ] as const) {
    test(`${number}(${given.join(', ')})`, () => {
      const one = create();
      const values = given.map((value) => (typeof value === 'string' ? one[value] : value));
      expect(() => one.call(number, ...values)).toThrow(TrapError);
    });
  }
});
