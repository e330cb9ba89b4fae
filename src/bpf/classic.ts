/**
 * Classic BPF and the walk over capture files, without the machinery of extended BPF: a second entry of this part for
 * what must start quickly. index.ts has all of it as well.
 */
export { match, NO_TIME, type WalkStop } from './batch/layout.ts';
export type { RecordFormat } from './batch/record-format.ts';
export type { Collect } from './batch/walk-code.ts';
export {
  CaptureWalker,
  type CaptureWalkerOptions,
  type WalkedInterface,
  type WalkLimits,
  type WalkTotals,
} from './batch/walker.ts';
export { type CbpfStyle, formatCbpf } from './cbpf/format.ts';
export * from './cbpf/isa.ts';
export { operate, runCbpf } from './cbpf/run.ts';
export { validateCbpf } from './cbpf/validate.ts';
