/** From the text of a script to its programs. */
import { UnsupportedError } from '../base/index.ts';
import { checkScript, type PointOptions } from './check/index.ts';
import { compileForAgent } from './codegen/compile-script.ts';
import type { CompiledScript } from './plan.ts';
import { parseScript } from './syntax/index.ts';

/**
 * @throws CompileError with everything that is wrong, with carets and hints
 * @throws VerifierError for a program that would not be safe: a defect of the compiler
 */
export function compileScript(source: string, options: PointOptions): CompiledScript {
  if (options.form === 'kernel') throw new UnsupportedError('probes of the kernel', 'dpdk: and app: probes');
  return compileForAgent(checkScript(parseScript(source), options));
}
