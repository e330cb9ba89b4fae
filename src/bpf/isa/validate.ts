/**
 * The form of a program: every slot is an instruction of the table, reserved fields are 0, registers exist and r10 is
 * only read, jumps lead to instructions, and the last one does not run off the end. Nothing is said about what the
 * program does: that is the verifier's part.
 */
import { FormatError } from '../../base/index.ts';
import type { EbpfInsn, EbpfProgram } from './insn.ts';
import { findRow, type InsnRow, isWide } from './table.ts';

const FRAME_POINTER = 10;

/** Where an instruction leads besides the next one: a slot, or undefined. Local calls lead to their function. */
export function jumpTarget(row: InsnRow, insn: EbpfInsn, pc: number): number | undefined {
  return row.target === undefined ? undefined : pc + 1 + insn[row.target];
}

/**
 * The row of each slot, undefined for the second slot of a 64-bit constant.
 * @throws FormatError at the first slot that is wrong; `offsetBytes` is the slot's
 */
export function validateProgram(program: EbpfProgram): readonly (InsnRow | undefined)[] {
  if (program.length === 0)
    throw new FormatError('eBPF program: got no instructions, expected at least 1', 0);
  const rows: (InsnRow | undefined)[] = [];
  for (let pc = 0; pc < program.length; pc++) {
    const insn = program[pc]!;
    const row = findRow(insn);
    if (row === undefined) {
      const { code, src, off, imm } = insn;
      throw fault(
        pc,
        `got code 0x${code.toString(16)} with src ${src}, off ${off}, imm ${imm}, expected an instruction`,
      );
    }
    rows.push(row);
    checkFields(row, insn, pc);
    if (isWide(insn.code)) {
      checkSecondSlot(row, program[pc + 1], pc);
      rows.push(undefined);
      pc++;
    }
  }
  program.forEach((insn, pc) => {
    const row = rows[pc];
    const target = row === undefined ? undefined : jumpTarget(row, insn, pc);
    if (target !== undefined && rows[target] === undefined) {
      throw fault(pc, `${row!.name} leads to ${target}, expected an instruction, 0 to ${program.length - 1}`);
    }
  });
  const last = rows.at(-1);
  if (last?.kind !== 'exit' && last?.kind !== 'ja') {
    const pc = program.length - 1;
    throw fault(pc, `got ${last?.name ?? 'lddw'} as the last instruction, expected exit or a jump`);
  }
  return rows;
}

function checkFields(row: InsnRow, insn: EbpfInsn, pc: number): void {
  for (const field of ['dst', 'src', 'off', 'imm'] as const) {
    if (row.uses[field] === 'reserved' && insn[field] !== 0) {
      throw fault(pc, `${row.name}: got ${field} ${insn[field]}, expected 0: it is reserved`);
    }
    if ((field === 'dst' || field === 'src') && insn[field] > FRAME_POINTER) {
      throw fault(pc, `${row.name}: got r${insn[field]}, expected r0 to r${FRAME_POINTER}`);
    }
  }
  if ((row.writes === 'dst' || row.writes === 'src') && insn[row.writes] === FRAME_POINTER) {
    throw fault(pc, `${row.name} writes r${FRAME_POINTER}, expected r0 to r${FRAME_POINTER - 1}`);
  }
}

function checkSecondSlot(row: InsnRow, second: EbpfInsn | undefined, pc: number): void {
  if (second === undefined) throw fault(pc, `${row.name}: got one slot, expected two`);
  for (const field of ['code', 'dst', 'src', 'off'] as const) {
    if (second[field] !== 0) {
      throw fault(pc + 1, `second slot of ${row.name}: got ${field} ${second[field]}, expected 0`);
    }
  }
  if (row.uses.next === 'reserved' && second.imm !== 0) {
    throw fault(pc + 1, `second slot of ${row.name}: got imm ${second.imm}, expected 0: it is reserved`);
  }
}

function fault(pc: number, message: string): FormatError {
  return new FormatError(`eBPF program: ${message}, at instruction ${pc}`, pc * 8);
}
