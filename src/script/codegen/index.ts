/** Code generation: from the typed tree to programs. */

export { compileForKernel } from './compile-kernel.ts';
export { compileForAgent } from './compile-script.ts';
export { formatProgram } from './format-program.ts';
