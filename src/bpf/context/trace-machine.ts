/**
 * Runs trace programs of the form `agent` on a context in a linear memory of our own: BEGIN, END and intervals in the
 * host, whole probes on recorded files and replays (batches: trace-batch.ts). One machine is one writer: its programs
 * share the context with its maps. It has one bank only, as nothing runs while somebody reads.
 *
 * ```
 *     64   a word that ends a batch          4096   the context
 *    128   counters of keyed maps            behind it: rows of a batch or lanes of an event walk, with their data
 *   1024   stack of programs
 * ```
 * Programs were verified before (verify/, profile `dpdk`), so that they stay in the context. Numbers that they give to
 * helpers are looked at here, as the agent does: a map or a key that is not there gives slot 0 and changes nothing.
 */
import { FormatError } from '../../base/index.ts';
import { createMemory, type ModuleBuilder, PAGE_BYTES, type WasmMemory } from '../../wasm/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { type Engine, type Environment, FRAME_BYTES, type Helper } from '../vm/engine.ts';
import { wasmJit } from '../vm/wasm-jit/wasm-jit.ts';
import { type KeyedMapLayout, traceContext, type traceHelper, valueOffsetInEntry } from './context-layout.ts';
import { ContextMap } from './context-map.ts';
import { addMapFunction, type MapPlace } from './map-code.ts';
import { traceHelpers } from './trace-helpers.ts';

/** So that other pages can be put in place of the context's. */
const ALIGNMENT = 4096;

/** Not 0 when a batch is to end after the hit at hand, i32. */
export const STOP = 64;
/** Updates of each keyed map that found no room, u32. */
const COUNTERS = 128;
const STACK = 1024;
const MOST_KEYED_MAPS = (STACK - COUNTERS) / 4;
/** `used` of an entry, in front of its key. */
const USED_BYTES = 8;
export const CONTEXT = 4096;

export interface TraceMachineOptions {
  /** Of CompiledScript: the context with all maps. */
  readonly contextBytes: number;
  readonly keyedMaps: readonly KeyedMapLayout[];
  /** Of the hashes, 32 bits. */
  readonly seed: number;
  /** Takes an event record, borrowed for the call; whether it had room. Without it every event is lost. */
  readonly emit?: (record: Uint8Array) => boolean;
  /** What runs programs one at a time; the WebAssembly JIT without it. */
  readonly engine?: Engine;
  /** Room behind the context for whoever prepares batches. */
  readonly extraBytes?: number;
}

export class TraceMachine {
  /** The whole memory; addresses are places in it. */
  readonly memory: WasmMemory;
  /** The context, with its maps: borrowed, changes while programs run. */
  readonly context: Uint8Array<ArrayBuffer>;
  /** Of the context. */
  readonly view: DataView<ArrayBuffer>;
  readonly maps: readonly ContextMap[];
  readonly environment: Environment;
  /** Where `extraBytes` begin, a multiple of 4096, on no page of the context. */
  readonly extraOffset: number;
  /** Events that found no room. */
  lostEvents = 0;

  readonly #words: Int32Array<ArrayBuffer>;
  readonly #engine: Engine;

