/**
 * The profile `dpdk`: programs for librte_bpf 22.11, with its holes closed. It has neither loops nor functions nor
 * 32-bit jumps nor what came after version 2 of the instruction set, and of the atomic operations only the addition.
 *
 * Some rules are there for its defects. The branch that a program skips by starting with a conditional jump is not
 * checked; the x86 JIT encodes a bit test with a constant of one byte wrongly, and its jumps back by 127 or 128 bytes,
 * which only an exit behind another one makes, go forward instead; offset and length of a packet load are added in 32
 * bits.
 */

import type { EbpfInsn } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import { mbufFields } from '../mbuf/fields.ts';
import type { Argument, ContextField, Profile } from './profile.ts';

/** The longest program that the agent takes. */
const MAX_INSNS = 4096;

/** The fields of an mbuf that programs may load, by loads of the lengths that `loadBytes` gives for a field's. */
export function mbufContext(loadBytes: (lengthBytes: number) => readonly number[]): readonly ContextField[] {
  return Object.values(mbufFields).map(({ offset, lengthBytes }) => ({
    offset,
    lengthBytes,
    loadBytes: loadBytes(lengthBytes),
    gives: 'scalar',
    isWritable: false,
  }));
}

/** What the program gets: an mbuf for filters, a memory or numbers for trace points. */
export function dpdkProfile(
  programArguments: readonly Argument[] = [
    { kind: 'context', fields: mbufContext((lengthBytes) => [lengthBytes]) },
  ],
): Profile {
  return {
    name: 'dpdk',
    maxInsns: MAX_INSNS,
    maxSteps: 500_000,
    hasLoops: false,
    hasLocalCalls: false,
    hasPacketLoads: programArguments[0]?.kind === 'context',
    maxPacketOffset: 0x7fffffffn,
    maxStackBytes: 512,
    isPacketWritable: false,
    refuses,
    arguments: programArguments,
  };
}

function refuses(row: InsnRow, insn: EbpfInsn, pc: number, length: number): string | undefined {
  const isNewer =
    row.kind === 'movsx' ||
    row.kind === 'loadsx' ||
    row.operation === 'sdiv' ||
    row.operation === 'smod' ||
    row.operation === 'bswap' ||
    row.name === 'ja32' ||
    (row.kind === 'jump' && row.bits === 32) ||
    (row.kind === 'lddw' && row.operation !== 'imm64') ||
    (row.kind === 'atomic' && (row.operation !== 'add' || row.fetches));
  if (isNewer) return `${row.name}: librte_bpf does not have it`;
  if (pc === 0 && row.kind === 'jump')
    return 'a conditional jump as the first instruction: librte_bpf does not check what it skips';
  if (row.kind === 'exit' && pc !== length - 1) return 'an exit before the end of the program';
  if (row.operation === 'jset' && row.operand === 'imm' && insn.imm >= -128 && insn.imm <= 127) {
    return `a bit test with ${insn.imm}: expected a constant outside -128 to 127, or a register`;
  }
  return constantFault(row, insn);
}

/** Constants that the kernel and librte_bpf refuse: the result of the operation would not depend on the operand. */
export function constantFault(row: InsnRow, { imm }: EbpfInsn): string | undefined {
  if (row.kind !== 'alu' || row.operand !== 'imm') return undefined;
  switch (row.operation) {
    case 'div':
    case 'mod':
    case 'sdiv':
    case 'smod':
      return imm === 0 ? 'division by a constant 0' : undefined;
    case 'lsh':
    case 'rsh':
    case 'arsh':
      return imm < 0 || imm >= row.bits ? `a shift by ${imm} bits: expected 0 to ${row.bits - 1}` : undefined;
    default:
      return undefined;
  }
}
