/** From a script's tree to programs of the form `agent`, for applications, files and recordings. */
import { type CompiledScript, checkScript, compileForAgent, type ScriptTree } from '../script/index.ts';
import { pointFinder } from '../trace/index.ts';
import type { ProbePoint } from '../tracepoints/index.ts';
import type { TraceOptions } from './trace-options.ts';

/** @param whose what messages call whoever has the points. @throws CompileError */
export function compileTrace(
  tree: ScriptTree,
  { positional }: TraceOptions,
  points: readonly ProbePoint[],
  whose: string,
): CompiledScript {
  const findPoints = pointFinder(points, whose);
  return compileForAgent(checkScript(tree, { form: 'agent', positional, findPoints }));
}
