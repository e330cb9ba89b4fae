/** Keyed maps as WebAssembly beside ContextMap, on memories of their own: the same slots and the same words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemory, instantiate, ModuleBuilder } from '../../wasm/index.ts';
import { type KeyedMapLayout, strideBytes } from './context-layout.ts';
import { ContextMap } from './context-map.ts';
import { addMapFunction } from './map-code.ts';

const CONTEXT = 4096;
const COUNTER = 64;
const KEY = 1024;

interface Exports {
  make(key: number): number;
  find(key: number): number;
}

interface Twin {
  readonly words: Int32Array<ArrayBuffer>;
  readonly counter: Uint32Array;
  readonly map: ContextMap;
}

function twin(layout: KeyedMapLayout, seed: number, buffer: ArrayBuffer): Twin {
  const words = new Int32Array(buffer);
  const counter = new Uint32Array(buffer, COUNTER, 1);
  return { words, counter, map: new ContextMap(words, CONTEXT, layout, seed, counter) };
}

function compile(layout: KeyedMapLayout, seed: number): Twin & { readonly code: Exports } {
  const pages = Math.ceil((CONTEXT + layout.offset + layout.slots * strideBytes(layout)) / 65_536);
  const memory = createMemory(pages);
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', false);
  const place = { layout, context: CONTEXT, counter: COUNTER, seed };
  module.exportFunction('make', addMapFunction(module, place, true));
  module.exportFunction('find', addMapFunction(module, place, false));
  const code = instantiate<Exports>(module.encode(), { env: { memory } });
  return { ...twin(layout, seed, memory.buffer), code };
}

const layouts = fc
  .record({
    slots: fc.constantFrom(4, 8, 64, 512),
    keyBytes: fc.constantFrom(1, 8, 12, 24, 64),
    valueBytes: fc.constantFrom(8, 16),
  })
  .map((layout): KeyedMapLayout => ({ ...layout, offset: 2048 }));
/** What is done, and with which of how many keys: few, so that they come again, or more than there is room for. */
const operations = fc.constantFrom(3, 12, 700).chain((keys) =>
  fc.array(fc.tuple(fc.constantFrom('make', 'make', 'find', 'delete'), fc.nat(keys - 1)), {
    minLength: 1,
    maxLength: keys === 700 ? 900 : 60,
  }),
);

test('the same slots and the same words, whatever is found, made and deleted', () => {
  const full = { made: 0 };
  fc.assert(
    fc.property(layouts, operations, fc.nat(), (layout, steps, seed) => {
      const compiled = compile(layout, seed);
      const plain = twin(layout, seed, new ArrayBuffer(compiled.words.byteLength));
      for (const [operation, key] of steps) {
        for (const { words } of [compiled, plain]) {
          words.fill(0, KEY / 4, KEY / 4 + 16);
          words[KEY / 4 + (layout.keyBytes > 8 ? 2 : 0)] = layout.keyBytes === 1 ? key & 0xff : key;
        }
        if (operation === 'delete') {
          expect(compiled.map.delete(KEY / 4)).toBe(plain.map.delete(KEY / 4));
          continue;
        }
        const got = compiled.code[operation](KEY);
        expect(got).toBe(operation === 'make' ? plain.map.findOrMake(KEY / 4) : plain.map.find(KEY / 4));
      }
      expect(compiled.map.withoutRoom).toBe(plain.map.withoutRoom);
      full.made += plain.map.withoutRoom;
      expect(Buffer.from(compiled.words.buffer).equals(Buffer.from(plain.words.buffer))).toBe(true);
    }),
    { numRuns: 300 },
  );
  // Some were full.
  expect(full.made).toBeGreaterThan(0);
});

test('a key is looked for over 128 slots and no more', () => {
  const layout = { offset: 2048, slots: 512, keyBytes: 8, valueBytes: 8 };
  const compiled = compile(layout, 7);
  const plain = twin(layout, 7, new ArrayBuffer(compiled.words.byteLength));
  for (let key = 1; key <= 510; key++) {
    compiled.words[KEY / 4] = key;
    plain.words[KEY / 4] = key;
    expect(compiled.code.make(KEY)).toBe(plain.map.findOrMake(KEY / 4));
  }
  expect(compiled.counter[0]).toBe(plain.map.withoutRoom);
  expect(compiled.counter[0]).toBeGreaterThan(0);
});
