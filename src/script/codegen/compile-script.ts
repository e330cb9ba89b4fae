/**
 * From a checked script to programs: the maps are placed, every probe is lowered, and each program has passed the
 * verifier before it is given out. This is the form `agent`.
 */
import type { CompiledProbe, CompiledScript } from '../plan.ts';
import type { CheckedProbe, CheckedScript, Expression, Statement, Target } from '../typed.ts';
import type { AgentForm } from './agent-form.ts';
import { renameRegisters } from './flow/rename-registers.ts';
import { fold, partsOf } from './fold.ts';
import { requireCheckable, requireLength } from './limits.ts';
import { lowerProbe } from './lower-statement.ts';
import { placeMaps } from './place-maps.ts';
import { expressionsOf, foldStatement, statementsOf } from './statement-parts.ts';
import { type Lowered, lowerWithUsualWay } from './usual-way.ts';

/**
 * @throws CompileError for what the application cannot do or has no room for
 * @throws VerifierError for a program that would not be safe: a defect of this compiler
 */
export function compileForAgent(script: CheckedScript, mostKeys?: number): CompiledScript {
  const placed = placeMaps(script, (map) => keysOf(script, map), usesElapsed(script), mostKeys);
  const probes = script.probes.map((probe): CompiledProbe => {
    const lower = (form: AgentForm) => renameRegisters(lowerProbe(probe, form, script.events, script.source));
    const check = ({ form, program }: Lowered) => {
      requireLength(program, script.source, probe.span);
      requireCheckable(() => form.verify(program), script.source, probe.span);
    };
    const { form, program } = lowerWithUsualWay(script.maps, placed, lower, check);
    const { point, port, queue } = probe;
    const runs = isOfHost(probe) ? 'host' : 'target';
    const { needsTime, packetBytes, argumentsUsed } = form;
    return { point, port, queue, runs, program, needsTime, packetBytes, argumentsUsed };
  });
  const { maps, contextBytes, stateOffset, startTimeOffset } = placed;
  return {
    ...{ form: 'agent', maps, events: script.events, probes },
    ...{ contextBytes, stateOffset, startTimeOffset, kernelMaps: [] },
  };
}

/** What has no place in the application: the host runs it on a context of its own. */
function isOfHost({ point: { kind } }: CheckedProbe): boolean {
  return kind === 'begin' || kind === 'end' || kind === 'interval';
}

/** All expressions of a script, folded, with those inside of them. */
function allExpressions(script: CheckedScript): readonly Expression[] {
  const withParts = (e: Expression): readonly Expression[] => [e, ...partsOf(e).flatMap(withParts)];
  return script.probes.flatMap(({ predicate, body }) => [
    ...(predicate === undefined ? [] : withParts(fold(predicate))),
    ...body.map(foldStatement).flatMap(expressionsOf).flatMap(withParts),
  ]);
}

function usesElapsed(script: CheckedScript): boolean {
  return allExpressions(script).some((e) => e.op === 'builtin' && e.name === 'elapsed');
}

/** The keys of every use of a map. */
function keysOf(script: CheckedScript, map: number): readonly (readonly Expression[])[] {
  const ofTarget = (target: Target) => (target.kind === 'map' && target.map === map ? [target.keys] : []);
  const inExpressions = allExpressions(script).flatMap((e) => {
    if ((e.op === 'map' || e.op === 'has-key') && e.map === map) return [e.keys];
    return e.op === 'increment' ? ofTarget(e.target) : [];
  });
  const inStatements = script.probes
    .flatMap(({ body }) => body.map(foldStatement).flatMap(statementsOf))
    .flatMap((statement: Statement) => {
      if (statement.op === 'assign') return ofTarget(statement.target);
      const isUse = statement.op === 'aggregate' || statement.op === 'delete';
      return isUse && statement.map === map ? [statement.keys] : [];
    });
  return [...inExpressions, ...inStatements];
}
