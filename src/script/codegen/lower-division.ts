/**
 * Division and remainder. eBPF up to version 2 has them for unsigned numbers only, and librte_bpf ends a program that
 * divides by 0: signs and zeros are looked at here. A constant divisor becomes a multiplication where the dividend is
 * small enough to make that exact (Granlund and Montgomery, "Division by Invariant Integers using Multiplication").
 */
import { opcodes as o } from '../../bpf/index.ts';
import type { Expression } from '../typed.ts';
import type { Scope } from './form.ts';
import { bits64, exponentOf } from './integer.ts';
import { withOperands, withRegister } from './operands.ts';
import { isUnsigned, maxOf } from './range.ts';

export function lowerDivision(scope: Scope, e: Expression & { op: 'binary' }, into: number): void {
  const isRemainder = e.operator === '%';
  if (e.right.op !== 'integer') {
    withOperands(scope, e.left, e.right, into, (divisor) => {
      const isLoaded = e.right.op === 'argument' || e.right.op === 'map';
      withRegister(scope, [into, divisor], (own) => {
        if (!isLoaded) launder(scope, own, divisor);
        const by = isLoaded ? divisor : own;
        if (isUnsigned(e)) divideByRegister(scope, into, by, isRemainder);
        else divideSigned(scope, into, by, isRemainder);
      });
    });
    return;
  }
  const value = bits64(e.right.value);
  scope.lower.value(scope, e.left, into);
  if (value === 0n) {
    if (!isRemainder) scope.asm.constant(into, 0n);
  } else if (isUnsigned(e)) {
    divideByConstant(scope, into, value, maxOf(e.left), isRemainder);
  } else {
    divideSignedByConstant(scope, into, BigInt.asIntN(64, value), isRemainder);
  }
}

/**
 * Copies a number through memory, so that nobody who checks the program knows it. librte_bpf takes no program that
 * divides by what it believes to be 0, and a comparison before does not make it believe otherwise.
 */
function launder({ asm, code }: Scope, to: number, from: number): void {
  code.withScratch(8, (at) => {
    const { base, offset } = code.scratch(at);
    asm.store(8, base, offset, from);
    asm.load(8, to, base, offset);
  });
}

/** `into` is at most `most`, both unsigned. */
export function divideByConstant(
  scope: Scope,
  into: number,
  divisor: bigint,
  most: bigint,
  isRemainder: boolean,
): void {
  const { asm } = scope;
  const shift = exponentOf(divisor);
  if (shift !== undefined && !isRemainder) {
    if (shift > 0) asm.alu(o.BPF_RSH, into, shift);
    return;
  }
  if (shift !== undefined && shift < 32) {
    asm.alu(o.BPF_AND, into, Number(divisor - 1n));
    return;
  }
  const factor = divisor <= 0x7fff_ffffn ? findFactor(divisor, most) : undefined;
  if (factor === undefined) {
    divideBy(scope, into, divisor, isRemainder);
  } else if (isRemainder) {
    // x - x / d * d
    asm.move(0, into);
    asm.alu(o.BPF_MUL, 0, factor.multiplier);
    asm.alu(o.BPF_RSH, 0, factor.shift);
    asm.alu(o.BPF_MUL, 0, Number(divisor));
    asm.aluRegister(o.BPF_SUB, into, 0);
  } else {
    asm.alu(o.BPF_MUL, into, factor.multiplier);
    asm.alu(o.BPF_RSH, into, factor.shift);
  }
}

/** A division instruction; a divisor that fits no immediate value goes through r0. */
function divideBy({ asm }: Scope, into: number, divisor: bigint, isRemainder: boolean): void {
  const operation = isRemainder ? o.BPF_MOD : o.BPF_DIV;
  if (divisor <= 0x7fff_ffffn) {
    asm.alu(operation, into, Number(divisor));
    return;
  }
  asm.constant(0, divisor);
  asm.aluRegister(operation, into, 0);
}