  constructor(options: TraceMachineOptions) {
    const { contextBytes, keyedMaps, seed, emit, engine = wasmJit, extraBytes = 0 } = options;
    if (contextBytes < traceContext.maps || contextBytes > traceContext.maxBytes || contextBytes % 8 !== 0) {
      throw new FormatError(`trace context of ${contextBytes} bytes`, 0);
    }
    this.extraOffset = Math.ceil((CONTEXT + contextBytes) / ALIGNMENT) * ALIGNMENT;
    this.memory = createMemory(Math.ceil((this.extraOffset + extraBytes) / PAGE_BYTES));
    this.context = new Uint8Array(this.memory.buffer, CONTEXT, contextBytes);
    this.view = new DataView(this.memory.buffer, CONTEXT, contextBytes);
    this.#words = new Int32Array(this.memory.buffer);
    this.#engine = engine;
    if (keyedMaps.length > MOST_KEYED_MAPS) throw new FormatError(`${keyedMaps.length} keyed maps`, 0);
    const places = keyedMaps.map((layout, n): MapPlace => {
      return { layout, context: CONTEXT, counter: COUNTERS + 4 * n, seed };
    });
    this.maps = places.map(
      ({ layout, counter }) =>
        new ContextMap(this.#words, CONTEXT, layout, seed, new Uint32Array(this.memory.buffer, counter, 1)),
    );
    this.environment = {
      memory: this.memory,
      stack: { offset: STACK, lengthBytes: FRAME_BYTES },
      areas: [{ name: 'context', offset: CONTEXT, lengthBytes: contextBytes, isWritable: true }],
      helpers: this.#helpers(places, emit),
      budgetInsns: Number.MAX_SAFE_INTEGER,
    };
  }

  /** Makes a program ready; each call of what it gives is one hit on the context as it is. */
  prepare(program: EbpfProgram): () => void {
    const prepared = this.#engine.prepare(program, this.environment);
    return () => {
      prepared.run(CONTEXT, 0);
    };
  }

  /** Ends a batch that is running, after the hit at hand. */
  stop(): void {
    this.#words[STOP / 4] = 1;
  }

  /** The 32-bit words of the whole memory, for those who read maps. Borrowed. */
  borrowWords(): Int32Array<ArrayBuffer> {
    return this.#words;
  }

  #helpers(places: readonly MapPlace[], emit: TraceMachineOptions['emit']): ReadonlyMap<number, Helper> {
    const { maps } = this;
    const lastKeys = places.map(
      ({ layout }) => this.context.length - (valueOffsetInEntry(layout) - USED_BYTES),
    );
    const isThere = (registers: Int32Array): boolean => {
      const last = lastKeys[registers[4]!];
      const key = registers[6]!;
      return last !== undefined && key >= 0 && key <= last && key % 8 === 0;
    };
    const keyOf = (registers: Int32Array): number => (CONTEXT + registers[6]!) / 4;
    const calls: Readonly<Record<keyof typeof traceHelper, (registers: Int32Array) => number>> = {
      mapSlot: (registers) => (isThere(registers) ? maps[registers[4]!]!.findOrMake(keyOf(registers)) : 0),
      mapFind: (registers) => (isThere(registers) ? maps[registers[4]!]!.find(keyOf(registers)) : 0),
      mapDelete: (registers) => (isThere(registers) && maps[registers[4]!]!.delete(keyOf(registers)) ? 1 : 0),
      emit: (registers) => {
        const [offset, lengthBytes] = [registers[4]!, registers[6]!];
        const isInside = offset >= 0 && lengthBytes >= 0 && offset + lengthBytes <= this.context.length;
        if (isInside && emit?.(this.context.subarray(offset, offset + lengthBytes)) === true) return 1;
        this.lostEvents++;
        return 0;
      },
    };
    const functions: Partial<Record<keyof typeof traceHelper, (module: ModuleBuilder) => number>> = {
      mapSlot: (module) => addMapHelper(module, places, lastKeys, true),
      mapFind: (module) => addMapHelper(module, places, lastKeys, false),
    };
    return new Map(
      [...traceHelpers].map(([id, shape]): [number, Helper] => [
        id,
        {
          ...shape,
          ...(functions[shape.name] === undefined ? {} : { addFunction: functions[shape.name]! }),
          call: (registers) => {
            registers[0] = calls[shape.name](registers);
            registers[1] = 0;
          },
        },
      ]),
    );
  }
}

/** The same as `call` of mapSlot or mapFind: a number of a map that there is, and of a key that lies in the context, or 0. */
function addMapHelper(
  module: ModuleBuilder,
  places: readonly MapPlace[],
  lastKeys: readonly number[],
  isNew: boolean,
): number {
  const maps = places.map((place) => addMapFunction(module, place, isNew));
  const { index, code } = module.function({ params: ['i64', 'i64', 'i64', 'i64', 'i64'], results: ['i64'] });
  const [map, key] = [1, 2];
  const offset = code.local('i32');
  code.get(key).op('i32.wrap_i64').set(offset);
  for (const [n, find] of maps.entries()) {
    code.get(map).op('i32.wrap_i64').i32(n).op('i32.eq').if();
    code
      .get(offset)
      .i32(lastKeys[n]!)
      .op('i32.le_u')
      .get(offset)
      .i32(7)
      .op('i32.and')
      .op('i32.eqz')
      .op('i32.and');
    code.if();
    code.get(offset).i32(CONTEXT).op('i32.add').call(find).op('i64.extend_i32_u').op('return').end().end();
  }
  code.i64(0);
  return index;
}
