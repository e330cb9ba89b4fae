/**
 * The part of the WebAssembly JavaScript interface that hone uses, typed: neither the language's library nor Node's types
 * declare it. Modules are small and made at run time, so compiling is synchronous.
 */
export interface WasmMemory<Buffer extends ArrayBufferLike = ArrayBuffer> {
  readonly buffer: Buffer;
}

export type WasmImports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

interface WebAssemblyApi {
  readonly Memory: new <Buffer extends ArrayBufferLike>(type: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => WasmMemory<Buffer>;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly RuntimeError: new () => Error;
  readonly Instance: new (module: object, imports: WasmImports) => { readonly exports: object };
}

const api = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }).WebAssembly;

/** Bytes of a page of linear memory. */
export const PAGE_BYTES = 65_536;

/** A memory of a fixed size. */
export function createMemory(pages: number): WasmMemory {
  return new api.Memory({ initial: pages, maximum: pages, shared: false });
}

/** The same, for several threads. */
export function createSharedMemory(pages: number): WasmMemory<SharedArrayBuffer> {
  return new api.Memory({ initial: pages, maximum: pages, shared: true });
}

/** Whether it is a memory that modules can import, and not just something that has a buffer. */
export function isMemory(value: object): value is WasmMemory<ArrayBufferLike> {
  return value instanceof api.Memory;
}

/** Compiles and instantiates a module; its exports, whose types the caller knows. */
export function instantiate<Exports extends object>(
  module: Uint8Array<ArrayBuffer>,
  imports: WasmImports,
): Exports {
  return new api.Instance(new api.Module(module), imports).exports as Exports;
}

/** Whether code of a module did what it may not, as reaching outside of its memory. */
export function isTrap(error: unknown): error is Error {
  return error instanceof api.RuntimeError;
}
