/**
 * Brings tests of the same value together. In a row of tests joined by `or` (or by `and`) the order does not matter to
 * packets that are whole, and a value that was just loaded need not be loaded again: `src a or dst a or src b or
 * dst b` becomes `src a or src b or dst a or dst b`. Only a test of a value that was already computed moves forward,
 * so a truncated packet is never rejected earlier; it may be accepted earlier, as with libpcap.
 */
import {
  type Decision,
  type InnerNode,
  inOrder,
  type Maker,
  type Node,
  rebuild,
  redirect,
  waysOf,
} from './graph.ts';
import type { Test } from './predicate.ts';

/** One pass; the same node when there was nothing to do. */
export function groupTests(root: Node, maker: Maker): Node {
  if (typeof root === 'string') return root;
  const order = inOrder(root);
  const ways = countWays(order);
  const rows = new Map<InnerNode, Row>();
  const inRow = new Set<Decision>();
  const seen = { no: new Set<Decision>(), yes: new Set<Decision>() };
  for (const node of order) {
    if (node.kind !== 'decision') continue;
    for (const way of ['no', 'yes'] as const) {
      if (seen[way].has(node) || inRow.has(node)) continue;
      const row = rowFrom(node, way, ways);
      for (const member of row.members) seen[way].add(member);
      if (row.tests === undefined || row.members.some((member) => inRow.has(member))) continue;
      rows.set(node, row);
      for (const member of row.members) inRow.add(member);
    }
  }
  return rebuild(order, (node, renewed) => {
    const row = rows.get(node);
    if (row?.tests === undefined) return redirect(node, maker, renewed);
    const exit = renewed(row.exit);
    return row.tests.reduceRight<Node>(
      (rest, test) => (row.way === 'no' ? maker.decide(test, exit, rest) : maker.decide(test, rest, exit)),
      renewed(row.end),
    );
  });
}

/** Tests one after another by the same way, whose other way has the same exit. */
interface Row {
  readonly way: 'yes' | 'no';
  readonly members: readonly Decision[];
  /** The members' tests in a better order; undefined when theirs is good. */
  readonly tests: readonly Test[] | undefined;
  readonly exit: Node;
  readonly end: Node;
}

/** The row that begins at a node; it may be a row of one. */
function rowFrom(first: Decision, way: 'yes' | 'no', ways: ReadonlyMap<Node, number>): Row {
  const exit = way === 'no' ? first.yes : first.no;
  const members = [first];
  let end = first[way];
  const belongs = (node: Decision): boolean =>
    ways.get(node) === 1 && (way === 'no' ? node.yes : node.no) === exit && !isRange(node.test);
  while (!isRange(first.test) && typeof end !== 'string' && end.kind === 'decision' && belongs(end)) {
    members.push(end);
    end = end[way];
  }
  return { way, members, tests: grouped(members.map(({ test }) => test)), exit, end };
}

/** libpcap has ranges as two tests each, which it does not move. */
const isRange = ({ kind }: Test): boolean => kind === 'gt' || kind === 'ge';

/** The tests by value, the values in the order in which they first occur; undefined when they are so already. */
function grouped(tests: readonly Test[]): readonly Test[] | undefined {
  const groups = new Map<unknown, Test[]>();
  let isGrouped = true;
  tests.forEach((test, index) => {
    const group = groups.get(test.left);
    if (group === undefined) {
      groups.set(test.left, [test]);
    } else {
      if (tests[index - 1]!.left !== test.left) isGrouped = false;
      group.push(test);
    }
  });
  return isGrouped ? undefined : [...groups.values()].flat();
}

/** How many ways lead to each node. */
function countWays(order: readonly InnerNode[]): ReadonlyMap<Node, number> {
  const ways = new Map<Node, number>();
  for (const node of order) {
    for (const next of waysOf(node)) ways.set(next, (ways.get(next) ?? 0) + 1);
  }
  return ways;
}
