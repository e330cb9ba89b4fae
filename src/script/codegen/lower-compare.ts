/** Comparisons of values that lie in memory, and of addresses with networks: jumps only. */
import { opcodes as o } from '../../bpf/index.ts';
import { valueBytes } from '../plan.ts';
import type { Expression } from '../typed.ts';
import type { Label } from './assembler.ts';
import type { Scope } from './form.ts';
import { bytesOf, isImmediate } from './integer.ts';
import { wordOf } from './lower-bytes.ts';
import { withRegister } from './operands.ts';
import type { Place } from './place.ts';
import { isScalar } from './scalars.ts';

/** Jumps when two texts differ in the bytes that the comparison looks at. */
export function lowerTextBranch(scope: Scope, e: Expression & { op: 'equal-text' }, different: Label): void {
  const { asm, code } = scope;
  const [left, right] = e.left.op === 'text' ? [e.right, e.left] : [e.left, e.right];
  const size = textBytes(left);
  const constant = right.op === 'text' ? new TextEncoder().encode(right.value) : undefined;
  // Behind its end a text has zeros only, so the first of them is enough.
  const count = Math.min(e.bytes, size, constant === undefined ? textBytes(right) : constant.length + 1);
  const longer = constant === undefined ? 0 : Math.min(e.bytes, constant.length);
  if (longer > size) {
    asm.jump(different);
    return;
  }
  withBytes(scope, left, (a) => {
    if (constant !== undefined) compareConstant(scope, a, constant, count, different);
    else withBytes(scope, right, (b) => comparePlaces(scope, a, b, count, different));
  });
  code.at(e.span);
}

/** Jumps when two values of the same type differ; one may be an address constant. */
export function lowerBytesBranch(
  scope: Scope,
  { left, right }: Expression & { op: 'binary' },
  different: Label,
): void {
  const [value, other] = left.op === 'integer' ? [right, left] : [left, right];
  const bytes = valueBytes(value.type);
  withBytes(scope, value, (a) => {
    if (other.op === 'integer') {
      compareConstant(scope, a, Uint8Array.from(bytesOf(other.value, bytes)), bytes, different);
    } else {
      withBytes(scope, other, (b) => comparePlaces(scope, a, b, bytes, different));
    }
  });
}

/** Jumps when the first bits of an address are not the network's. */
export function lowerNetworkBranch(
  scope: Scope,
  { address, network, prefixBits }: Expression & { op: 'in-network' },
  outside: Label,
): void {
  const { asm } = scope;
  if (prefixBits === 0) return;
  const size = address.type.kind === 'ipv4' ? 4 : 16;
  const bytes = Uint8Array.from(bytesOf(network, size));
  const mask = Uint8Array.from(
    bytesOf(((1n << BigInt(prefixBits)) - 1n) << BigInt(8 * size - prefixBits), size),
  );
  if (isScalar(address.type)) {
    const atJump = scope.code.forbidAside();
    withRegister(scope, [], (register) => {
      scope.lower.value(scope, address, register);
      atJump();
      // The address has no upper half, so a mask that gets one by its sign does not matter.
      if (prefixBits < 32) asm.alu(o.BPF_AND, register, Number(BigInt.asIntN(32, wordOf(mask, 0, 4))));
      jumpUnless(scope, wordOf(bytes, 0, 4), outside, register);
    });
    return;
  }
  const whole = prefixBits >> 3;
  withBytes(scope, address, (place) => {
    compareConstant(scope, place, bytes, whole, outside);
    if (prefixBits % 8 === 0) return;
    asm.load(1, 0, place.base, place.offset + whole);
    asm.alu(o.BPF_AND, 0, mask[whole]!);
    jumpUnless(scope, BigInt(bytes[whole]!), outside);
  });
}

function compareConstant(
  scope: Scope,
  { base, offset }: Place,
  bytes: Uint8Array,
  count: number,
  different: Label,
): void {
  eachPiece(count, (at, size) => {
    scope.asm.load(size, 0, base, offset + at);
    jumpUnless(scope, wordOf(bytes, at, size), different);
  });
}

function comparePlaces(scope: Scope, a: Place, b: Place, count: number, different: Label): void {
  const { asm } = scope;
  const atJump = scope.code.forbidAside();
  withRegister(scope, [], (other) => {
    atJump();
    eachPiece(count, (at, bytes) => {
      asm.load(bytes, 0, a.base, a.offset + at);
      asm.load(bytes, other, b.base, b.offset + at);
      asm.jumpIfRegister(o.BPF_JNE, 0, other, different);
    });
  });
}

function textBytes({ type }: Expression): number {
  return type.kind === 'text' ? type.bytes : valueBytes(type);
}

/** Jumps when the register does not hold the number. */
function jumpUnless(scope: Scope, value: bigint, target: Label, held = 0): void {
  const { asm } = scope;
  const signed = BigInt.asIntN(64, value);
  if (isImmediate(signed)) {
    asm.jumpIf(o.BPF_JNE, held, Number(signed), target);
    return;
  }
  const atJump = scope.code.forbidAside();
  withRegister(scope, [held], (register) => {
    atJump();
    asm.constant(register, signed);
    asm.jumpIfRegister(o.BPF_JNE, held, register, target);
  });
}

/** `count` bytes in pieces that a load can have. */
function eachPiece(count: number, visit: (at: number, bytes: number) => void): void {
  for (let at = 0; at < count; ) {
    const bytes = [8, 4, 2, 1].find((each) => at + each <= count)!;
    visit(at, bytes);
    at += bytes;
  }
}

/** A value in memory: of a variable where it is, else a copy. */
function withBytes(scope: Scope, e: Expression, use: (place: Place) => void): void {
  const { code } = scope;
  const home = e.op === 'variable' ? scope.variables[e.variable] : undefined;
  if (home?.kind === 'scratch') {
    use(code.scratch(home.offset));
    return;
  }
  code.withScratch(valueBytes(e.type), (at) => {
    scope.lower.bytes(scope, e, code.scratch(at));
    use(code.scratch(at));
  });
}
