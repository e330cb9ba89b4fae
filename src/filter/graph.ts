/**
 * A filter as a graph of decisions: each node is a test with a node to go to when it holds and one when it does not,
 * down to accept or reject. No cycles. Nodes are never changed: a pass over a graph makes a new one.
 */
import { assertUnreachable } from '../base/index.ts';
import type { Predicate, Test } from './predicate.ts';

export interface Decision {
  /** Unique in the program. */
  readonly id: number;
  readonly test: Test;
  readonly yes: Node;
  readonly no: Node;
}

export type Node = Decision | 'accept' | 'reject';

/** Makes a decision. Both ways may lead to the same node: the test still loads its values. */
export type Decide = (test: Test, yes: Node, no: Node) => Node;

let lastId = 0;

/** A new node, even when there is an equal one. */
export function decide(test: Test, yes: Node, no: Node): Node {
  return { id: ++lastId, test, yes, no };
}

/** A maker that gives the same node for equal parts, as far as it made them itself. */
export function interning(): Decide {
  const interned = new Map<string, Node>();
  return (test, yes, no) => {
    const key = `${test.kind} ${test.left.id} ${test.right.id} ${idOf(yes)} ${idOf(no)}`;
    let node = interned.get(key);
    if (node === undefined) {
      node = decide(test, yes, no);
      interned.set(key, node);
    }
    return node;
  };
}

/** What tells a node from all others. */
export function idOf(node: Node): number | string {
  return typeof node === 'string' ? node : node.id;
}

/** The graph that goes to `yes` for packets that match, else to `no`; each test is a node of its own. */
export function buildGraph(predicate: Predicate, yes: Node, no: Node): Node {
  switch (predicate.kind) {
    case 'constant':
      return predicate.holds ? yes : no;
    case 'test':
      return decide(predicate.test, yes, no);
    case 'not':
      return buildGraph(predicate.operand, no, yes);
    case 'and':
      return predicate.operands.reduceRight((rest, operand) => buildGraph(operand, rest, no), yes);
    case 'or':
      return predicate.operands.reduceRight((rest, operand) => buildGraph(operand, yes, rest), no);
    default:
      return assertUnreachable(predicate);
  }
}

/** Every decision that can be reached, each before those it leads to; the way of `no` comes last. */
export function inOrder(root: Node): readonly Decision[] {
  const order: Decision[] = [];
  const state = new Map<Decision, 'entered' | 'done'>();
  const stack: Node[] = [root];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (typeof node === 'string' || state.get(node) === 'done') {
      stack.pop();
    } else if (state.get(node) === 'entered') {
      state.set(node, 'done');
      order.push(node);
      stack.pop();
    } else {
      state.set(node, 'entered');
      stack.push(node.yes, node.no);
    }
  }
  return order.reverse();
}

/**
 * The graph made anew from its end: `make` gets each decision and `renewed`, which gives what became of a node behind
 * it. Returning an equal decision keeps the old node.
 */
export function rebuild(
  order: readonly Decision[],
  make: (node: Decision, renewed: (next: Node) => Node) => Node,
): Node {
  const made = new Map<Node, Node>();
  const renewed = (node: Node): Node => made.get(node) ?? node;
  for (let index = order.length - 1; index >= 0; index--) {
    const node = order[index]!;
    made.set(node, make(node, renewed));
  }
  return renewed(order[0]!);
}