/**
 * m and s with floor(x / d) = (x * m) >> s for all x up to `most`: m = floor(2^s / d) + 1, exact when (m * d - 2^s) * most <
 * 2^s; the product must not wrap, and m be an immediate value.
 */
export function findFactor(
  divisor: bigint,
  most: bigint,
): { readonly multiplier: number; readonly shift: number } | undefined {
  for (let shift = 1n; shift < 64n; shift++) {
    const multiplier = (1n << shift) / divisor + 1n;
    if (multiplier > 0x7fff_ffffn || multiplier * most >= 1n << 64n) return undefined;
    if ((multiplier * divisor - (1n << shift)) * most < 1n << shift) {
      return { multiplier: Number(multiplier), shift: Number(shift) };
    }
  }
  return undefined;
}

/** `into` /= divisor, of numbers that are both signed or both not; 0 for a divisor of 0. */
export function divideRegisters(scope: Scope, into: number, divisor: number, signed: boolean): void {
  if (signed) divideSigned(scope, into, divisor, false);
  else divideByRegister(scope, into, divisor, false);
}

function divideByRegister({ asm }: Scope, into: number, divisor: number, isRemainder: boolean): void {
  const [zero, end] = [asm.label(), asm.label()];
  asm.jumpIf(o.BPF_JEQ, divisor, 0, isRemainder ? end : zero);
  asm.aluRegister(isRemainder ? o.BPF_MOD : o.BPF_DIV, into, divisor);
  asm.jump(end);
  asm.bind(zero);
  if (!isRemainder) asm.constant(into, 0n);
  asm.bind(end);
}

/** Of the magnitudes; then the sign, which is the dividend's for a remainder. r0 remembers it. */
function divideSigned(scope: Scope, into: number, divisor: number, isRemainder: boolean): void {
  const { asm } = scope;
  const [zero, positive, divide, end] = [asm.label(), asm.label(), asm.label(), asm.label()];
  asm.jumpIf(o.BPF_JEQ, divisor, 0, isRemainder ? end : zero);
  withRegister(scope, [into], (magnitude) => {
    asm.move(magnitude, divisor);
    asm.move(0, into);
    if (!isRemainder) asm.aluRegister(o.BPF_XOR, 0, divisor);
    asm.jumpIf(o.BPF_JSGE, into, 0, positive);
    asm.alu(o.BPF_NEG, into, 0);
    asm.bind(positive);
    asm.jumpIf(o.BPF_JSGE, magnitude, 0, divide);
    asm.alu(o.BPF_NEG, magnitude, 0);
    asm.bind(divide);
    asm.aluRegister(isRemainder ? o.BPF_MOD : o.BPF_DIV, into, magnitude);
  });
  asm.jumpIf(o.BPF_JSGE, 0, 0, end);
  asm.alu(o.BPF_NEG, into, 0);
  asm.jump(end);
  asm.bind(zero);
  if (!isRemainder) asm.constant(into, 0n);
  asm.bind(end);
}

function divideSignedByConstant(scope: Scope, into: number, divisor: bigint, isRemainder: boolean): void {
  const { asm } = scope;
  const magnitude = divisor < 0n ? -divisor : divisor;
  const [positive, end] = [asm.label(), asm.label()];
  const most = 1n << 63n;
  asm.jumpIf(o.BPF_JSGE, into, 0, positive);
  asm.alu(o.BPF_NEG, into, 0);
  divideByConstant(scope, into, magnitude, most, isRemainder);
  if (isRemainder || divisor > 0n) asm.alu(o.BPF_NEG, into, 0);
  asm.jump(end);
  asm.bind(positive);
  divideByConstant(scope, into, magnitude, most, isRemainder);
  if (!isRemainder && divisor < 0n) asm.alu(o.BPF_NEG, into, 0);
  asm.bind(end);
}
