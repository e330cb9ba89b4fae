/**
 * Makes a graph of decisions smaller without changing the verdict on any whole packet. First every test is a node of
 * its own, so that what is known on one way is not lost where ways with equal parts meet; then equal parts become
 * one.
 */
import { type Decide, decide, inOrder, interning, type Node, rebuild } from './graph.ts';
import { groupTests } from './group-tests.ts';
import { threadJumps } from './thread-jumps.ts';

/** The same filter with fewer tests. */
export function optimize(root: Node): Node {
  const intern = interning();
  return improve(shareEqualParts(improve(root, decide), intern), intern);
}

/** All passes until none finds anything to do. */
function improve(root: Node, make: Decide): Node {
  for (let node = root; ; ) {
    const next = groupTests(threadJumps(node, make), make);
    if (next === node) return node;
    node = next;
  }
}

function shareEqualParts(root: Node, intern: Decide): Node {
  if (typeof root === 'string') return root;
  return rebuild(inOrder(root), ({ test, yes, no }, renewed) => intern(test, renewed(yes), renewed(no)));
}
