/** Integer expressions at random: programs give what bigints give, on both engines; and every program is verified. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import type { CompiledScript } from '../plan.ts';
import type { BinaryOperator, Expression } from '../typed.ts';
import { compileForAgent } from './compile-script.ts';
import {
  evaluate,
  expression,
  integer,
  interesting,
  scriptOf,
  span,
  VARIABLES,
  values,
} from './random-script.fixture.ts';
import { appPoint, engines, start } from './run-script.fixture.ts';

test('programs compute what bigints compute', () => {
  fc.assert(
    fc.property(
      fc.array(expression, { minLength: 0, maxLength: VARIABLES }),
      expression,
      fc.array(values, { minLength: 1, maxLength: 4 }),
      (parts, last, hits) => {
        const script = compileUnlessTooDeep(parts, last);
        for (const engine of engines) {
          const run = start(script, engine);
          for (const args of hits) {
            const variables = Array.from({ length: VARIABLES }, () => 0n);
            parts.forEach((part, i) => {
              variables[i] = evaluate(part, args, variables);
            });
            const want = evaluate(last, args, variables);
            const truth = evaluate(last, args, variables) !== 0n ? 1n : 2n;
            run.hit({ args, timeNs: 9n });
            expect(run.map('@result')).toEqual({ '': [9n, want] });
            expect(run.map('@truth')).toEqual({ '': [9n, truth] });
          }
        }
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);

/** Expressions can need more registers than there are: that is a message, and no example for this test. */
function compileUnlessTooDeep(parts: readonly Expression[], last: Expression): CompiledScript {
  try {
    return compileForAgent(scriptOf(parts, last));
  } catch (error) {
    fc.pre(!(error instanceof CompileError && error.message.startsWith('too many values at once')));
    throw error;
  }
}

test('a choice that is decided keeps its sign', () => {
  const a: Expression = {
    ...{
      op: 'argument',
      argument: appPoint.arguments.find(({ name }) => name === 'a')!,
      type: integer(true),
      span,
    },
  };
  const one: Expression = { op: 'integer', value: 1n, type: integer(true), span };
  const chosen: Expression = { op: 'choose', condition: one, yes: a, no: one, type: integer(false), span };
  const e: Expression = { op: 'binary', operator: '<', left: a, right: one, type: integer(true), span };
  const run = start(compileForAgent(scriptOf([], { ...e, left: chosen })), engines[1]);
  run.hit({ args: { a: -5n, b: 0n, u: 0n, v: 0n, c: 0n, w: 0n }, timeNs: 9n });
  expect(run.map('@result')).toEqual({ '': [9n, 0n] });
});

test('divisions by every small constant, of every dividend that a probe can have', () => {
  const argument = (name: string) => appPoint.arguments.find((each) => each.name === name)!;
  fc.assert(
    fc.property(
      fc.constantFrom('c', 'w', 'a', 'u'),
      fc.oneof(fc.bigInt({ min: -3000n, max: 3000n }), interesting),
      fc.constantFrom<BinaryOperator>('/', '%'),
      fc.array(values, { minLength: 1, maxLength: 30 }),
      (name, divisor, operator, hits) => {
        const dividend: Expression = {
          ...{ op: 'argument', argument: argument(name), type: integer(name === 'a'), span },
        };
        const e: Expression = {
          ...{ op: 'binary', operator, left: dividend, type: integer(true), span },
          right: { op: 'integer', value: divisor, type: integer(true), span },
        };
        const run = start(compileForAgent(scriptOf([], e)), engines[1]);
        for (const args of hits) {
          run.hit({ args, timeNs: 9n });
          expect(run.map('@result')).toEqual({ '': [9n, evaluate(e, args, [])] });
        }
      },
    ),
    { numRuns: 300 },
  );
}, 60_000);
