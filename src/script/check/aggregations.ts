/** `@x = count()` and its like: what the map gathers. */

import { findFunction } from '../language.ts';
import type { MapKind } from '../plan.ts';
import { type CallTree, fail } from '../syntax/index.ts';
import type { Expression } from '../typed.ts';
import { requireFunction } from './calls.ts';
import type { ProbeChecker } from './probe-checker.ts';

const MAX_HIST_BITS = 5n;
const MAX_LHIST_BUCKETS = 1000n;

export function isAggregation(name: string): boolean {
  return findFunction(name)?.kind === 'aggregation';
}

/** What the call makes of its map, and the value that it adds. */
export function checkAggregation(
  call: CallTree,
  checker: ProbeChecker,
): { kind: MapKind; value: Expression | undefined } {
  const { name } = requireFunction(call, checker);
  if (name === 'count') return { kind: { kind: name, isSigned: false }, value: undefined };
  const value = checker.integer(call.arguments[0]!, `${name}()`);
  switch (name) {
    case 'hist':
      return { kind: histKind(call, checker), value };
    case 'lhist':
      return { kind: lhistKind(call, checker), value };
    default: {
      const isSigned = value.type.kind === 'integer' && value.type.isSigned;
      return { kind: { kind: name as 'sum' | 'avg' | 'min' | 'max' | 'stats', isSigned }, value };
    }
  }
}

function histKind({ arguments: [, tree] }: CallTree, checker: ProbeChecker): MapKind {
  const bits = tree === undefined ? 0n : checker.literal(tree, "hist()'s k");
  if (bits < 0n || bits > MAX_HIST_BITS) fail(tree!.span, `hist()'s k is 0 to ${MAX_HIST_BITS}, got ${bits}`);
  const k = Number(bits);
  // One bucket below 0, 2^k for the numbers below 2^k, and 2^k for each power of two up to 2^62.
  return { kind: 'hist', bits: k, buckets: ((64 - k) << k) + 1 };
}

function lhistKind({ arguments: list, span }: CallTree, checker: ProbeChecker): MapKind {
  const [min, max, step] = ['min', 'max', 'step'].map((name, index) =>
    checker.literal(list[index + 1]!, `lhist()'s ${name}`),
  ) as [bigint, bigint, bigint];
  if (min < 0n) fail(list[1]!.span, `lhist()'s min is at least 0, got ${min}`);
  if (max <= min) fail(list[2]!.span, `lhist()'s max is above min (${min}), got ${max}`);
  if (step < 1n) fail(list[3]!.span, `lhist()'s step is at least 1, got ${step}`);
  const buckets = (max - min) / step;
  if (buckets > MAX_LHIST_BUCKETS) {
    fail(span, `lhist() has at most ${MAX_LHIST_BUCKETS} buckets, these are ${buckets}`);
  }
  if (buckets < 1n) fail(list[3]!.span, `lhist()'s step (${step}) is wider than max - min (${max - min})`);
  return { kind: 'lhist', min, max, step, buckets: Number(buckets) + 2 };
}
