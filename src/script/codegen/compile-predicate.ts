/** A condition as a program of its own, of the form `agent`: its result is 1 where the condition holds, else 0. */
import type { Span } from '../../base/index.ts';
import type { CompiledPredicate } from '../plan.ts';
import type { Expression } from '../typed.ts';
import type { AgentForm } from './agent-form.ts';
import { requireLength } from './limits.ts';
import { lowerCondition } from './lower-statement.ts';
import type { PlacedMaps } from './place-maps.ts';
import { type Lowered, lowerWithUsualWay } from './usual-way.ts';

/**
 * @param condition undefined for one that always holds
 * @param placed of a script without maps
 * @throws CompileError for what the application cannot do or has no room for
 * @throws VerifierError for a program that would not be safe: a defect of this compiler
 */
export function compilePredicate(
  condition: Expression | undefined,
  placed: PlacedMaps,
  source: string,
  span: Span,
): CompiledPredicate {
  const lower = (form: AgentForm) => lowerCondition(condition, form, source, span);
  const check = ({ form, program }: Lowered) => {
    requireLength(program, source, span);
    form.verify(program);
  };
  const { form, program } = lowerWithUsualWay([], placed, lower, check);
  const { needsTime, packetBytes, argumentsUsed } = form;
  return { program, needsTime, packetBytes, argumentsUsed };
}
