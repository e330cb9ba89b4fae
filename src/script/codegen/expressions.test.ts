/** Integer expressions at random: programs give what bigints give, on both engines; and every program is verified. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../base/index.ts';
import type { CompiledScript } from '../plan.ts';
import type { BinaryOperator, Expression } from '../typed.ts';
import { compileForAgent } from './compile-script.ts';
import { bits64 } from './integer.ts';
import {
  deepExpression,
  evaluate,
  expression,
  integer,
  interesting,
  scriptOf,
  span,
  VARIABLES,
  values,
} from './random-script.fixture.ts';
import { appPoint, check, compile, engines, start } from './run-script.fixture.ts';

const computed = (last: fc.Arbitrary<Expression>, numRuns: number): void =>
  fc.assert(
    fc.property(
      fc.array(expression, { minLength: 0, maxLength: VARIABLES }),
      last,
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
    { numRuns },
  );

test('programs compute what bigints compute', () => computed(expression, 300), 60_000);

test('deep ones as well', () => computed(deepExpression, 15), 120_000);

/** Expressions can need more than there is, of registers or of what stands for them: that is a message, and no example for this test. */
function compileUnlessTooDeep(parts: readonly Expression[], last: Expression): CompiledScript {
  try {
    return compileForAgent(scriptOf(parts, last));
  } catch (error) {
    const limits = /^(?:too many values at once|needs more than|this probe (?:takes|has too many ways))/;
    fc.pre(!(error instanceof CompileError && limits.test(error.message)));
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

describe('deep expressions', () => {
  const deep = (rounds: number, wrap: (inner: string, round: number) => string): string =>
    Array.from({ length: rounds }).reduce<string>((inner, _, round) => wrap(inner, round), 'args.a');
  const shapes: readonly (readonly [string, number, (inner: string, round: number) => string])[] = [
    ['sums to the right', 40, (inner) => `(args.b + ${inner})`],
    ['products of sums', 20, (inner, n) => `(args.b * args.u ^ (args.v - ${inner} * ${n + 3}))`],
    ['both sides', 6, (inner) => `(${inner} * (${inner} + 1))`],
    ['conditions', 12, (inner) => `(args.a + (args.b > ${inner} ? args.c : args.w))`],
    ['truths', 12, (inner) => `(args.a + (args.b && args.c < ${inner}))`],
    ['keys of keys', 20, (inner) => `@m[${inner}]`],
    ['sums in keys', 12, (inner) => `(args.a + @m[args.b - ${inner}] * args.u)`],
    ['averages in keys', 8, (inner) => `(args.a + @v[args.b - ${inner}])`],
  ];

  test.each(shapes)('%s: more values than registers, on both engines', (_, rounds, wrap) => {
    const source = deep(rounds, wrap);
    const text = `app:test:point { @m[args.a] = args.b; @v[args.a] = avg(args.b); @r = ${source}; }`;
    const script = compile(text);
    const args = { a: 3n, b: -7n, u: 11n, v: 2n ** 63n + 5n, c: 200n, w: 70_000n };
    const assignment = check(text).probes[0]!.body[2]!;
    if (assignment.op !== 'assign') throw new Error(assignment.op);
    const want = evaluate(assignment.value, args, [], (_map, [key]) => (key === 3n ? bits64(-7n) : 0n));
    for (const engine of engines) {
      const run = start(script, engine);
      run.hit({ args, timeNs: 9n });
      expect(run.map('@r')['']![1]).toBe(want);
    }
  });

  test('what cannot be checked is told', () => {
    const divisions = deep(12, (inner) => `((args.a / args.b) - (args.u % (${inner} + 1)))`);
    expect(() => compile(`app:test:point { @r = ${divisions}; }`)).toThrow(
      /^this probe has too many ways through it to be checked\n/,
    );
  });

  test('what has no room even so is told, with what helps', () => {
    const sums = deep(90, (inner) => `(args.b + ${inner})`);
    expect(() => compile(`app:test:point { @r = ${sums}; }`)).toThrow(
      /needs more than 512 bytes of stack[\s\S]*split the probe/,
    );
  });
});
