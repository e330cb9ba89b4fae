/** What programs of the form `agent` have room for. */
import { CompileError, type Span, VerifierError } from '../../base/index.ts';
import type { EbpfProgram } from '../../bpf/index.ts';

/** Bytes of stack of one program, as the kernel and librte_bpf have it. */
export const MAX_STACK_BYTES = 512;
/** The longest program that the agent takes. */
const MAX_INSNS = 4096;

/** @throws CompileError */
export function requireLength(program: EbpfProgram, source: string, span: Span): void {
  if (program.length <= MAX_INSNS) return;
  const message = `this probe takes ${program.length} instructions: expected at most ${MAX_INSNS}`;
  throw new CompileError(source, [{ message, span, hint: 'unroll less, or print less in one probe' }]);
}

/**
 * Runs the verifier. Its patience is the one thing of it that a script can use up: by many divisions in one another, say.
 * @throws VerifierError for all else: a defect of the compiler
 */
export function isCheckable(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch (error) {
    if (error instanceof VerifierError && error.message.includes('too much to walk over')) return false;
    throw error;
  }
}

/** @throws CompileError when it is not. @throws VerifierError likewise */
export function requireCheckable(verify: () => void, source: string, span: Span): void {
  if (isCheckable(verify)) return;
  const message = 'this probe has too many ways through it to be checked';
  const hint = 'fewer divisions and conditions in one another';
  throw new CompileError(source, [{ message, span, hint }]);
}
