export { builtinNames } from './builtin-names.ts';
export { compileFilter, type FilterOptions } from './compile.ts';
export { explainFilter } from './explain.ts';
export { linkTypeNumbers } from './lower/link-types.ts';
export type { Resolver, ServicePort } from './resolver.ts';
