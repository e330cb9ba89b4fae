/**
 * How long librte_bpf checks a program: it follows every way through it (22.11 to 23.11 at least), where two ways that meet
 * are followed twice from there on. A filter of some dozen tests that meet after each can so take hours.
 */
import type { EbpfProgram } from '../isa/insn.ts';

const JA = 0x05;
const EXIT = 0x95;
const CALL = 0x85;

/** The instructions on all ways through a program whose jumps go forward. */
export function countSteps(program: EbpfProgram): number {
  const steps: number[] = [];
  for (let pc = program.length - 1; pc >= 0; pc--) {
    const { code, off } = program[pc]!;
    const next = steps[pc + 1] ?? 0;
    const target = steps[pc + 1 + off] ?? 0;
    const jumps = [5, 6].includes(code & 7) && code !== EXIT && code !== CALL;
    steps[pc] = 1 + (code === EXIT ? 0 : jumps ? target + (code === JA ? 0 : next) : next);
  }
  return steps[0] ?? 0;
}
