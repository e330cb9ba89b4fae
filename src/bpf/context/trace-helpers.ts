/** The signatures of the helpers of trace programs, by number: what the verifier holds programs to. */
import type { HelperArgument } from '../vm/engine.ts';
import { traceHelper } from './context-layout.ts';

type TraceHelperName = keyof typeof traceHelper;

interface TraceHelperShape {
  readonly name: TraceHelperName;
  readonly arguments: readonly HelperArgument[];
  readonly result: 'scalar';
}

const takes: Readonly<Record<TraceHelperName, readonly HelperArgument[]>> = {
  mapSlot: ['context', 'scalar', 'scalar'],
  mapFind: ['context', 'scalar', 'scalar'],
  mapDelete: ['context', 'scalar', 'scalar'],
  emit: ['context', 'scalar', 'scalar'],
};

export const traceHelpers: ReadonlyMap<number, TraceHelperShape> = new Map(
  Object.entries(traceHelper).map(([name, id]): [number, TraceHelperShape] => {
    const known = name as TraceHelperName;
    return [id, { name: known, arguments: takes[known], result: 'scalar' }];
  }),
);
