/** Registers for parts of expressions, and what has to be known of the parts for that. */
import type { Expression } from '../typed.ts';
import { hasEffect, partsOf } from './fold.ts';
import type { Scope } from './form.ts';
import { VOLATILE } from './probe-code.ts';

const FRAME = 10;

const CALLING: ReadonlySet<Expression['op']> = new Set([
  ...(['map', 'has-key', 'increment', 'builtin', 'stack'] as const),
  ...(['read-text', 'read-buffer', 'read-integer', 'symbol'] as const),
]);

/** Whether its code may call a helper, so that r1 to r5 are lost. */
export function mayCall(e: Expression): boolean {
  return CALLING.has(e.op) || partsOf(e).some(mayCall);
}

/** Whether a variable is read or changed in it. */
export function mentions(e: Expression, variable: number): boolean {
  if (e.op === 'variable') return e.variable === variable;
  if (e.op === 'increment' && e.target.kind === 'variable' && e.target.variable === variable) return true;
  return partsOf(e).some((part) => mentions(part, variable));
}

/**
 * A register for `use` alone. When all are taken it is one whose content is put on the stack meanwhile, none of
 * `except`: those are the ones that `use` works with.
 */
export function withRegister<T>(
  { code, asm }: Scope,
  except: readonly number[],
  use: (register: number) => T,
  overCalls = false,
): T {
  const register = code.tryTake(overCalls) ?? code.tryTake();
  if (register !== undefined) {
    const result = use(register);
    code.free(register);
    return result;
  }
  const victim = VOLATILE.find((each) => !except.includes(each))!;
  const isHeld = code.holds(victim);
  const slot = code.takeSlot();
  if (isHeld) asm.store(8, FRAME, slot, victim);
  code.hold(victim, false);
  if (isHeld) code.asideCount++;
  const result = use(victim);
  if (isHeld) code.asideCount--;
  if (isHeld) asm.load(8, victim, FRAME, slot);
  code.hold(victim, isHeld);
  code.freeSlot(slot);
  return result;
}

/** The value in a register to be read only: of a variable its own, else one taken for `use`. */
export function withValue<T>(
  scope: Scope,
  e: Expression,
  use: (register: number) => T,
  except: readonly number[] = [],
): T {
  const home = e.op === 'variable' ? scope.variables[e.variable] : undefined;
  if (home?.kind === 'register') return use(home.register);
  return withRegister(scope, except, (register) => {
    scope.lower.value(scope, e, register);
    return use(register);
  });
}

/**
 * The left operand in `into`, the right one in a register that `use` may only read. The one that needs more registers is
 * evaluated first where the order does not matter.
 */
export function withOperands(
  scope: Scope,
  left: Expression,
  right: Expression,
  into: number,
  use: (right: number) => void,
): void {
  const isFree = !hasEffect(left) && !hasEffect(right);
  const home = right.op === 'variable' ? scope.variables[right.variable] : undefined;
  if (home?.kind === 'register' && isFree) {
    scope.lower.value(scope, left, into);
    use(home.register);
    return;
  }
  const callsLast = mayCall(right) && !mayCall(left);
  const rightFirst = isFree && !mayCall(left) && (callsLast || registersFor(right) > registersFor(left));
  if (!rightFirst) scope.lower.value(scope, left, into);
  withRegister(scope, [into], (register) => {
    scope.lower.value(scope, right, register);
    if (rightFirst) scope.lower.value(scope, left, into);
    use(register);
  });
}

/** How many registers an expression takes when its larger operands go first. */
function registersFor(e: Expression): number {
  const parts = partsOf(e).filter((part) => part.op !== 'integer');
  const [first = 1, second = 0] = parts.map(registersFor).sort((a, b) => b - a);
  return first === second ? first + 1 : first;
}
