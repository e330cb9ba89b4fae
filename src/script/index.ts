/** The script language of `hone trace`: text to programs. */

export { checkScript, type PointOptions } from './check/index.ts';
export { compileForAgent, formatProgram } from './codegen/index.ts';
export type { CompiledScript } from './plan.ts';
export { type ProbeText, parseScript } from './syntax/index.ts';
