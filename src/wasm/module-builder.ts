/**
 * A WebAssembly module, built section by section (core spec, section 5.5): types, imports, functions, globals, exports,
 * code. One imported memory; no tables, no start function, no data: what hone's programs need.
 */
import { ByteSink } from './byte-sink.ts';
import { FunctionBuilder } from './function-builder.ts';
import { type ValueType, valueTypes } from './opcodes.ts';

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A function of the module: where it stands for calls, and its code, which may be written later. */
export interface ModuleFunction {
  readonly index: number;
  readonly code: FunctionBuilder;
}

/** The places of sections in the binary format. */
const section = { type: 1, import: 2, function: 3, global: 6, export: 7, code: 10 } as const;

/** 4 GiB. */
const MAX_PAGES = 65_536;

const KIND_FUNCTION = 0;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;

export class ModuleBuilder {
  readonly #types: ByteSink[] = [];
  readonly #typeOf = new Map<string, number>();
  readonly #imports: ByteSink[] = [];
  readonly #functions: { readonly type: number; readonly code: FunctionBuilder }[] = [];
  readonly #globals: ByteSink[] = [];
  readonly #exports: ByteSink[] = [];
  #importedFunctions = 0;

  /** Any memory of this kind will do, whatever its size. A shared one must be declared with a maximum. */
  importMemory(module: string, name: string, shared: boolean): void {
    const sink = importOf(module, name, KIND_MEMORY);
    sink.byte(shared ? 3 : 0);
    sink.u32(0);
    if (shared) sink.u32(MAX_PAGES);
    this.#imports.push(sink);
  }

  /** The index to call it by. All imports come before the first function of the module itself. */
  importFunction(module: string, name: string, type: FunctionType): number {
    if (this.#functions.length > 0) throw new Error('an import behind a function');
    const sink = importOf(module, name, KIND_FUNCTION);
    sink.u32(this.#typeIndex(type));
    this.#imports.push(sink);
    return this.#importedFunctions++;
  }

  function(type: FunctionType): ModuleFunction {
    const code = new FunctionBuilder(type.params.length);
    const index = this.#importedFunctions + this.#functions.length;
    this.#functions.push({ type: this.#typeIndex(type), code });
    return { index, code };
  }

  /** A variable of the module, which starts as 0. The index to get and set it by. */
  global(type: ValueType): number {
    const sink = new ByteSink();
    sink.byte(valueTypes[type]);
    sink.byte(1);
    sink.append([type === 'i32' ? 0x41 : 0x42, 0, 0x0b]);
    return this.#globals.push(sink) - 1;
  }

  exportFunction(name: string, index: number): void {
    this.#export(name, KIND_FUNCTION, index);
  }

  exportGlobal(name: string, index: number): void {
    this.#export(name, KIND_GLOBAL, index);
  }

  /** The finished module, in a new array. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new ByteSink();
    out.append([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    addSection(out, section.type, this.#types);
    addSection(out, section.import, this.#imports);
    const declared = this.#functions.map(({ type }) => {
      const sink = new ByteSink();
      sink.u32(type);
      return sink;
    });
    addSection(out, section.function, declared);
    addSection(out, section.global, this.#globals);
    addSection(out, section.export, this.#exports);
    const bodies = this.#functions.map(({ code }) => {
      const sink = new ByteSink();
      sink.block(code.encode());
      return sink;
    });
    addSection(out, section.code, bodies);
    return Uint8Array.from(out.bytes);
  }

  #export(name: string, kind: number, index: number): void {
    const sink = new ByteSink();
    sink.name(name);
    sink.byte(kind);
    sink.u32(index);
    this.#exports.push(sink);
  }

  #typeIndex({ params, results }: FunctionType): number {
    const key = `${params}:${results}`;
    const known = this.#typeOf.get(key);
    if (known !== undefined) return known;
    const sink = new ByteSink();
    sink.byte(0x60);
    sink.block(params.map((type) => valueTypes[type]));
    sink.block(results.map((type) => valueTypes[type]));
    const index = this.#types.push(sink) - 1;
    this.#typeOf.set(key, index);
    return index;
  }
}

function importOf(module: string, name: string, kind: number): ByteSink {
  const sink = new ByteSink();
  sink.name(module);
  sink.name(name);
  sink.byte(kind);
  return sink;
}

function addSection(out: ByteSink, id: number, entries: readonly ByteSink[]): void {
  if (entries.length === 0) return;
  const content = new ByteSink();
  content.u32(entries.length);
  for (const { bytes } of entries) content.append(bytes);
  out.byte(id);
  out.block(content.bytes);
}
