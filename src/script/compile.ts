/** From the text of a script to its programs. */
import { checkScript, type PointOptions } from './check/index.ts';
import { compileForAgent, compileForKernel } from './codegen/index.ts';
import type { CompiledScript } from './plan.ts';
import { parseScript } from './syntax/index.ts';

export interface CompileOptions extends PointOptions {
  /** Form `kernel`: only hits of this process. */
  readonly pid?: number | undefined;
}

/**
 * @throws CompileError with everything that is wrong, with carets and hints
 * @throws VerifierError for a program that would not be safe: a defect of the compiler
 */
export function compileScript(source: string, options: CompileOptions): CompiledScript {
  const script = checkScript(parseScript(source), options);
  return options.form === 'kernel' ? compileForKernel(script, options.pid) : compileForAgent(script);
}
