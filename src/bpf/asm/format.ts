/**
 * Extended BPF as text, in the notation of the kernel and clang (`r0 = *(u16 *)(r1 + 12)`, `if r0 != 0x800 goto +4`,
 * `w1 += 2`: w is the lower half of a register) or in that of the conformance corpus (`ldxh %r0, [%r1+12]`). A slot that
 * is no instruction is printed as `.insn` with its fields. `assemble` reads all of it.
 */
import type { EbpfInsn, EbpfProgram } from '../isa/insn.ts';
import { findRow, type InsnRow, isWide } from '../isa/table.ts';

export type Notation = 'kernel' | 'mnemonic';

/** One line an instruction, the number of its slot first, each ended by a newline. */
export function formatEbpf(program: EbpfProgram): string {
  return formatLines(program, 'kernel')
    .map(({ pc, text }) => `${String(pc).padStart(4)}: ${text}\n`)
    .join('');
}

/** The instructions with the numbers of their (first) slots. */
export function formatLines(
  program: EbpfProgram,
  notation: Notation,
): readonly { readonly pc: number; readonly text: string }[] {
  const lines: { pc: number; text: string }[] = [];
  for (let pc = 0; pc < program.length; pc++) {
    const insn = program[pc]!;
    const second = program[pc + 1];
    const row = findRow(insn);
    if (row === undefined || !isPrintable(row, insn, second)) {
      lines.push({ pc, text: formatRaw(insn) });
      continue;
    }
    const template = notation === 'kernel' ? row.kernel[0]! : row.mnemonic;
    lines.push({ pc, text: fill(template, insn, second?.imm ?? 0, notation) });
    if (isWide(insn.code)) pc++;
  }
  return lines;
}

/** Whether text can say all of it: reserved fields are 0, registers exist, the second slot is there. */
function isPrintable({ uses }: InsnRow, insn: EbpfInsn, second: EbpfInsn | undefined): boolean {
  if (insn.dst > 10 || (uses.src === 'operand' && insn.src > 10)) return false;
  for (const field of ['dst', 'src', 'off', 'imm'] as const) {
    if (uses[field] === 'reserved' && insn[field] !== 0) return false;
  }
  if (!isWide(insn.code)) return true;
  if (second === undefined || (uses.next === 'reserved' && second.imm !== 0)) return false;
  return second.code === 0 && second.dst === 0 && second.src === 0 && second.off === 0;
}

function formatRaw({ code, dst, src, off, imm }: EbpfInsn): string {
  return `.insn 0x${code.toString(16)}, ${dst}, ${src}, ${off}, ${imm}`;
}

function fill(template: string, insn: EbpfInsn, next: number, notation: Notation): string {
  const { dst, src, off, imm } = insn;
  const prefix = notation === 'kernel' ? '' : '%';
  const displacement = notation === 'kernel' ? spaced : signed;
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'dst':
        return `${prefix}r${dst}`;
      case 'src':
        return `${prefix}r${src}`;
      case 'wdst':
        return `w${dst}`;
      case 'wsrc':
        return `w${src}`;
      case 'imm':
        return constant(imm);
      case 'number':
        return String(imm);
      case 'imm64':
        return `0x${BigInt.asUintN(64, (BigInt(next) << 32n) | BigInt(imm >>> 0)).toString(16)}`;
      case 'off':
        return displacement(off);
      case 'index':
        return displacement(imm);
      case 'next':
        return displacement(next);
      case 'to':
        return signed(off);
      default:
        return signed(imm);
    }
  });
}

const signed = (value: number): string => (value < 0 ? String(value) : `+${value}`);

const spaced = (value: number): string => (value < 0 ? ` - ${-value}` : ` + ${value}`);

const constant = (imm: number): string => (imm < 0 ? String(imm) : `0x${imm.toString(16)}`);
