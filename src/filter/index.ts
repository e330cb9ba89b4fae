export { builtinNames } from './builtin-names.ts';
export { compileFilter, type FilterOptions } from './compile.ts';
export type { Resolver, ServicePort } from './resolver.ts';
