/**
 * Selections of events to predicates. Where several selections meet at one place their conditions are joined by `or`, so that
 * an event that two of them mean happens once.
 */
import { CompileError, type Span } from '../../base/index.ts';
import type { ProbeArgument, ProbePoint } from '../../tracepoints/index.ts';
import type { CompiledSelection, SelectedPlace } from '../plan.ts';
import type { CheckedProbe, CheckedScript, Expression } from '../typed.ts';
import { compilePredicate } from './compile-predicate.ts';
import { fold } from './fold.ts';
import { placeMaps } from './place-maps.ts';

/** Points that only the language has: nothing happens there in the application. */
const OF_LANGUAGE: ReadonlySet<CheckedProbe['point']['kind']> = new Set(['begin', 'end', 'interval']);

const truth = { kind: 'integer', isSigned: false } as const;

/** Where port and queue are arguments of what happens, so that one of them can be asked for. */
const OF_PORTS: ReadonlySet<CheckedProbe['point']['kind']> = new Set(['burst', 'packet']);

export interface SelectionPurpose {
  /** Where bursts and packets are meant that were selected without a port; undefined for everywhere. */
  readonly ports: readonly number[] | undefined;
  /**
   * `record`: places are events as recordings name them, so that a point with two names becomes two. `watch`: places stay what
   * they are, and each has a predicate.
   */
  readonly purpose: 'record' | 'watch';
  /** Points by a pattern's parts. */
  readonly findPoints: (parts: readonly string[], span: Span) => readonly ProbePoint[];
}

/**
 * @param selections what the selections mean, one point each, without actions
 * @throws CompileError for what the application cannot do or has no room for
 * @throws VerifierError for a program that would not be safe: a defect of this compiler
 */
export function compileForRecords(selections: CheckedScript, options: SelectionPurpose): CompiledSelection {
  const { source } = selections;
  const { ports, purpose } = options;
  const diagnostics = selections.probes
    .filter(({ point }) => OF_LANGUAGE.has(point.kind))
    .map(({ point, span }) => ({ message: `${point.name} is no event of the application`, span }));
  if (diagnostics.length > 0) throw new CompileError(source, diagnostics);
  const probes = selections.probes
    .flatMap((probe) => (purpose === 'record' ? takeApart(probe, options) : [probe]))
    .flatMap((probe) =>
      ports === undefined || probe.port !== undefined || !OF_PORTS.has(probe.point.kind)
        ? [probe]
        : ports.map((port) => ({ ...probe, port })),
    );
  const placed = placeMaps(selections, () => [], false);
  const compile = (condition: Expression | undefined, span: Span) =>
    compilePredicate(condition, placed, source, span);
  const places = groupByPlace(probes).map((group): SelectedPlace => {
    const { point, span } = group[0]!;
    const { port, queue } = hullOf(group);
    const conditions = group.map((probe) => conditionOf(probe, { port, queue }));
    // Each for itself first: what is wrong with one is said of it.
    for (const [n, condition] of conditions.entries())
      if (condition !== undefined && group.length > 1) compile(condition, group[n]!.span);
    const joined = conditions.reduce((a, b) => or(a, b));
    const isNeeded = purpose === 'watch' || (joined !== undefined && !isAlwaysTrue(joined));
    return { point, port, queue, predicate: isNeeded ? compile(joined, span) : undefined };
  });
  const { contextBytes, stateOffset } = placed;
  return { places, contextBytes, stateOffset };
}

/** A point that recordings have two names for: hits by the number that tells them apart. */
function takeApart(probe: CheckedProbe, { findPoints }: SelectionPurpose): CheckedProbe[] {
  const { point, span } = probe;
  if (point.recordedApart === undefined) return [probe];
  const { argument: name, zero, other } = point.recordedApart;
  const argument = point.arguments.find((each) => each.name === name)!;
  const half = (operator: '==' | '!=', recordedAs: string): CheckedProbe => ({
    ...probe,
    point: { ...point, recordedAs },
    predicate: and(compared(argument, operator, 0, span), probe.predicate),
  });
  // Where a point of its own has the others, they are its hits: whoever selects both has each once.
  const twin = findPoints([point.name.split(':')[0]!, '*'], span).find(
    (each) => each.recordedAs === other && hasSameArguments(each, point),
  );
  return [half('==', zero), twin === undefined ? half('!=', other) : { ...probe, point: twin }];
}

function hasSameArguments(a: ProbePoint, b: ProbePoint): boolean {
  const layout = ({ arguments: list }: ProbePoint) =>
    JSON.stringify(list.map(({ name, type, place }) => [name, type, place]));
  return layout(a) === layout(b);
}

/** Probes of one event whose places have something in common, through others perhaps. */
function groupByPlace(probes: readonly CheckedProbe[]): CheckedProbe[][] {
  const groups: CheckedProbe[][] = [];
  for (const probe of probes) {
    const meeting = groups.filter((group) => group.some((other) => doMeet(probe, other)));
    const [first, ...others] = meeting;
    if (first === undefined) {
      groups.push([probe]);
      continue;
    }
    first.push(...others.flat(), probe);
    for (const other of others) groups.splice(groups.indexOf(other), 1);
  }
  return groups;
}

function doMeet(a: CheckedProbe, b: CheckedProbe): boolean {
  const isSame = (one: number | undefined, other: number | undefined) =>
    one === undefined || other === undefined || one === other;
  const isSameEvent = a.point.name === b.point.name && a.point.recordedAs === b.point.recordedAs;
  return isSameEvent && isSame(a.port, b.port) && isSame(a.queue, b.queue);
}

type Place = Pick<CheckedProbe, 'port' | 'queue'>;

/** The smallest place that all of them lie in. */
function hullOf(group: readonly CheckedProbe[]): Place {
  const agreed = (what: 'port' | 'queue') => {
    const value = group[0]![what];
    return group.every((probe) => probe[what] === value) ? value : undefined;
  };
  return { port: agreed('port'), queue: agreed('queue') };
}

/** When an event at `place` is meant by this probe; undefined for always. */
function conditionOf(probe: CheckedProbe, place: Place): Expression | undefined {
  const conditions = (['port', 'queue'] as const).map((what) =>
    probe[what] === place[what] ? undefined : isAt(probe, what),
  );
  return [...conditions, probe.predicate].reduce((a, b) => and(a, b));
}

function isAt({ point, span, ...place }: CheckedProbe, what: 'port' | 'queue'): Expression {
  const argument = point.arguments.find(({ name }) => name === what)!;
  return compared(argument, '==', place[what]!, span);
}

/** `args.port == 1` */
function compared(argument: ProbeArgument, operator: '==' | '!=', to: number, span: Span): Expression {
  const left: Expression = { op: 'argument', argument, type: truth, span };
  const right: Expression = { op: 'integer', value: BigInt(to), type: truth, span };
  return { op: 'binary', operator, left, right, type: truth, span };
}

function and(left: Expression | undefined, right: Expression | undefined): Expression | undefined {
  if (left === undefined || right === undefined) return left ?? right;
  return { op: 'and', left, right, type: truth, span: right.span };
}

function or(left: Expression | undefined, right: Expression | undefined): Expression | undefined {
  if (left === undefined || right === undefined) return undefined;
  return { op: 'or', left, right, type: truth, span: left.span };
}

function isAlwaysTrue(condition: Expression): boolean {
  const folded = fold(condition);
  return folded.op === 'integer' && folded.value !== 0n;
}
