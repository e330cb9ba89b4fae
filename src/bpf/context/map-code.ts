/**
 * Finding and making keys of keyed maps as WebAssembly, for programs that are WebAssembly themselves: what ContextMap does, word for
 * word of the memory.
 */
import type { BlockLabel, FunctionBuilder, Local, ModuleBuilder } from '../../wasm/index.ts';
import { type KeyedMapLayout, strideBytes, valueOffsetInEntry } from './context-layout.ts';
import { EMPTY, MAX_PROBES, TAKEN } from './context-map.ts';
import { hashKeys } from './key-hash.ts';

export interface MapPlace {
  readonly layout: KeyedMapLayout;
  /** Addresses of the context, and of a u32 that counts updates without room. */
  readonly context: number;
  readonly counter: number;
  readonly seed: number;
}

/** In an entry. */
const HASH = 4;
const KEY = 8;

const KEY_ADDRESS: Local = 0;

/**
 * Adds `(address of a key: i32) -> i32`.
 * @param isNew as ContextMap's findOrMake, else as its find
 * @returns the function's index
 */
export function addMapFunction(module: ModuleBuilder, place: MapPlace, isNew: boolean): number {
  const { index, code } = module.function({ params: ['i32'], results: ['i32'] });
  new Emitter(code, place).emit(isNew);
  return index;
}

class Emitter {
  readonly #code: FunctionBuilder;
  readonly #place: MapPlace;
  readonly #start: number;
  readonly #stride: number;
  /** Padded with zeros to a multiple of 8. */
  readonly #keyBytes: number;
  /** Slots that can hold a key. */
  readonly #places: number;
  readonly #hash: Local;
  readonly #slot: Local;
  readonly #entry: Local;
  /** The first slot that can take a key; -1 for none yet. */
  readonly #free: Local;

  constructor(code: FunctionBuilder, place: MapPlace) {
    const { layout, context } = place;
    this.#code = code;
    this.#place = place;
    this.#start = context + layout.offset;
    this.#stride = strideBytes(layout);
    this.#keyBytes = valueOffsetInEntry(layout) - KEY;
    this.#places = layout.slots - 2;
    this.#hash = code.local('i32');
    this.#slot = code.local('i32');
    this.#entry = code.local('i32');
    this.#free = code.local('i32');
  }

  emit(isNew: boolean): void {
    const code = this.#code;
    this.#hashKey();
    code.i32(-1).set(this.#free);
    const absent = code.block();
    this.#probe(absent);
    code.end();
    if (isNew) this.#make();
    else code.i32(this.#places + 1);
  }

  /** key-hash.ts: high and low are the halves of one number. */
  #hashKey(): void {
    const code = this.#code;
    const secrets = hashKeys(this.#place.seed).map((secret) => BigInt(secret >>> 0));
    const product = code.local('i64');
    const at = code.local('i32');
    const multiply = (): void => {
      code.tee(product).i64(0xffff_ffff).op('i64.and');
      code.get(product).i64(32).op('i64.shr_u').op('i64.mul').set(product);
    };
    code.get(KEY_ADDRESS).set(at);
    const next = code.loop();
    code.get(at).memory('i64.load').get(product).op('i64.xor');
    code.i64((secrets[1]! << 32n) | secrets[0]!).op('i64.xor');
    multiply();
    code.get(at).i32(8).op('i32.add').tee(at);
    code.get(KEY_ADDRESS).i32(this.#keyBytes).op('i32.add').op('i32.ne').brIf(next).end();
    code
      .get(product)
      .i64((secrets[3]! << 32n) | secrets[2]!)
      .op('i64.xor');
    multiply();
    code.get(product).get(product).i64(32).op('i64.shr_u').op('i64.xor').op('i32.wrap_i64').set(this.#hash);
  }

  /** Returns the key's slot; leaves where there is none. */
  #probe(absent: BlockLabel): void {
    const code = this.#code;
    const { layout } = this.#place;
    const left = code.local('i32');
    const used = code.local('i32');
    code
      .get(this.#hash)
      .i32(layout.slots - 1)
      .op('i32.and')
      .tee(this.#slot);
    code.i32(this.#places).op('i32.ge_u').if();
    code.i32(0).set(this.#slot).end();
    code.i32(Math.min(MAX_PROBES, this.#places)).set(left);
    this.#enter(this.#slot);
    const next = code.loop();
    code.get(this.#entry).memory('i32.load').tee(used).i32(TAKEN).op('i32.eq').if();
    const other = code.block();
    code.get(this.#entry).memory('i32.load', HASH).get(this.#hash).op('i32.ne').brIf(other);
    this.#compareKey(other);
    code.get(this.#slot).op('return').end();
    code.else();
    code.get(this.#free).i32(0).op('i32.lt_s').if();
    code.get(this.#slot).set(this.#free).end();
    code.get(used).i32(EMPTY).op('i32.eq').brIf(absent).end();
    code.get(this.#entry).i32(this.#stride).op('i32.add').set(this.#entry);
    code.get(this.#slot).i32(1).op('i32.add').tee(this.#slot).i32(this.#places).op('i32.eq').if();
    code.i32(0).set(this.#slot).i32(this.#start).set(this.#entry).end();
    code.get(left).i32(1).op('i32.sub').tee(left).brIf(next).end();
  }

  #compareKey(other: BlockLabel): void {
    const code = this.#code;
    const at = code.local('i32');
    code.i32(0).set(at);
    const next = code.loop();
    code.get(this.#entry).get(at).op('i32.add').memory('i64.load', KEY);
    code.get(KEY_ADDRESS).get(at).op('i32.add').memory('i64.load').op('i64.ne').brIf(other);
    code.get(at).i32(8).op('i32.add').tee(at).i32(this.#keyBytes).op('i32.ne').brIf(next).end();
  }

  #make(): void {
    const code = this.#code;
    const { counter } = this.#place;
    code.get(this.#free).i32(0).op('i32.lt_s').if();
    code.i32(0).i32(0).memory('i32.load', counter).i32(1).op('i32.add').memory('i32.store', counter);
    code.i32(this.#places).op('return').end();
    this.#enter(this.#free);
    code.get(this.#entry).i32(TAKEN).memory('i32.store');
    code.get(this.#entry).get(this.#hash).memory('i32.store', HASH);
    code.get(this.#entry).i32(KEY).op('i32.add').get(KEY_ADDRESS).i32(this.#keyBytes).memoryCopy();
    code.get(this.#free);
  }

  #enter(slot: Local): void {
    this.#code.get(slot).i32(this.#stride).op('i32.mul').i32(this.#start).op('i32.add').set(this.#entry);
  }
}
