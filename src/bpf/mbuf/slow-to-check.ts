/**
 * Which programs librte_bpf would check for minutes or hours. Its verifier follows every way through a program and gives
 * up a way only where it comes to a place in a state that it has found safe there. What a program keeps on its stack, as
 * offsets that only the packet knows, is part of that state: ways that differ in it are all followed to their ends.
 */
import { BPF_ST, BPF_STX, classOf } from '../cbpf/isa.ts';
import type { EbpfProgram } from '../isa/insn.ts';

/**
 * Measured with librte_bpf 22.11: of programs that keep offsets, none of up to 452 instructions took more than 3 s, the
 * shortest that took longer than 8 s had 539. Those without stack load in a moment whatever their length.
 */
export const MOST_INSNS_WITH_STACK = 512;

/** @param program as `compileForMbuf` makes it */
export function isSlowToCheck(program: EbpfProgram): boolean {
  const keepsOffsets = program.some(({ code }) => classOf(code) === BPF_ST || classOf(code) === BPF_STX);
  return keepsOffsets && program.length > MOST_INSNS_WITH_STACK;
}
