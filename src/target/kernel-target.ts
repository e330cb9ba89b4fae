/**
 * The kernel as a target of traces: a second entry of this part, apart from index.ts, so that what captures or lists
 * applications does not load it.
 */
export { measureHitNs } from './kernel/hit-price.ts';
export { sampleHitRates } from './kernel/hit-rate.ts';
export type { KernelMap } from './kernel/kernel-map.ts';
export type { KernelPoint } from './kernel/kernel-point.ts';
export { KernelTrace } from './kernel/kernel-trace.ts';
export { resolveKernelPoints } from './kernel/points.ts';
export { Symbolizer } from './kernel/symbolizer.ts';
