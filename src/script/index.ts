/** The script language of `hone trace`: text to programs. */
export { checkScript, type PointOptions } from './check/index.ts';
export { compileForAgent, formatProgram } from './codegen/index.ts';
export { type CompileOptions, compileScript } from './compile.ts';
export { type LanguageFunction, languageBuiltins, languageFunctions } from './language.ts';
export { type MapContents, MergedMap, TraceMaps } from './merge/index.ts';
export * from './output/index.ts';
export type {
  CompiledProbe,
  CompiledScript,
  EventField,
  EventPlan,
  KernelMapPlan,
  MapKind,
  MapPlan,
  ValueType,
} from './plan.ts';
export { valueBytes } from './plan.ts';
export { type ProbeText, parseScript } from './syntax/index.ts';
