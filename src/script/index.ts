/** The script language of `hone trace`, and of the predicates of `hone record`: text to programs. */
export { checkScript, type PointOptions } from './check/index.ts';
export { compileForAgent, compileForKernel, formatProgram } from './codegen/index.ts';
export {
  type CompileOptions,
  compileScript,
  compileSelection,
  type SelectionOptions,
} from './compile.ts';
export { type MapContents, MergedMap, TraceMaps } from './merge/index.ts';
export * from './output/index.ts';
export type {
  CompiledPredicate,
  CompiledProbe,
  CompiledScript,
  CompiledSelection,
  EventField,
  EventPlan,
  KernelMapPlan,
  MapKind,
  MapPlan,
  SelectedPlace,
  ValueType,
} from './plan.ts';
export { valueBytes } from './plan.ts';
export { type ProbeText, parseScript, type ScriptTree } from './syntax/index.ts';
