/** Random instructions of the table for tests: every row, every value of its operands, reserved fields 0. */
import fc from 'fast-check';
import type { EbpfInsn } from './insn.ts';
import { type InsnRow, insnTable, isWide } from './table.ts';

const imm32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const off16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 });

/** The slots, one or two, of an instruction. Registers that it writes are r0 to r9. */
export function anyInsn(rows: readonly InsnRow[] = insnTable): fc.Arbitrary<readonly EbpfInsn[]> {
  return fc.constantFrom(...rows).chain((row) => {
    const { code, fixed, uses, writes } = row;
    const register = (field: 'dst' | 'src'): fc.Arbitrary<number> =>
      uses[field] === 'operand' ? fc.integer({ min: 0, max: writes === field ? 9 : 10 }) : fc.constant(0);
    const first = fc.record({
      code: fc.constant(code),
      dst: register('dst'),
      src: fixed.src === undefined ? register('src') : fc.constant(fixed.src),
      off: uses.off === 'operand' ? off16 : fc.constant(fixed.off ?? 0),
      imm: uses.imm === 'operand' ? imm32 : fc.constant(fixed.imm ?? 0),
    });
    if (!isWide(code)) return first.map((insn) => [insn]);
    const next = uses.next === 'operand' ? imm32 : fc.constant(0);
    return fc.tuple(first, next).map(([insn, imm]) => [insn, { code: 0, dst: 0, src: 0, off: 0, imm }]);
  });
}
