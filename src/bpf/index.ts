export { type CbpfStyle, formatCbpf } from './cbpf/format.ts';
export * from './cbpf/isa.ts';
export { operate, runCbpf } from './cbpf/run.ts';
export { validateCbpf } from './cbpf/validate.ts';
