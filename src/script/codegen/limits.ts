/** What programs of the form `agent` have room for. */
import { CompileError, type Span } from '../../base/index.ts';
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
