/**
 * Makes a graph of decisions smaller without changing the verdict on any whole packet. First every test is a node of
 * its own, so that what is known on one way is not lost where ways with equal parts meet; then equal parts become
 * one.
 */
import { fresh, inOrder, interning, type Maker, type Node, rebuild } from './graph.ts';
import { groupTests } from './group-tests.ts';
import { threadJumps } from './thread-jumps.ts';

/** The same filter with fewer tests. */
export function optimize(root: Node): Node {
  const intern = interning();
  return improve(shareEqualParts(improve(root, fresh), intern), intern);
}

/** All passes until none finds anything to do. */
function improve(root: Node, maker: Maker): Node {
  for (let node = root; ; ) {
    const next = groupTests(threadJumps(node, maker), maker);
    if (next === node) return node;
    node = next;
  }
}

function shareEqualParts(root: Node, maker: Maker): Node {
  if (typeof root === 'string') return root;
  return rebuild(inOrder(root), (node, renewed) =>
    node.kind === 'decision'
      ? maker.decide(node.test, renewed(node.yes), renewed(node.no))
      : maker.assign(node.cell, node.value, renewed(node.next)),
  );
}
