/** Code generation: from the typed tree to programs. */
export { compileForAgent } from './compile-script.ts';
