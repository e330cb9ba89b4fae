/** Code generation: from the typed tree to programs. */

export { compileForKernel } from './compile-kernel.ts';
export { compileForAgent } from './compile-script.ts';
export { compileForRecords } from './compile-selection.ts';
export { formatProgram } from './format-program.ts';
