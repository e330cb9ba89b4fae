/**
 * A program that a compiler made, in the form that runs next to an application's packets (mbuf/check.ts has the rules):
 * the context in r6 from the start, every jump forward, one exit at the end, and only instructions that librte_bpf of
 * DPDK 22.11 has. Constants (.rodata) become comparisons. What cannot be put so is refused: maps and helpers, calls of
 * functions, loops.
 */
import { HoneError, UnsupportedError, VerifierError } from '../../base/index.ts';
import type { BpfObject, LinkedProgram } from '../elf/bpf-object.ts';
import {
  BPF_ALU64,
  BPF_CALL,
  BPF_EXIT,
  BPF_JA,
  BPF_JMP,
  BPF_MOV,
  BPF_X,
  type EbpfInsn,
  type EbpfProgram,
} from '../isa/insn.ts';
import { checkMbufProgram } from '../mbuf/check.ts';
import { isConstants } from './constant-image.ts';
import { type Block, isWide, orderBlocks } from './flow-graph.ts';
import { lowerConstants } from './lower-constants.ts';
import { lowerForAgent } from './lower-for-agent.ts';
import { pinContext } from './pin-context.ts';

/**
 * @returns a program that checkMbufProgram accepts
 * @throws UnsupportedError, VerifierError, FormatError: what the agent cannot run, and the program's name
 */
export function toAgentForm(program: LinkedProgram, object: Pick<BpfObject, 'maps'>): EbpfProgram {
  try {
    refuseCallsAndMaps(program, object);
    const blocks = lowerConstants(orderBlocks(program.insns), object.maps);
    pinContext(blocks);
    lowerForAgent(blocks);
    const insns = join(blocks);
    checkMbufProgram(insns);
    return insns;
  } catch (error) {
    if (!(error instanceof HoneError)) throw error;
    const message = `program ${program.name} cannot run next to an application's packets: ${error.message}`;
    if (error instanceof UnsupportedError) throw new UnsupportedError(message, error.minimum);
    if (error instanceof VerifierError) throw new VerifierError(error.pc, message);
    throw error;
  }
}

function refuseCallsAndMaps({ insns, functions }: LinkedProgram, { maps }: Pick<BpfObject, 'maps'>): void {
  for (const [pc, insn] of insns.entries()) {
    if (isWide(insn) && insn.src !== 0 && !isConstants(maps[insn.imm])) {
      const name = maps[insn.imm]?.spec.name ?? insn.imm;
      const what = name.toString().startsWith('.') ? `variables (${name})` : `map ${name}`;
      throw onlyOnFiles(`it uses ${what} at instruction ${pc}`);
    }
    if (insn.code !== (BPF_JMP | BPF_CALL)) continue;
    if (insn.src === 0) {
      throw onlyOnFiles(`it calls helper ${insn.imm} at instruction ${pc}`);
    }
    const called = functionAt(functions, pc + 1 + insn.imm);
    throw new UnsupportedError(
      `it calls function ${called} at instruction ${pc}: expected static __always_inline functions`,
      'inlined functions',
    );
  }
}

function onlyOnFiles(what: string): UnsupportedError {
  return new UnsupportedError(
    `${what}, which runs on recorded files only (hone read --bpf)`,
    'hone read --bpf',
  );
}

function functionAt(functions: LinkedProgram['functions'], pc: number): string {
  return functions.find(({ startInsn }) => startInsn === pc)?.name ?? `at ${pc}`;
}

/** One after another, with jumps where a block does not go on with the one behind it. */
function join(blocks: readonly Block[]): EbpfInsn[] {
  const insns = [op(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1)];
  const starts = new Map<Block | undefined, number>();
  const jumps: { readonly pc: number; readonly to: Block | undefined }[] = [];
  blocks.forEach((block, n) => {
    starts.set(block, insns.length);
    insns.push(...block.insns);
    if (block.branch !== undefined) {
      jumps.push({ pc: insns.length, to: block.taken });
      insns.push(block.branch);
    }
    // Behind the last block is the exit, which undefined stands for.
    if (block.next === blocks[n + 1]) return;
    jumps.push({ pc: insns.length, to: block.next });
    insns.push(op(BPF_JMP | BPF_JA, 0, 0));
  });
  starts.set(undefined, insns.length);
  insns.push(op(BPF_JMP | BPF_EXIT, 0, 0));
  for (const { pc, to } of jumps) {
    const off = starts.get(to)! - pc - 1;
    if (off > 0x7fff) throw new UnsupportedError(`a jump over ${off} instructions`, '32767');
    insns[pc] = { ...insns[pc]!, off };
  }
  return insns;
}

function op(code: number, dst: number, src: number): EbpfInsn {
  return { code, dst, src, off: 0, imm: 0 };
}
