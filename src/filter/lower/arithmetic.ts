/**
 * Comparisons of computed values: `tcp[13] & 2 != 0`, `len > 100`. Reading a protocol's bytes brings a guard, that
 * the packet is of this protocol. As in libpcap, the guard of the right operand of an operator is dropped:
 * `1 + tcp[13] = 5` looks at every packet; only each side's leftmost access, and accesses inside brackets, are
 * guarded. Source: libpcap 1.10, checked against tcpdump.
 */
import {
  BPF_ADD,
  BPF_AND,
  BPF_DIV,
  BPF_LSH,
  BPF_MOD,
  BPF_MUL,
  BPF_OR,
  BPF_RSH,
  BPF_SUB,
  BPF_XOR,
} from '../../bpf/classic.ts';
import type { Arithmetic, ArithmeticOperator, Comparison } from '../ast.ts';
import { always, and, compare, not, type Predicate, type TestKind } from '../predicate.ts';
import type { Value } from '../values.ts';
import { type Access, accessOf, isProtocol } from './protocols.ts';
import type { Scope } from './scope.ts';
import { notFragment } from './transport.ts';

const operations: Readonly<Record<ArithmeticOperator, number>> = {
  '+': BPF_ADD,
  '-': BPF_SUB,
  '*': BPF_MUL,
  '/': BPF_DIV,
  '%': BPF_MOD,
  '&': BPF_AND,
  '|': BPF_OR,
  '^': BPF_XOR,
  '<<': BPF_LSH,
  '>>': BPF_RSH,
};

/** Each comparison as a test that classic BPF has, or as the opposite of one. */
const comparisons: Readonly<Record<Comparison, readonly [TestKind, negated: boolean]>> = {
  '=': ['eq', false],
  '!=': ['eq', true],
  '>': ['gt', false],
  '<=': ['gt', true],
  '>=': ['ge', false],
  '<': ['ge', true],
};

/** Values that are alive at once in libpcap, which has this many cells for them. */
const MAX_LIVE_VALUES = 16;

interface Computed {
  readonly value: Value;
  /** Undefined when the value can be computed for every packet. */
  readonly guard: Predicate | undefined;
}

export function relation(
  scope: Scope,
  comparison: Comparison,
  left: Arithmetic,
  right: Arithmetic,
): Predicate {
  const [kind, negated] = comparisons[comparison];
  const a = compute(scope, left, 0);
  const b = compute(scope, right, 1);
  const test = compare(scope.values, kind, a.value, b.value);
  const guards = [a.guard, b.guard].filter((guard) => guard !== undefined);
  return and(...guards, negated ? not(test) : test);
}

/** `live` values are held while this one is computed. */
function compute(scope: Scope, node: Arithmetic, live: number): Computed {
  if (live >= MAX_LIVE_VALUES) {
    return scope.fail(
      node.span,
      `more than ${MAX_LIVE_VALUES} values are needed at once: expected a simpler comparison`,
    );
  }
  const { values } = scope;
  switch (node.kind) {
    case 'number':
      return { value: values.constant(node.value), guard: undefined };
    case 'len':
      return { value: values.len, guard: undefined };
    case 'negate': {
      const { value, guard } = compute(scope, node.operand, live);
      return { value: values.negate(value), guard };
    }
    case 'load':
      return load(scope, node, live);
    case 'binary': {
      const left = compute(scope, node.left, live);
      const right = compute(scope, node.right, live + 1);
      checkOperand(scope, node.operator, node.right, right.value);
      return { value: values.binary(operations[node.operator], left.value, right.value), guard: left.guard };
    }
  }
}

function checkOperand(scope: Scope, operator: ArithmeticOperator, node: Arithmetic, right: Value): void {
  if (right.kind !== 'constant') return;
  if ((operator === '/' || operator === '%') && right.constant === 0) {
    scope.fail(node.span, operator === '/' ? 'division by zero' : 'modulus by zero');
  }
  if ((operator === '<<' || operator === '>>') && right.constant > 31 && node.kind === 'number') {
    scope.fail(node.span, `a shift by ${right.constant} bits: expected at most 31`);
  }
}

function load(scope: Scope, node: Arithmetic & { kind: 'load' }, live: number): Computed {
  const { protocol } = node;
  const access = accessOf(protocol);
  if (access === undefined)
    return scope.fail(node.span, `the bytes of "${protocol}" cannot be read this way`);
  const index = compute(scope, node.index, live);
  const value = scope.load(access, 0, node.size as 1 | 2 | 4, index.value);
  return { value, guard: guardOf(scope, node, access, index.guard ?? always) };
}

/** The guards in the order in which libpcap has them. */
function guardOf(
  scope: Scope,
  { protocol, span }: Arithmetic & { kind: 'load' },
  access: Access,
  indexGuard: Predicate,
): Predicate {
  switch (access) {
    case 'frame':
      return indexGuard;
    case 'payload':
      return and(indexGuard, isProtocol(scope, protocol, span));
    case 'ip4Transport':
      return and(
        isProtocol(scope, 'ip', span),
        indexGuard,
        isProtocol(scope, protocol, span),
        notFragment(scope),
      );
    case 'ip6Transport':
      return and(
        indexGuard,
        isProtocol(scope, 'ip6', span),
        scope.test('eq', scope.load('payload', 6, 1), 58),
      );
  }
}
