/** Keyed maps against a Map, programs on both engines, and a batch against the same hits one by one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../asm/assemble.ts';
import { interpreter } from '../vm/interpreter.ts';
import { wasmJit } from '../vm/wasm-jit/wasm-jit.ts';
import { type KeyedMapLayout, strideBytes, traceContext } from './context-layout.ts';
import { ContextMap } from './context-map.ts';
import { hashKey, hashKeys } from './key-hash.ts';
import { batchBytes, batchRow, ROW_BYTES, TraceBatch } from './trace-batch.ts';
import { TraceMachine } from './trace-machine.ts';

const layout: KeyedMapLayout = { offset: traceContext.maps, slots: 16, keyBytes: 8, valueBytes: 8 };
const contextBytes = traceContext.maps + 16 * strideBytes(layout);

// Computed with whole numbers of Python from the definition.
for (const [lengthBytes, want] of [
  [8, 1912844946],
  [16, -1124467795],
  [24, 149420818],
] as const) {
  test(`the hash of ${lengthBytes} bytes is as defined`, () => {
    const bytes = Uint8Array.from({ length: lengthBytes }, (_, i) => i);
    const words = new Int32Array(bytes.buffer);
    expect(hashKey(hashKeys(0x03020100), words, 0, words.length)).toBe(want);
  });
}

test('the hash spreads keys that differ in one place like random numbers', () => {
  const [keys, slots, words] = [4096, 8192, 4];
  const expected = slots * (1 - Math.exp(-keys / slots));
  for (let place = 0; place < words; place++) {
    for (let shift = 0; shift <= 20; shift++) {
      const taken = new Set<number>();
      const key = new Int32Array(words);
      for (let i = 0; i < keys; i++) {
        key[place] = i << shift;
        taken.add(hashKey(hashKeys(place * 100 + shift), key, 0, words) & (slots - 1));
      }
      // Six times the standard deviation.
      expect(Math.abs(taken.size - expected)).toBeLessThan(127);
    }
  }
});

describe('a keyed map', () => {
  const make = (slots: number, seed: number) => {
    const map = { ...layout, slots };
    const words = new Int32Array((traceContext.maps + slots * strideBytes(map)) / 4);
    return { words, map: new ContextMap(words, 0, map, seed) };
  };
  const key = traceContext.scratch / 4;

  test('holds what was put in and not deleted', () => {
    const command = fc.record({
      kind: fc.constantFrom('make', 'make', 'delete', 'find'),
      key: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 200 }), fc.integer(), (commands, seed) => {
        const { words, map } = make(32, seed);
        const model = new Map<number, number>();
        for (const [turn, { kind, key: name }] of commands.entries()) {
          words[key] = name;
          words[key + 1] = -name;
          if (kind === 'delete') {
            expect(map.delete(key)).toBe(model.delete(name));
          } else if (kind === 'find') {
            const slot = map.find(key);
            expect(slot === 31 ? undefined : words[map.valueAt(slot)]).toBe(model.get(name));
            expect(words[map.valueAt(31)]).toBe(0);
          } else {
            const before = map.withoutRoom;
            const slot = map.findOrMake(key);
            if (slot === 30) {
              expect(map.withoutRoom).toBe(before + 1);
              expect([model.size, model.has(name)]).toEqual([30, false]);
            } else {
              if (!model.has(name)) expect(words[map.valueAt(slot)]).toBe(0);
              words[map.valueAt(slot)] = turn + 1;
              model.set(name, turn + 1);
            }
          }
        }
        const held = [...map.slots()].map((slot) => [words[map.keyAt(slot)], words[map.valueAt(slot)]]);
        expect(new Map(held as [number, number][])).toEqual(model);
      }),
    );
  });

  test('keeps no marks of deleted keys when nothing is left', () => {
    const { words, map } = make(32, 1);
    for (let name = 1; name <= 20; name++) {
      words[key] = name;
      map.findOrMake(key);
    }
    for (let name = 1; name <= 20; name++) {
      words[key] = name;
      map.delete(key);
    }
    words[key] = 0;
    expect(words.every((word) => word === 0)).toBe(true);
  });
});

const CALL = '.insn 0x85, 0, 0, 0,';

/** @[args[0]] += args[1] and an event {args[0]} for each hit whose packet has at least 20 bytes and begins with 7. */
const program = assemble(`
  r6 = r1
  r0 = 0
  r1 = *(u32 *)(r6 + ${traceContext.packetBytes})
  if r1 < 20 goto +27
  r1 = *(u8 *)(r6 + ${traceContext.packet})
  if r1 != 7 goto +25
  r1 = *(u64 *)(r6 + ${traceContext.args})
  *(u64 *)(r6 + ${traceContext.scratch}) = r1
  r1 = r6
  r2 = 0
  r3 = ${traceContext.scratch}
  ${CALL} 0
  r0 &= 15
  r0 *= ${strideBytes(layout)}
  r0 += r6
  r1 = *(u64 *)(r6 + ${traceContext.args + 8})
  r2 = *(u64 *)(r0 + ${traceContext.maps + 16})
  r2 += r1
  *(u64 *)(r0 + ${traceContext.maps + 16}) = r2
  r1 = r6
  r2 = 0
  r3 = ${traceContext.scratch}
  ${CALL} 1
  r1 = r6
  r2 = ${traceContext.scratch}
  r3 = 8
  ${CALL} 3
  r1 = *(u64 *)(r6 + ${traceContext.timeNs})
  r2 = *(u64 *)(r6 + ${traceContext.scratch + 8})
  r2 += r1
  *(u64 *)(r6 + ${traceContext.scratch + 8}) = r2
  exit
`);

