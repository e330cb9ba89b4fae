/**
 * In which order the instructions of a classic program become code. Every jump stays a jump forward. A chain of
 * comparisons of A (`ether proto` this, else that, else the next) is laid out so that it falls through from one to the
 * other: a taken jump costs more than all else that a filter does to a packet that it rejects early.
 */
import * as cbpf from '../cbpf/isa.ts';
import type { Flow } from './flow.ts';

/** The reached instructions but for `ret`, each before those that it can go on with. */
export function layOut(program: cbpf.CbpfProgram, { successors }: Flow): readonly number[] {
  const backwards: number[] = [];
  const seen = new Set<number>();
  const pending: { readonly pc: number; readonly ways: number[] }[] = [];
  const enter = (pc: number): void => {
    if (seen.has(pc) || cbpf.classOf(program[pc]!.code) === cbpf.BPF_RET) return;
    seen.add(pc);
    pending.push({ pc, ways: nextFirst(program, pc, successors[pc]!) });
  };
  enter(0);
  for (let top = pending.at(-1); top !== undefined; top = pending.at(-1)) {
    const way = top.ways.pop();
    if (way !== undefined) enter(way);
    else backwards.push(pending.pop()!.pc);
  }
  return backwards.reverse();
}

/** What is entered last comes right behind: that is the first of these. */
function nextFirst(program: cbpf.CbpfProgram, pc: number, ways: readonly number[]): number[] {
  const [yes, no] = ways;
  if (yes === undefined || no === undefined) return [...ways];
  const isChain = isComparison(program[pc]!) && isComparison(program[no]!);
  return isChain || no < yes ? [no, yes] : [yes, no];
}

const isComparison = ({ code }: cbpf.CbpfInsn): boolean =>
  code === (cbpf.BPF_JMP | cbpf.BPF_JEQ | cbpf.BPF_K);
