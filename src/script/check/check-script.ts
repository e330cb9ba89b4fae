/**
 * A tree to a typed one. Points come first; then every clause is checked at each of its points, again and again until
 * the types of maps and variables are settled, and the last round counts.
 */
import { CompileError, type Diagnostic } from '../../base/index.ts';
import type { ScriptTree } from '../syntax/index.ts';
import type { CheckedProbe, CheckedScript } from '../typed.ts';
import { MapTable } from './map-table.ts';
import { type ClausePoint, findClausePoints, type PointOptions } from './points.ts';
import { EventTable, type ScriptScope, VariableTable } from './probe-checker.ts';
import { StatementChecker } from './statements.ts';

/** Texts get wider at most so often; types that still change then grow without end, as `@x = (@x, 1)` does. */
const MAX_ROUNDS = 20;
const MAX_DIAGNOSTICS = 10;

/** Throws CompileError with everything that is wrong. */
export function checkScript(tree: ScriptTree, options: PointOptions): CheckedScript {
  const { source } = tree;
  const diagnostics: Diagnostic[] = [];
  const places = findClausePoints(tree.clauses, options, diagnostics).map((place) => ({
    place,
    variables: new VariableTable(),
  }));
  const maps = new MapTable(source);
  for (let round = 1; ; round++) {
    const events = new EventTable();
    const script: ScriptScope = { source, form: options.form, positional: options.positional, maps, events };
    const found: Diagnostic[] = [];
    const probes = places.map(({ place, variables }) => {
      variables.restart();
      const checker = new StatementChecker(script, place.point, place.probeName, variables);
      const probe = checkProbe(place, checker);
      found.push(...checker.diagnostics);
      return probe;
    });
    const hasChanged = [maps, ...places.map(({ variables }) => variables)].map((table) => table.takeChange());
    if (hasChanged.includes(true) && round < MAX_ROUNDS) continue;
    if (!maps.isDecided()) {
      maps.decideCounters();
      continue;
    }
    if (found.length === 0) found.push(...maps.undefinedMaps());
    throwAll(source, [...diagnostics, ...found]);
    return { source, form: options.form, maps: maps.checked(), events: events.list(), probes };
  }
}

function checkProbe({ clause, point, port, queue }: ClausePoint, checker: StatementChecker): CheckedProbe {
  const { predicate: tree } = clause;
  const predicate = tree === undefined ? undefined : checker.guarded(() => checker.condition(tree));
  const body = checker.block(clause.body);
  return { point, port, queue, predicate, body, variables: checker.variables.types(), span: clause.span };
}

/** The same fault at several points of one clause is one. */
function throwAll(source: string, diagnostics: readonly Diagnostic[]): void {
  const once = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { message, span } = diagnostic;
    once.set(`${span.start} ${span.end} ${message}`, diagnostic);
  }
  if (once.size === 0) return;
  const sorted = [...once.values()].sort((a, b) => a.span.start - b.span.start);
  throw new CompileError(source, sorted.slice(0, MAX_DIAGNOSTICS));
}