interface Hit {
  readonly key: number;
  readonly by: number;
  readonly packet: Uint8Array;
}

const hitsOf = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 20 }),
    by: fc.nat(1000),
    packet: fc
      .uint8Array({ minLength: 0, maxLength: 40 })
      .map((bytes) => Uint8Array.from(bytes, (byte, i) => (i === 0 ? 7 + (byte & 1) : byte))),
  }),
  { maxLength: 60 },
);

function machineOf(engine: typeof wasmJit | undefined, events: number[], extraBytes = 0): TraceMachine {
  return new TraceMachine({
    ...(engine === undefined ? {} : { engine }),
    contextBytes,
    keyedMaps: [layout],
    seed: 42,
    extraBytes,
    emit: (record) => {
      if (events.length === 10) return false;
      events.push(record[0]!);
      return true;
    },
  });
}

/** The maps, what is left over of the scratch space, and the counters. */
const outcome = (machine: TraceMachine, events: readonly number[]) => ({
  maps: Buffer.from(machine.context.subarray(traceContext.maps)).toString('hex'),
  times: machine.view.getBigUint64(traceContext.scratch + 8, true),
  withoutRoom: machine.maps[0]!.withoutRoom,
  lost: machine.lostEvents,
  events: [...events],
});

function oneByOne(engine: typeof wasmJit, hits: readonly Hit[]) {
  const events: number[] = [];
  const machine = machineOf(engine, events);
  const run = machine.prepare(program);
  for (const [i, { key, by, packet }] of hits.entries()) {
    machine.view.setBigUint64(traceContext.timeNs, BigInt(i + 1), true);
    machine.view.setBigUint64(traceContext.args, BigInt(key), true);
    machine.view.setBigUint64(traceContext.args + 8, BigInt(by), true);
    machine.view.setUint32(traceContext.packetBytes, Math.min(packet.length, 32), true);
    machine.context.set(packet.subarray(0, 32), traceContext.packet);
    run();
  }
  return outcome(machine, events);
}

function inBatch(hits: readonly Hit[]) {
  const events: number[] = [];
  const machine = machineOf(undefined, events, batchBytes(64, 4096));
  const batch = new TraceBatch(machine, 64, 4096);
  const run = batch.prepare([{ program, needsTime: true, packetBytes: 32, argumentsUsed: 3 }]);
  let at = 0;
  for (const [i, { key, by, packet }] of hits.entries()) {
    const row = (i * ROW_BYTES) / 4;
    batch.rows[row + batchRow.timeNs / 4] = i + 1;
    batch.rows[row + batchRow.packetAddress / 4] = batch.dataAddress + at;
    batch.rows[row + batchRow.packetBytes / 4] = packet.length;
    batch.rows[row + batchRow.args / 4] = key;
    batch.rows[row + batchRow.args / 4 + 2] = by;
    batch.data.set(packet, at);
    at += packet.length;
  }
  expect(run(hits.length)).toBe(hits.length);
  return outcome(machine, events);
}

