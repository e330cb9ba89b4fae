/**
 * Packet loads (BPF_ABS, BPF_IND) as plain loads with a look at the captured length and a change of byte order: for engines
 * that have no packet loads, or must see every access. The context in r6 is that of vm/engine.ts. r1 to r5, which a packet load
 * does not keep either, hold what is needed.
 */
import { UnsupportedError } from '../../base/index.ts';
import * as bpf from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import { jumpTarget, validateProgram } from '../isa/validate.ts';
import { packetContext } from '../vm/engine.ts';

const CONTEXT = 6;
const MAX_DISPLACEMENT = 0x7fff;

const insn = (code: number, dst: number, src = 0, off = 0, imm = 0): bpf.EbpfInsn => ({
  code,
  dst,
  src,
  off,
  imm,
});
const load = (size: number, dst: number, src: number, off: number): bpf.EbpfInsn =>
  insn(bpf.BPF_LDX | bpf.BPF_MEM | size, dst, src, off);
const constant = (operation: number, dst: number, imm: number): bpf.EbpfInsn =>
  insn(bpf.BPF_ALU64 | operation, dst, 0, 0, imm);
const register = (operation: number, dst: number, src: number): bpf.EbpfInsn =>
  insn(bpf.BPF_ALU64 | operation | bpf.BPF_X, dst, src);

/** In a lowered load a jump with this displacement leads to the end that rejects. */
const REJECT = -1;

/**
 * The same program without packet loads.
 * @throws FormatError as validateProgram does; UnsupportedError when a load would have to end the program from inside a
 * function, or a jump becomes too long
 */
export function lowerPacketLoads(program: bpf.EbpfProgram): bpf.EbpfProgram {
  const rows = validateProgram(program);
  if (!rows.some((row) => row?.kind === 'packet')) return program;
  if (rows.some((row) => row?.kind === 'call' && row.operation === 'local')) {
    throw new UnsupportedError(
      'packet loads lowered in a program with functions',
      'a program of one function',
    );
  }
  const pieces = program.map((each, pc) => (rows[pc]?.kind === 'packet' ? lower(rows[pc], each) : [each]));
  const starts: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    starts.push(length);
    length += piece.length;
  }
  const lowered = pieces.flatMap((piece, pc) => {
    const row = rows[pc];
    if (row?.kind === 'packet') {
      return piece.map((each, i) =>
        each.off === REJECT ? moved(each, 'off', starts[pc]! + i, length) : each,
      );
    }
    const target = row === undefined ? undefined : jumpTarget(row, program[pc]!, pc);
    return target === undefined ? piece : [moved(piece[0]!, row!.target!, starts[pc]!, starts[target]!)];
  });
  const end = [insn(bpf.BPF_ALU | bpf.BPF_MOV, 0), insn(bpf.BPF_JMP | bpf.BPF_EXIT, 0)];
  return [...lowered, ...end];
}

/** The jump at `from`, leading to `to`. */
function moved(jump: bpf.EbpfInsn, field: 'off' | 'imm', from: number, to: number): bpf.EbpfInsn {
  const distance = to - from - 1;
  if (field === 'off' && (distance > 0x7fff || distance < -0x8000)) {
    throw new UnsupportedError(`program with a jump over ${distance} instructions`, '32767');
  }
  return { ...jump, [field]: distance };
}

function lower({ operation, sizeBits, code }: InsnRow, { src, imm }: bpf.EbpfInsn): readonly bpf.EbpfInsn[] {
  const size = bpf.sizeOf(code);
  const sizeBytes = sizeBits / 8;
  const toHost = sizeBits === 8 ? [] : [insn(bpf.BPF_ALU | bpf.BPF_END | bpf.BPF_TO_BE, 0, 0, 0, sizeBits)];
  const captured = load(bpf.BPF_W, 2, CONTEXT, packetContext.capturedLength);
  const packet = [
    load(bpf.BPF_DW, 3, CONTEXT, packetContext.bufAddr),
    load(bpf.BPF_H, 4, CONTEXT, packetContext.dataOff),
    register(bpf.BPF_ADD, 3, 4),
  ];
  if (operation === 'abs' && imm >= 0 && imm <= MAX_DISPLACEMENT) {
    const below = insn(bpf.BPF_JMP | bpf.BPF_JLT, 2, 0, REJECT, imm + sizeBytes);
    return [captured, below, ...packet, load(size, 0, 3, imm), ...toHost];
  }
  const index =
    operation === 'abs'
      ? [constant(bpf.BPF_MOV, 1, imm)]
      : [register(bpf.BPF_MOV, 1, src), constant(bpf.BPF_ADD, 1, imm)];
  // Looked at before and after the sum, so that one that wraps is beyond too.
  const beyond = (which: number): bpf.EbpfInsn =>
    insn(bpf.BPF_JMP | bpf.BPF_JGT | bpf.BPF_X, which, 2, REJECT);
  return [
    ...index,
    captured,
    beyond(1),
    register(bpf.BPF_MOV, 5, 1),
    constant(bpf.BPF_ADD, 5, sizeBytes),
    beyond(5),
    ...packet,
    register(bpf.BPF_ADD, 3, 1),
    load(size, 0, 3, 0),
    ...toHost,
  ];
}
