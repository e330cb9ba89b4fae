/**
 * The verifier: says before a program runs that it ends, reads nothing that it has not written, and stays in the memory
 * that it is given, whatever the packet and the other memory hold. docs/verifier.md describes the rules.
 */
import { VerifierError } from '../../base/index.ts';
import { formatLines } from '../asm/format.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { analyseFlow, type Flow } from './flow.ts';
import type { Profile, Setting } from './profile.ts';
import { Refusal } from './refusal.ts';
import { findRelevance } from './relevance.ts';
import { Walk } from './walk.ts';

export interface Verified {
  /** The instructions that were walked over, each way for itself. */
  readonly steps: number;
}

/** @throws VerifierError at the first instruction that breaks a rule; `state` is what is known before it */
export function verifyProgram(program: EbpfProgram, profile: Profile, setting: Setting = {}): Verified {
  try {
    const flow = analyseFlow(program, profile, setting);
    const relevance = findRelevance(program, flow, (id) => setting.helpers?.get(id)?.arguments.length ?? 5);
    const { steps, stackBytes } = new Walk(program, flow, relevance, profile, setting).run();
    checkStack(flow, stackBytes, profile);
    return { steps };
  } catch (error) {
    if (error instanceof Refusal) throw explain(program, error);
    throw error;
  }
}

function explain(program: EbpfProgram, { pc, message, state }: Refusal): VerifierError {
  const [line] = formatLines(program.slice(pc, pc + 2), 'kernel');
  if (line === undefined) return new VerifierError(pc, message);
  return new VerifierError(pc, `instruction ${pc}: ${line.text}: ${message}`, state);
}

/** The stack of all functions that can be active at once, each in steps of 32 bytes, as the kernel counts them. */
function checkStack(flow: Flow, stackBytes: ReadonlyMap<number, number>, profile: Profile): void {
  const callees = new Map<number, number[]>();
  let current = 0;
  flow.rows.forEach((row, pc) => {
    if (flow.functions.includes(pc)) current = pc;
    if (row?.kind === 'call' && row.operation === 'local') {
      callees.set(current, [...(callees.get(current) ?? []), flow.targets[pc]!]);
    }
  });
  const deepest = (start: number, active: readonly number[]): number => {
    if (active.includes(start)) return 0;
    const own = Math.max(32, Math.ceil((stackBytes.get(start) ?? 0) / 32) * 32);
    return (
      own + Math.max(0, ...(callees.get(start) ?? []).map((callee) => deepest(callee, [...active, start])))
    );
  };
  const total = callees.size === 0 ? 0 : deepest(0, []);
  if (total > profile.maxStackBytes) {
    throw new Refusal(
      0,
      `${total} bytes of stack in all functions: expected at most ${profile.maxStackBytes}`,
    );
  }
}