test('the engines agree, and a batch with hits one by one', () => {
  fc.assert(
    fc.property(hitsOf, (hits) => {
      const want = oneByOne(interpreter, hits);
      expect(oneByOne(wasmJit, hits)).toEqual(want);
      expect(inBatch(hits)).toEqual(want);
    }),
  );
});

describe.each(['mapSlot', 'mapFind', 'mapDelete'] as const)('%s of what programs say', (name) => {
  const second = { ...layout, offset: contextBytes, keyBytes: 24 };
  const bytes = contextBytes + 16 * strideBytes(second);
  const asks = assemble(`
    r6 = r1
    r2 = *(u64 *)(r6 + ${traceContext.args})
    r3 = *(u64 *)(r6 + ${traceContext.args + 8})
    ${CALL} ${['mapSlot', 'mapFind', 'mapDelete'].indexOf(name)}
    *(u64 *)(r6 + ${traceContext.args + 16}) = r0
    exit
  `);
  const ask = (engine: typeof wasmJit, map: bigint, key: bigint) => {
    const machine = new TraceMachine({
      engine,
      contextBytes: bytes,
      keyedMaps: [layout, second],
      seed: 3,
    });
    machine.view.setBigInt64(traceContext.args, map, true);
    machine.view.setBigInt64(traceContext.args + 8, key, true);
    machine.prepare(asks)();
    const { maps } = traceContext;
    return {
      gave: machine.view.getBigUint64(traceContext.args + 16, true),
      isChanged: machine.context.subarray(maps).some((byte) => byte !== 0),
      context: Buffer.from(machine.context).toString('hex'),
    };
  };

  test.each([
    ['a key', 0n, BigInt(traceContext.scratch), true],
    ['a key of the second map', 1n, BigInt(traceContext.scratch), true],
    ['the last key of the first map', 0n, BigInt(bytes - 8), true],
    ['the last key of the second map', 1n, BigInt(bytes - 24), true],
    ['a key that ends outside', 1n, BigInt(bytes - 16), false],
    ['a key that begins outside', 0n, BigInt(bytes), false],
    ['a key before the context', 0n, -8n, false],
    ['a key between words', 0n, BigInt(traceContext.scratch + 4), false],
    ['a map that is not there', 2n, BigInt(traceContext.scratch), false],
    ['a map before the first', -1n, BigInt(traceContext.scratch), false],
  ])('%s', (_what, map, key, isThere) => {
    const want = ask(interpreter, map, key);
    expect(ask(wasmJit, map, key)).toEqual(want);
    expect(want.isChanged).toBe(isThere && name === 'mapSlot');
    if (!isThere) expect(want.gave).toBe(0n);
  });
});

test('a batch ends behind the hit that stopped the machine', () => {
  const machine = new TraceMachine({
    contextBytes,
    keyedMaps: [layout],
    seed: 1,
    extraBytes: batchBytes(8, 64),
    emit: () => {
      machine.stop();
      return true;
    },
  });
  const batch = new TraceBatch(machine, 8, 64);
  batch.data[0] = 7;
  for (let i = 0; i < 8; i++) {
    batch.rows[(i * ROW_BYTES + batchRow.packetAddress) / 4] = batch.dataAddress;
    batch.rows[(i * ROW_BYTES + batchRow.packetBytes) / 4] = i < 2 ? 19 : 20;
  }
  const run = batch.prepare([{ program, needsTime: true, packetBytes: 32, argumentsUsed: 3 }]);
  expect(run(8)).toBe(3);
  expect(run(8)).toBe(3);
});

test('a context that is too small or odd is refused', () => {
  for (const bytes of [traceContext.maps - 8, traceContext.maps + 4, traceContext.maxBytes + 8]) {
    expect(() => new TraceMachine({ contextBytes: bytes, keyedMaps: [], seed: 0 })).toThrow('trace context');
  }
});
