/**
 * A program as numbers for the interpreter: four a slot. Constants lie behind the registers in the same array of words, so
 * that an operation with a constant is one with a register. Addresses and helpers are looked up here, once.
 */
import type { EbpfInsn, EbpfProgram } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import { jumpTarget, validateProgram } from '../isa/validate.ts';
import type { Environment, Helper } from './engine.ts';
import { helperOf, wideConstant } from './lookup.ts';

/** Numbers of a slot in `insns`. */
export const STRIDE = 4;

/** Words of the eleven registers, two each. */
const REGISTER_WORDS = 22;

/** Operations without an opcode of their own; no instruction has these codes. */
const SDIV64 = 0xe7;
const SDIV32 = 0xe4;
const SMOD64 = 0xf7;
const SMOD32 = 0xf4;
const MOVSX64 = 0xef;
const MOVSX32 = 0xec;
const CALL_LOCAL = 0xed;

export interface Predecoded {
  /**
   * For each slot: the operation (an opcode with a register operand, or one of the above), the index of dst's lower word,
   * of src's or the constant's, and: a displacement in memory, where in `insns` a jump leads, a size in bits, a
   * displacement with an atomic operation in the upper half, the index of a helper, or the offset of a packet load.
   */
  readonly insns: Int32Array;
  /** The registers, zero, and the constants behind them. */
  readonly words: Int32Array;
  /** The helpers that are called by number. */
  readonly helpers: readonly Helper[];
}

/** @throws FormatError, UnsupportedError as Engine.prepare does */
export function predecode(program: EbpfProgram, environment: Environment): Predecoded {
  const rows = validateProgram(program);
  const insns = new Int32Array(program.length * STRIDE);
  const constants: number[] = [];
  const helpers: Helper[] = [];
  const constantAt = (low: number, high: number): number => {
    constants.push(low, high);
    return REGISTER_WORDS + constants.length - 2;
  };
  program.forEach((insn, pc) => {
    const row = rows[pc];
    if (row === undefined) return;
    const at = pc * STRIDE;
    insns[at] = operationCode(row);
    insns[at + 1] = 2 * insn.dst;
    insns[at + 2] = 2 * insn.src;
    if (row.kind === 'lddw') {
      const [low, high] = wideConstant(row, insn, program[pc + 1]!.imm, environment);
      insns[at + 2] = constantAt(low, high);
    } else if (row.operand === 'imm') insns[at + 2] = constantAt(insn.imm, insn.imm >> 31);
    insns[at + 3] = lastNumber(row, insn, pc);
    if (row.operation === 'helper' || row.operation === 'btf') {
      insns[at + 3] = helpers.push(helperOf(row, insn, environment)) - 1;
    }
  });
  const words = new Int32Array(REGISTER_WORDS + constants.length);
  words.set(constants, REGISTER_WORDS);
  return { insns, words, helpers };
}

function operationCode({ kind, operation, code, bits, operand }: InsnRow): number {
  if (operation === 'sdiv') return bits === 64 ? SDIV64 : SDIV32;
  if (operation === 'smod') return bits === 64 ? SMOD64 : SMOD32;
  if (kind === 'movsx') return bits === 64 ? MOVSX64 : MOVSX32;
  if (kind === 'call' && operation === 'local') return CALL_LOCAL;
  if (operand !== 'imm') return code;
  // BPF_ST becomes BPF_STX, BPF_K becomes BPF_X; a 64-bit constant has one form only.
  return kind === 'store' ? code | 0x01 : kind === 'lddw' ? code : code | 0x08;
}

function lastNumber(row: InsnRow, insn: EbpfInsn, pc: number): number {
  const target = jumpTarget(row, insn, pc);
  if (target !== undefined) return target * STRIDE;
  switch (row.kind) {
    case 'movsx':
    case 'end':
      return row.sizeBits;
    case 'packet':
      return insn.imm;
    case 'atomic':
      return (insn.imm << 16) | (insn.off & 0xffff);
    default:
      return insn.off;
  }
}
