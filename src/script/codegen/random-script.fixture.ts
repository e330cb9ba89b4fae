/** Integer expressions at random, in scripts that put their values into maps; and what bigints say of them. */
import fc from 'fast-check';
import type { Span } from '../../base/index.ts';
import type { ValueType } from '../plan.ts';
import type { BinaryOperator, CheckedScript, Expression, Statement } from '../typed.ts';
import { bits64, castInteger, operate } from './integer.ts';
import { appPoint } from './run-script.fixture.ts';

export const span: Span = { start: 0, end: 0 };
export function integer(isSigned: boolean): ValueType & { readonly kind: 'integer' } {
  return { kind: 'integer', isSigned };
}

/** Values of the point's arguments: a and b signed, u and v unsigned, c of one byte, w of four. */
export type Values = Readonly<Record<'a' | 'b' | 'u' | 'v' | 'c' | 'w', bigint>>;

export const interesting: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 3n, 7n, 63n, 64n, 127n, 128n, 255n, 256n, 1000n),
  fc.constantFrom(0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n, 1n << 62n, 1n << 63n),
  fc.constantFrom(-1n, -2n, -128n, -129n, -1000n, -0x8000_0000n, -0x8000_0001n, -(1n << 63n)),
  fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: 100_000n }),
);

export const values: fc.Arbitrary<Values> = fc.record({
  a: interesting,
  b: interesting,
  u: interesting,
  v: interesting,
  c: fc.bigInt({ min: 0n, max: 255n }),
  w: fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
});

const operators: readonly BinaryOperator[] = [
  ...(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'] as const),
  ...(['==', '!=', '<', '<=', '>', '>='] as const),
];

export const VARIABLES = 5;

const leaf: fc.Arbitrary<Expression> = fc.oneof(
  fc
    .constantFrom(...appPoint.arguments.filter(({ type }) => type.kind === 'integer'))
    .map((argument): Expression => {
      const isSigned = argument.type.kind === 'integer' && argument.type.isSigned;
      return { op: 'argument', argument, type: integer(isSigned), span };
    }),
  interesting.map((value): Expression => ({ op: 'integer', value, type: integer(value < 1n << 63n), span })),
  fc
    .record({ variable: fc.nat(VARIABLES - 1), isSigned: fc.boolean() })
    .map(
      ({ variable, isSigned }): Expression => ({ op: 'variable', variable, type: integer(isSigned), span }),
    ),
  fc.constant<Expression>({ op: 'map', map: 1, keys: [], type: integer(true), span }),
);

export const expression: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc
      .record({
        operator: fc.constantFrom(...operators),
        left: tie('any'),
        right: tie('any'),
        isSigned: fc.boolean(),
      })
      .map(({ isSigned, ...e }): Expression => ({ op: 'binary', ...e, type: integer(isSigned), span })),
    fc
      .record({
        op: fc.constantFrom('negate' as const, 'complement' as const, 'not' as const),
        operand: tie('any'),
      })
      .map((e): Expression => ({ ...e, type: integer(true), span })),
    fc
      .record({ op: fc.constantFrom('and' as const, 'or' as const), left: tie('any'), right: tie('any') })
      .map((e): Expression => ({ ...e, type: integer(true), span })),
    fc
      .record({ condition: tie('any'), yes: tie('any'), no: tie('any'), isSigned: fc.boolean() })
      .map(({ isSigned, ...e }): Expression => ({ op: 'choose', ...e, type: integer(isSigned), span })),
    fc
      .record({
        operand: tie('any'),
        bytes: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
        isSigned: fc.boolean(),
      })
      .map((e): Expression => ({ op: 'cast', ...e, type: integer(e.isSigned), span })),
    // What calls a helper: the key is always the same, its value changes.
    fc.constant<Expression>({
      op: 'map',
      map: 2,
      keys: [{ op: 'integer', value: 1n << 40n, type: integer(false), span }],
      type: integer(true),
      span,
    }),
    fc
      .record({
        variable: fc.nat(VARIABLES - 1),
        by: fc.constantFrom(1 as const, -1 as const),
        gives: fc.constantFrom('before' as const, 'after' as const),
      })
      .map(
        ({ variable, by, gives }): Expression => ({
          ...{ op: 'increment', by, gives, target: { kind: 'variable', variable } },
          ...{ type: integer(true), span },
        }),
      ),
  ),
})).any;

