/** Bytes of a number the other way round: constants at compile time, values in WebAssembly code. */
import type { FunctionBuilder, Local } from '../../wasm/index.ts';

/** The lower 2 or 4 bytes of `value` in the opposite order. */
export function swapped(value: number, lengthBytes: 2 | 4): number {
  if (lengthBytes === 2) return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
  return (swapped(value, 2) << 16) | swapped(value >>> 16, 2);
}

/** Swaps the value of so many bytes on the stack; `scratch` is an i32 that may be overwritten. */
export function emitSwap(code: FunctionBuilder, lengthBytes: 1 | 2 | 4, scratch: Local): void {
  if (lengthBytes === 1) return;
  code.set(scratch);
  if (lengthBytes === 2) {
    code.get(scratch).i32(8).op('i32.shr_u');
    code.get(scratch).i32(0xff).op('i32.and').i32(8).op('i32.shl').op('i32.or');
  } else {
    code.get(scratch).i32(8).op('i32.rotl').i32(0x00ff00ff).op('i32.and');
    code.get(scratch).i32(24).op('i32.rotl').i32(0xff00ff00).op('i32.and').op('i32.or');
  }
}
