/** Conditions as jumps: no 0 or 1 is made where only the way on matters. */
import { opcodes as o } from '../../bpf/index.ts';
import type { BinaryOperator, Expression } from '../typed.ts';
import type { Label } from './assembler.ts';
import { oppositeOf } from './flow/tidy.ts';
import { hasEffect } from './fold.ts';
import type { Scope } from './form.ts';
import { constantOf, isImmediate } from './integer.ts';
import { lowerBytesBranch, lowerNetworkBranch, lowerTextBranch } from './lower-compare.ts';
import { mayCall, withOperands, withRegister, withValue } from './operands.ts';
import { isUnsigned } from './range.ts';
import { isScalar } from './scalars.ts';

const unsigned: Readonly<Partial<Record<BinaryOperator, number>>> = {
  '==': o.BPF_JEQ,
  '!=': o.BPF_JNE,
  '<': o.BPF_JLT,
  '<=': o.BPF_JLE,
  '>': o.BPF_JGT,
  '>=': o.BPF_JGE,
};

const signed: typeof unsigned = {
  '==': o.BPF_JEQ,
  '!=': o.BPF_JNE,
  '<': o.BPF_JSLT,
  '<=': o.BPF_JSLE,
  '>': o.BPF_JSGT,
  '>=': o.BPF_JSGE,
};

/** Jumps to `target` when the truth of `e` is `when`, else goes on. */
export function lowerBranch(scope: Scope, e: Expression, target: Label, when: boolean): void {
  const { asm, form } = scope;
  switch (e.op) {
    case 'integer':
      if ((constantOf(e) !== 0n) === when) asm.jump(target);
      return;
    case 'not':
      lowerBranch(scope, e.operand, target, !when);
      return;
    case 'and':
    case 'or': {
      // `a && b` is false as soon as one is, `a || b` true.
      const short = e.op === 'or';
      const end = asm.label();
      lowerBranch(scope, e.left, short === when ? target : end, short);
      const forget = short ? undefined : form.assume(e.left);
      lowerBranch(scope, e.right, target, when);
      forget?.();
      asm.bind(end);
      return;
    }
    case 'choose': {
      const [no, end] = [asm.label(), asm.label()];
      lowerBranch(scope, e.condition, no, false);
      const forget = form.assume(e.condition);
      lowerBranch(scope, e.yes, target, when);
      forget();
      asm.jump(end);
      asm.bind(no);
      lowerBranch(scope, e.no, target, when);
      asm.bind(end);
      return;
    }
    case 'binary': {
      const comparison = (isUnsigned(e) ? unsigned : signed)[e.operator];
      if (comparison === undefined) break;
      if (!isScalar(e.left.type)) {
        unless(scope, target, when === (e.operator === '=='), (different) =>
          lowerBytesBranch(scope, e, different),
        );
        return;
      }
      lowerComparison(scope, e, when ? comparison : oppositeOf(comparison)!, target);
      return;
    }
    case 'has-field':
    case 'has-protocol':
      unless(scope, target, when, (absent) => form.unlessPresent(scope, e, absent));
      return;
    case 'in-network':
      unless(scope, target, when, (outside) => lowerNetworkBranch(scope, e, outside));
      return;
    case 'has-key':
      unless(scope, target, when, (absent) => form.unlessKey(scope, e.map, e.keys, absent));
      return;
    case 'equal-text':
      unless(scope, target, when, (different) => lowerTextBranch(scope, e, different));
      return;
  }
  const atJump = scope.code.forbidAside();
  withValue(scope, e, (register) => {
    atJump();
    asm.jumpIf(when ? o.BPF_JNE : o.BPF_JEQ, register, 0, target);
  });
}

/** For what can only jump when it does not hold. */
function unless({ asm }: Scope, target: Label, when: boolean, jump: (otherwise: Label) => void): void {
  if (!when) {
    jump(target);
    return;
  }
  const otherwise = asm.label();
  jump(otherwise);
  asm.jump(target);
  asm.bind(otherwise);
}

function lowerComparison(
  scope: Scope,
  { left, right }: Expression & { op: 'binary' },
  comparison: number,
  target: Label,
): void {
  const { asm } = scope;
  const atJump = scope.code.forbidAside();
  const constant = right.op === 'integer' ? BigInt.asIntN(64, constantOf(right)) : undefined;
  if (constant === 0n && comparison === o.BPF_JNE && lowerBitTest(scope, left, target)) return;
  if (constant !== undefined && isImmediate(constant)) {
    withValue(scope, left, (register) => {
      atJump();
      asm.jumpIf(comparison, register, Number(constant), target);
    });
    return;
  }
  const home = left.op === 'variable' ? scope.variables[left.variable] : undefined;
  if (home?.kind === 'register' && !hasEffect(right)) {
    withValue(scope, right, (register) => {
      atJump();
      asm.jumpIfRegister(comparison, home.register, register, target);
    });
    return;
  }
  withRegister(
    scope,
    [],
    (into) => {
      withOperands(scope, left, right, into, (register) => {
        atJump();
        asm.jumpIfRegister(comparison, into, register, target);
      });
    },
    mayCall(right),
  );
}

/**
 * `x & constant` in one jump. librte_bpf's JIT gets constants of one byte wrong, so they are not among them.
 * @returns false when it is not such a test
 */
function lowerBitTest(scope: Scope, e: Expression, target: Label): boolean {
  if (e.op !== 'binary' || e.operator !== '&' || e.right.op !== 'integer') return false;
  const mask = BigInt.asIntN(64, e.right.value);
  if (!isImmediate(mask) || (mask >= -128n && mask <= 127n)) return false;
  const atJump = scope.code.forbidAside();
  withValue(scope, e.left, (register) => {
    atJump();
    scope.asm.jumpIf(o.BPF_JSET, register, Number(mask), target);
  });
  return true;
}