/** Operations in one another, each with another expression on its other side. */
export const deepExpression: fc.Arbitrary<Expression> = fc
  .record({
    innermost: expression,
    around: fc.array(
      fc.record({
        operator: fc.constantFrom(...operators.filter((each) => each !== '/' && each !== '%')),
        other: expression,
        isRight: fc.boolean(),
        isSigned: fc.boolean(),
      }),
      { minLength: 8, maxLength: 25 },
    ),
  })
  .map(({ innermost, around }) =>
    around.reduce<Expression>((inner, { operator, other, isRight, isSigned }) => {
      const [left, right] = isRight ? [other, inner] : [inner, other];
      return { op: 'binary', operator, left, right, type: integer(isSigned), span };
    }, innermost),
  );

/** What a map holds under its keys. */
type ReadMap = (map: number, keys: readonly bigint[]) => bigint;

/** What the expression gives by bigints. Changes `variables`. @param readMap as in scripts that scriptOf makes */
export function evaluate(
  e: Expression,
  args: Values,
  variables: bigint[],
  readMap: ReadMap = (map) => (map === 1 ? 77n : 88n),
): bigint {
  const value = (part: Expression): bigint => evaluate(part, args, variables, readMap);
  switch (e.op) {
    case 'integer':
      return bits64(e.value);
    case 'argument':
      return bits64(args[e.argument.name as keyof Values]);
    case 'variable':
      return variables[e.variable]!;
    case 'map':
      return readMap(e.map, e.keys.map(value));
    case 'negate':
      return bits64(-value(e.operand));
    case 'complement':
      return bits64(~value(e.operand));
    case 'not':
      return value(e.operand) === 0n ? 1n : 0n;
    case 'and':
      return value(e.left) !== 0n && value(e.right) !== 0n ? 1n : 0n;
    case 'or':
      return value(e.left) !== 0n || value(e.right) !== 0n ? 1n : 0n;
    case 'choose':
      return value(e.condition) !== 0n ? value(e.yes) : value(e.no);
    case 'cast':
      return castInteger(value(e.operand), e.bytes, e.isSigned);
    case 'binary': {
      const signs = { left: isSigned(e.left), right: isSigned(e.right) };
      const left = value(e.left);
      return operate(e.operator, left, value(e.right), signs);
    }
    case 'increment': {
      if (e.target.kind !== 'variable') throw new Error('not made here');
      const before = variables[e.target.variable]!;
      const after = bits64(before + BigInt(e.by));
      variables[e.target.variable] = after;
      return e.gives === 'before' ? before : after;
    }
    default:
      throw new Error(`${e.op} is not made here`);
  }
}

const isSigned = ({ type }: Expression): boolean => type.kind === 'integer' && type.isSigned;

/** Variables get values; then the last expression goes into the map, and by a condition into another. */
export function scriptOf(parts: readonly Expression[], last: Expression): CheckedScript {
  const value = { kind: 'value', type: integer(true) } as const;
  const map = (name: string, isRead: boolean, keys: CheckedScript['maps'][number]['keys'] = []) =>
    ({ name, kind: value, keys, isRead, span }) as const;
  const assign = (to: number, e: Expression, keys: readonly Expression[] = []): Statement => ({
    ...{ op: 'assign', target: { kind: 'map', map: to, keys }, value: e, span },
  });
  const key: Expression = { op: 'integer', value: 1n << 40n, type: integer(false), span };
  const number = (value: bigint): Expression => ({ op: 'integer', value, type: integer(true), span });
  const then = [assign(3, number(1n))];
  return {
    ...{ source: '', form: 'agent', events: [] },
    maps: [
      map('@result', false),
      map('@constant', true),
      map('@keyed', true, [integer(false)]),
      map('@truth', false),
    ],
    probes: [
      {
        ...{ point: appPoint, port: undefined, queue: undefined, predicate: undefined, span },
        variables: Array.from({ length: VARIABLES }, () => integer(true)),
        body: [
          assign(1, number(77n)),
          assign(2, number(88n), [key]),
          ...parts.map(
            (e, variable): Statement => ({
              ...{ op: 'assign', target: { kind: 'variable', variable }, value: e, span },
            }),
          ),
          assign(0, last),
          { op: 'if', condition: last, then, otherwise: [assign(3, number(2n))], span },
        ],
      },
    ],
  };
}
