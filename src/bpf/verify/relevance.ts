/**
 * Which registers matter before each instruction, found backwards before the walk: a register that is written before
 * it is read does not, and one whose number is only computed with, and in the end returned or dropped, need not be
 * compared exactly when states are. Everything that reaches an address, a comparison, a call or memory is exact.
 */
import type { EbpfInsn, EbpfProgram } from '../isa/insn.ts';
import type { InsnRow } from '../isa/table.ts';
import type { Flow } from './flow.ts';
import type { Relevance } from './state.ts';

const CALLER_SAVED = 0b111111;
const ARGUMENTS = 0b111110;
const CONTEXT = 1 << 6;

interface Effect {
  /** Registers that hold something new. */
  readonly writes: number;
  /** Registers whose number goes into what is written. */
  readonly sources: number;
  /** Registers that have to be known exactly. */
  readonly exact: number;
}

export function findRelevance(
  program: EbpfProgram,
  flow: Flow,
  argumentCount: (helper: number) => number,
): readonly Relevance[] {
  const effects = program.map((insn, pc) => {
    const row = flow.rows[pc];
    const isProgram = (flow.functions[1] ?? program.length) > pc;
    return row && effectOf(row, insn, isProgram, argumentCount);
  });
  const live = new Uint16Array(program.length);
  const exact = new Uint16Array(program.length);
  for (let isStable = false; !isStable; ) {
    isStable = true;
    for (let pc = program.length - 1; pc >= 0; pc--) {
      const effect = effects[pc];
      if (effect === undefined) continue;
      let liveAfter = 0;
      let exactAfter = 0;
      for (const next of flow.successors[pc]!) {
        liveAfter |= live[next]!;
        exactAfter |= exact[next]!;
      }
      const { writes, sources } = effect;
      const needed = effect.exact | ((exactAfter & writes) !== 0 ? sources : 0);
      const exactBefore = (exactAfter & ~writes) | needed;
      const liveBefore = (liveAfter & ~writes) | sources | effect.exact;
      if (live[pc] !== liveBefore || exact[pc] !== exactBefore) isStable = false;
      live[pc] = liveBefore;
      exact[pc] = exactBefore;
    }
  }
  return program.map((_, pc) => ({ live: live[pc]!, exact: exact[pc]! }));
}

function effectOf(
  row: InsnRow,
  insn: EbpfInsn,
  isProgram: boolean,
  argumentCount: (helper: number) => number,
): Effect {
  const dst = 1 << insn.dst;
  const src = 1 << insn.src;
  const operand = row.operand === 'reg' ? src : 0;
  switch (row.kind) {
    case 'alu':
      return { writes: dst, sources: operand | (row.operation === 'mov' ? 0 : dst), exact: 0 };
    case 'movsx':
      return { writes: dst, sources: src, exact: 0 };
    case 'end':
      return { writes: dst, sources: dst, exact: 0 };
    case 'lddw':
      return { writes: dst, sources: 0, exact: 0 };
    case 'load':
    case 'loadsx':
      return { writes: dst, sources: 0, exact: src };
    case 'store':
      return { writes: 0, sources: 0, exact: dst | operand };
    case 'atomic': {
      const written = row.writes === 'src' ? src : row.writes === 'r0' ? 1 : 0;
      return { writes: written, sources: 0, exact: dst | src | (row.writes === 'r0' ? 1 : 0) };
    }
    case 'jump':
      return { writes: 0, sources: 0, exact: dst | operand };
    case 'ja':
      return { writes: 0, sources: 0, exact: 0 };
    case 'call': {
      const count = row.operation === 'helper' ? argumentCount(insn.imm) : 5;
      return { writes: CALLER_SAVED, sources: 0, exact: ((1 << (count + 1)) - 1) & ARGUMENTS };
    }
    case 'exit':
      return { writes: 0, sources: isProgram ? 1 : 0, exact: isProgram ? 0 : 1 };
    case 'packet':
      return { writes: CALLER_SAVED, sources: 0, exact: CONTEXT | (row.operation === 'ind' ? src : 0) };
  }
}
