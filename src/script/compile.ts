/** A script's text to its programs: parse, check, generate. */
import { checkScript, type PointOptions } from './check/index.ts';
import { compileForAgent } from './codegen/index.ts';
import type { CompiledScript } from './plan.ts';
import { parseScript } from './syntax/index.ts';

/**
 * Throws CompileError with everything that is wrong, and what `findPoints` throws other than UsageError. Scripts of the
 * form kernel are checked by `checkScript`; code generation is not here.
 */
export function compileScript(
  source: string,
  options: PointOptions & { readonly form: 'agent' },
): CompiledScript {
  return compileForAgent(checkScript(parseScript(source), options));
}
