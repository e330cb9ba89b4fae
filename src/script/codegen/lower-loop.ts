/**
 * Loops. The kernel's programs jump back, and their verifier goes through every round: it has to see from the code how many
 * there are at most. Programs of the application have no way back: each round of a `for` is code of its own.
 */
import { opcodes as o } from '../../bpf/index.ts';
import type { Expression, Statement } from '../typed.ts';
import type { Scope, VariablePlace } from './form.ts';
import { bits64, isImmediate } from './integer.ts';
import { lowerBranch } from './lower-branch.ts';
import { withRegister, withValue } from './operands.ts';
import { type Home, refuse } from './probe-code.ts';
import { maxOf } from './range.ts';

type Loop<Op extends Statement['op']> = Statement & { readonly op: Op };

/** Rounds of a range that is computed: the kernel looks at both ends of each of them, and at no more than some thousands. */
const MAX_ROUNDS = 4096n;

export function lowerWhile(scope: Scope, { condition }: Loop<'while'>, lowerBody: () => void): void {
  const { asm } = scope;
  const loop = { again: asm.label(), out: asm.label() };
  asm.bind(loop.again);
  lowerBranch(scope, condition, loop.out, false);
  lowerRoundAndBack(scope, loop, lowerBody);
}

/** The body, and back to the next round; behind it the loop is over. */
function lowerRoundAndBack({ asm, loops }: Scope, loop: Scope['loops'][number], lowerBody: () => void): void {
  loops.push(loop);
  lowerBody();
  loops.pop();
  asm.jump(loop.again);
  asm.bind(loop.out);
}

/** @throws CompileError for a range whose end cannot be seen */
export function lowerFor(scope: Scope, statement: Loop<'for'>, lowerBody: () => void): void {
  const { range } = statement;
  if (!scope.form.hasLoops) lowerRounds(scope, statement, lowerBody);
  else if (range.kind === 'constant') lowerConstantRange(scope, statement, range, lowerBody);
  else lowerComputedRange(scope, statement, range, lowerBody);
}

/** One round behind the other: `continue` leads to the next one. */
function lowerRounds(scope: Scope, { variable, range, span }: Loop<'for'>, lowerBody: () => void): void {
  const { asm, code, loops } = scope;
  if (range.kind !== 'constant') refuse(code, 'a bound of "for" is no number', span);
  const out = asm.label();
  for (let number = range.first; number < range.last; number++) {
    const again = asm.label();
    withRegister(scope, [], (register) => {
      asm.constant(register, bits64(number));
      code.writeHome(homeOf(scope, variable), register);
    });
    loops.push({ again, out });
    lowerBody();
    loops.pop();
    asm.bind(again);
  }
  asm.bind(out);
}

function lowerConstantRange(
  scope: Scope,
  { variable }: Loop<'for'>,
  { first, last, counter }: Loop<'for'>['range'] & { readonly kind: 'constant' },
  lowerBody: () => void,
): void {
  const { asm, code } = scope;
  const loop = { again: asm.label(), out: asm.label() };
  writeConstant(scope, counter, first);
  asm.bind(loop.again);
  withRegister(scope, [], (number) => {
    code.readHome(homeOf(scope, counter), number);
    jumpUnlessBelow(scope, number, last, loop.out);
    code.writeHome(homeOf(scope, variable), number);
    asm.alu(o.BPF_ADD, number, 1);
    code.writeHome(homeOf(scope, counter), number);
  });
  lowerRoundAndBack(scope, loop, lowerBody);
}

/** Counts from 0 to a number that is written out, so that the kernel sees the end whatever the bounds are. */
function lowerComputedRange(
  scope: Scope,
  { variable, span }: Loop<'for'>,
  { first, last, counter, base, rounds }: Loop<'for'>['range'] & { readonly kind: 'computed' },
  lowerBody: () => void,
): void {
  const { asm, code } = scope;
  const most = mostRounds(scope, first, last, span);
  const loop = { again: asm.label(), out: asm.label() };
  withValue(scope, first, (register) => code.writeHome(homeOf(scope, base), register));
  withRegister(scope, [], (register) => {
    scope.lower.value(scope, last, register);
    code.readHome(homeOf(scope, base), 0);
    asm.aluRegister(o.BPF_SUB, register, 0);
    code.writeHome(homeOf(scope, rounds), register);
  });
  writeConstant(scope, counter, 0n);
  asm.bind(loop.again);
  withRegister(scope, [], (round) => {
    code.readHome(homeOf(scope, counter), round);
    jumpUnlessBelow(scope, round, most, loop.out);
    code.readHome(homeOf(scope, rounds), 0);
    asm.jumpIfRegister(o.BPF_JSGE, round, 0, loop.out);
    code.readHome(homeOf(scope, base), 0);
    asm.aluRegister(o.BPF_ADD, 0, round);
    code.writeHome(homeOf(scope, variable), 0);
    asm.alu(o.BPF_ADD, round, 1);
    code.writeHome(homeOf(scope, counter), round);
  });
  lowerRoundAndBack(scope, loop, lowerBody);
}

function mostRounds({ code }: Scope, first: Expression, last: Expression, span: Statement['span']): bigint {
  const low = first.op === 'integer' ? BigInt.asIntN(64, first.value) : 0n;
  const isKnown = first.op === 'integer' || maxOf(first) < 1n << 63n;
  const high = last.op === 'integer' ? BigInt.asIntN(64, last.value) : maxOf(last);
  const most = high - low;
  if (isKnown && most <= MAX_ROUNDS) return most;
  const unknown = isKnown ? last : first;
  return code.fail(
    `"for" needs bounds of which the kernel knows that there are at most ${MAX_ROUNDS} rounds between them`,
    unknown.op === 'integer' ? span : unknown.span,
    'a mask says so, as in for ($i : 0..($n & 0xff)), or a cast to uint8',
  );
}

/** Jumps to `out` unless the number in the register is smaller, both with a sign. */
function jumpUnlessBelow(scope: Scope, register: number, limit: bigint, out: Scope['code']['end']): void {
  const { asm } = scope;
  if (isImmediate(limit)) {
    asm.jumpIf(o.BPF_JSGE, register, Number(limit), out);
    return;
  }
  asm.constant(0, bits64(limit));
  asm.jumpIfRegister(o.BPF_JSGE, register, 0, out);
}

function writeConstant(scope: Scope, variable: number, value: bigint): void {
  withRegister(scope, [], (register) => {
    scope.asm.constant(register, bits64(value));
    scope.code.writeHome(homeOf(scope, variable), register);
  });
}

function homeOf({ code, variables }: Scope, variable: number): Home {
  const home: VariablePlace = variables[variable]!;
  return home.kind === 'scratch' ? code.fail('the variable of a loop is an integer') : home;
}
