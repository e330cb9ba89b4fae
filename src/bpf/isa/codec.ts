/** Extended BPF instructions to bytes and back. No checks of meaning: any 8 bytes are an instruction. */
import { FormatError } from '../../base/index.ts';
import type { EbpfProgram } from './insn.ts';

/** Bytes of one instruction. */
const INSN_BYTES = 8;

/** The program as little-endian bytes, 8 an instruction, in a new array. */
export function encodeEbpf(program: EbpfProgram): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(program.length * INSN_BYTES);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, dst, src, off, imm }, index) => {
    const at = index * INSN_BYTES;
    view.setUint8(at, code);
    view.setUint8(at + 1, (src << 4) | dst);
    view.setInt16(at + 2, off, true);
    view.setInt32(at + 4, imm, true);
  });
  return bytes;
}

/** The instructions in the bytes (copied). Throws FormatError when the length is no multiple of 8. */
export function decodeEbpf(bytes: Uint8Array): EbpfProgram {
  if (bytes.length % INSN_BYTES !== 0) {
    throw new FormatError(
      `eBPF program: got ${bytes.length} bytes, expected a multiple of ${INSN_BYTES}`,
      bytes.length - (bytes.length % INSN_BYTES),
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / INSN_BYTES }, (_, index) => {
    const at = index * INSN_BYTES;
    const registers = view.getUint8(at + 1);
    return {
      code: view.getUint8(at),
      dst: registers & 0xf,
      src: registers >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    };
  });
}
