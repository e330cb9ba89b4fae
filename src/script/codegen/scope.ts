/** What the lowering of one probe knows besides the code so far: where its variables are, and which loop it is in. */
import type { Expression } from '../typed.ts';
import type { Assembler, Label } from './assembler.ts';
import { partsOf } from './fold.ts';
import type { ProbeForm } from './form.ts';
import { type Home, type ProbeCode, VOLATILE } from './probe-code.ts';

/** A scalar's home, or the offset of a larger value in scratch memory. */
export type VariablePlace = Home | { readonly kind: 'scratch'; readonly offset: number };

const FRAME = 10;

export interface Scope {
  readonly code: ProbeCode;
  readonly asm: Assembler;
  readonly form: ProbeForm;
  readonly variables: readonly VariablePlace[];
  /** Where `continue` and `break` lead, innermost last. */
  readonly loops: { readonly again: Label; readonly out: Label }[];
}

const CALLING: ReadonlySet<Expression['op']> = new Set([
  ...(['map', 'has-key', 'increment', 'builtin', 'stack', 'map-length'] as const),
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
  const result = use(victim);
  if (isHeld) asm.load(8, victim, FRAME, slot);
  code.hold(victim, isHeld);
  code.freeSlot(slot);
  return result;
}
