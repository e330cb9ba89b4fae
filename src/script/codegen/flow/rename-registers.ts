/**
 * Gives the registers of a finished program other numbers, so that one that calls nothing keeps its values where nobody has to save them:
 * librte_bpf's native code pushes and pops each of r6 to r9 that a program names, and a frame for r10, at every hit. The
 * instructions stay what they are, but for `r6 = r1` at the start, which goes when the context can stay in r1.
 *
 * Two registers may have the same number when neither is written while the other is still to be read. Jumps lead forward
 * only, so that one look from the end knows what is still to be read. r1 holds the context at the start, r0 the result at the end.
 */
import { type EbpfInsn, type EbpfProgram, opcodes as o } from '../../../bpf/index.ts';
import { usesOf } from './live-registers.ts';

const RESULT = 0;
const ARGUMENT = 1;
const FIRST_KEPT = 6;
const FRAME = 10;
/** In the order in which they are taken. */
const NUMBERS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

/** The same program with other registers; the same array when nothing is gained, or a helper is called. */
export function renameRegisters(program: EbpfProgram): EbpfProgram {
  if (!program.some(({ dst, src }) => dst >= FIRST_KEPT || src >= FIRST_KEPT)) return program;
  const [first, second] = program;
  const isCopied = first !== undefined && isMove(first) && first.src === ARGUMENT;
  // librte_bpf does not check what a conditional jump at the very start skips.
  if (!isCopied || second === undefined || o.classOf(second.code) === o.BPF_JMP) return program;
  const body = program.slice(1);
  if (!body.every(isFollowed)) return program;
  const conflicts = findConflicts(body, first.dst);
  const numbers = assign(conflicts, first.dst);
  if (numbers === undefined) return program;
  const isBetter = keptOf([...numbers.values()]) < keptOf([...numbers.keys()]);
  return isBetter ? body.map((insn) => rename(insn, numbers)) : program;
}

function isMove({ code }: EbpfInsn): boolean {
  return code === (o.BPF_ALU64 | o.BPF_MOV | o.BPF_X);
}

function keptOf(registers: readonly number[]): number {
  return new Set(registers.filter((register) => register >= FIRST_KEPT && register < FRAME)).size;
}

/** Calls, 64-bit constants and atomic operations are not followed here. */
function isFollowed({ code }: EbpfInsn): boolean {
  switch (o.classOf(code)) {
    case o.BPF_LD:
    case o.BPF_JMP32:
      return false;
    case o.BPF_STX:
      return o.modeOf(code) === o.BPF_MEM;
    default:
      return code !== (o.BPF_JMP | o.BPF_CALL);
  }
}

const registersOf = (bits: number): readonly number[] => NUMBERS.filter((register) => (bits >> register) & 1);

/** For each register that the program names, those that need another number. */
function findConflicts(body: EbpfProgram, context: number): ReadonlyMap<number, Set<number>> {
  const conflicts = new Map<number, Set<number>>();
  const of = (register: number): Set<number> => {
    const known = conflicts.get(register) ?? new Set();
    conflicts.set(register, known);
    return known;
  };
  const conflict = (a: number, b: number): void => {
    if (a === b) return;
    of(a).add(b);
    of(b).add(a);
  };
  of(context);
  /** Bit r of the n-th is set when register r is read before it is written, from instruction n on. */
  const live = new Uint16Array(body.length + 1);
  for (let pc = body.length - 1; pc >= 0; pc--) {
    const insn = body[pc]!;
    const { reads, writes } = usesOf(insn);
    const isEnd = insn.code === (o.BPF_JMP | o.BPF_EXIT);
    const isJump = o.classOf(insn.code) === o.BPF_JMP && !isEnd;
    let after = isEnd || insn.code === (o.BPF_JMP | o.BPF_JA) ? 0 : live[pc + 1]!;
    if (isJump) after |= live[pc + 1 + insn.off]!;
    for (const register of registersOf(writes)) {
      of(register);
      for (const other of registersOf(after)) conflict(register, other);
    }
    for (const register of registersOf(reads)) of(register);
    live[pc] = (after & ~writes) | reads;
  }
  // The context is there from the start: what is to be read then lives beside it.
  for (const other of registersOf(live[0]!)) conflict(context, other);
  return conflicts;
}

/** A number for each register: the lowest that its neighbours leave, those with most neighbours first. */
function assign(
  conflicts: ReadonlyMap<number, Set<number>>,
  context: number,
): ReadonlyMap<number, number> | undefined {
  const numbers = new Map<number, number>([[context, ARGUMENT]]);
  if (conflicts.has(RESULT)) {
    if (context === RESULT) return undefined;
    numbers.set(RESULT, RESULT);
  }
  const others = [...conflicts.keys()].filter((register) => !numbers.has(register));
  others.sort((a, b) => conflicts.get(b)!.size - conflicts.get(a)!.size || a - b);
  for (const register of others) {
    const taken = new Set([...conflicts.get(register)!].map((other) => numbers.get(other)));
    const free = NUMBERS.find((number) => !taken.has(number));
    if (free === undefined) return undefined;
    numbers.set(register, free);
  }
  return numbers;
}

function rename(insn: EbpfInsn, numbers: ReadonlyMap<number, number>): EbpfInsn {
  const { reads, writes } = usesOf(insn);
  const to = (register: number): number =>
    ((reads | writes) >> register) & 1 ? (numbers.get(register) ?? register) : register;
  // An exit reads r0 without naming it.
  return insn.code === (o.BPF_JMP | o.BPF_EXIT) ? insn : { ...insn, dst: to(insn.dst), src: to(insn.src) };
}
