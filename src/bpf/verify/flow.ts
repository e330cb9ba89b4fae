/**
 * The ways through a program, before anything is known of values: its functions, where each instruction leads, what no
 * way reaches, where ways meet. A function is the slots from its first one to the next function; jumps stay inside.
 */
import { FormatError } from '../../base/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import { jumpTarget, validateProgram } from '../isa/validate.ts';
import type { AddressKind } from '../vm/engine.ts';
import type { Profile, Setting } from './profile.ts';
import { Refusal } from './refusal.ts';

export interface Flow {
  /** Undefined for the second slot of a 64-bit constant. */
  readonly rows: readonly (InsnRow | undefined)[];
  /** Where a jump or a local call leads. */
  readonly targets: readonly (number | undefined)[];
  /** The slots that follow one in the same function. */
  readonly successors: readonly (readonly number[])[];
  /** The first slots of the functions, in order; 0 is the program. */
  readonly functions: readonly number[];
  /** Whether ways meet before an instruction: more than one leads there. */
  readonly isJoin: readonly boolean[];
}

/** @throws Refusal when the form of the program, a jump or an instruction is not what the profile takes */
export function analyseFlow(program: EbpfProgram, profile: Profile, setting: Setting): Flow {
  if (program.length === 0 || program.length > profile.maxInsns) {
    throw new Refusal(0, `program of ${program.length} instructions: expected 1 to ${profile.maxInsns}`);
  }
  const rows = validated(program);
  const targets = rows.map((row, pc) => row && jumpTarget(row, program[pc]!, pc));
  const functions = functionStarts(rows, targets);
  rows.forEach((row, pc) => {
    const why =
      row &&
      (profile.refuses(row, program[pc]!, pc, program.length) ??
        refusal(row, profile) ??
        missing(row, program, pc, setting));
    if (why !== undefined) throw new Refusal(pc, why);
    checkTarget(row, pc, targets[pc], functions, profile);
  });
  const successors = rows.map((row, pc) => (row === undefined ? [] : successorsOf(row, pc, targets[pc])));
  checkEnds(rows, functions);
  const counts = countWays(successors, functions);
  counts.forEach((count, pc) => {
    if (count === 0 && rows[pc] !== undefined) throw new Refusal(pc, 'no way leads here');
  });
  return { rows, targets, successors, functions, isJoin: counts.map((count) => count > 1) };
}

function validated(program: EbpfProgram): readonly (InsnRow | undefined)[] {
  try {
    return validateProgram(program);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const message = error.message.replace(/^eBPF program: /, '').replace(/, at instruction \d+$/, '');
    throw new Refusal(error.offsetBytes / 8, message);
  }
}

function refusal(row: InsnRow, profile: Profile): string | undefined {
  if (row.kind === 'packet' && !profile.hasPacketLoads) return 'packet loads: this program has no packet';
  if (row.kind !== 'call' || row.operation === 'helper') return undefined;
  if (row.operation !== 'local')
    return `${row.name}: expected a helper's number or a function of the program`;
  return profile.hasLocalCalls ? undefined : 'calls inside the program: the target has none';
}

/** Engines look for all that a program names, on the ways that no number takes as well. */
function missing(row: InsnRow, program: EbpfProgram, pc: number, setting: Setting): string | undefined {
  const { imm } = program[pc]!;
  if (row.kind === 'call' && row.operation === 'helper' && setting.helpers?.has(imm) !== true) {
    return `helper ${imm}: the target does not have it`;
  }
  if (row.kind !== 'lddw' || row.operation === 'imm64') return undefined;
  const address = setting.resolve?.(row.operation as AddressKind, imm, program[pc + 1]!.imm);
  return address === undefined ? `${row.name}: ${imm} names nothing that the program is given` : undefined;
}

function functionStarts(
  rows: readonly (InsnRow | undefined)[],
  targets: readonly (number | undefined)[],
): readonly number[] {
  const starts = new Set([0]);
  rows.forEach((row, pc) => {
    if (row?.kind === 'call' && targets[pc] !== undefined) starts.add(targets[pc]!);
  });
  return [...starts].sort((a, b) => a - b);
}

/** The number of the function that a slot is in. */
const functionOf = (functions: readonly number[], pc: number): number =>
  functions.findLastIndex((start) => start <= pc);

function checkTarget(
  row: InsnRow | undefined,
  pc: number,
  target: number | undefined,
  functions: readonly number[],
  profile: Profile,
): void {
  if (target === undefined || row?.kind === 'call') return;
  if (functionOf(functions, pc) !== functionOf(functions, target)) {
    throw new Refusal(pc, `a jump to ${target}: expected a place in the same function`);
  }
  if (!profile.hasLoops && target <= pc) {
    throw new Refusal(pc, `a jump back to ${target}: the target has no loops`);
  }
}

function successorsOf(row: InsnRow, pc: number, target: number | undefined): readonly number[] {
  switch (row.kind) {
    case 'exit':
      return [];
    case 'ja':
      return [target!];
    case 'jump':
      return [pc + 1, target!];
    case 'lddw':
      return [pc + 2];
    default:
      return [pc + 1];
  }
}

function checkEnds(rows: readonly (InsnRow | undefined)[], functions: readonly number[]): void {
  for (const start of functions.slice(1)) {
    const last = rows[start - 1];
    if (last?.kind !== 'exit' && last?.kind !== 'ja') {
      throw new Refusal(start - 1, `the function runs into the one at ${start}: expected exit or a jump`);
    }
  }
}

/** How many ways lead to each slot, from the program's start or a call; 0 when none does. */
function countWays(successors: readonly (readonly number[])[], functions: readonly number[]): number[] {
  const counts = Array<number>(successors.length).fill(0);
  const pending = [...functions];
  for (const start of functions) counts[start] = 1;
  for (let pc = pending.pop(); pc !== undefined; pc = pending.pop()) {
    for (const next of successors[pc]!) {
      counts[next]!++;
      if (counts[next] === 1) pending.push(next);
    }
  }
  return counts;
}
