/** Programs that hone starts itself: found, run in a group of their own, ended with all that they started. */
export { ealFolder } from './eal-folder.ts';
export { ProcessGroup } from './process-group.ts';
export { usableProcessors } from './processors.ts';
export { findProgram } from './programs.ts';
