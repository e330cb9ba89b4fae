/**
 * A filter as a graph of decisions: each node is a test with a node to go to when it holds and one when it does not, or
 * an assignment with the node after it, down to accept or reject. No cycles. Nodes are never changed: a pass over a
 * graph makes a new one.
 */
import { assertUnreachable } from '../base/index.ts';
import type { Predicate, Test } from './predicate.ts';
import type { Value } from './values.ts';

export interface Decision {
  readonly kind: 'decision';
  /** Unique in the program. */
  readonly id: number;
  readonly test: Test;
  readonly yes: Node;
  readonly no: Node;
}

/** Gives a value to a variable. The value may lie beyond the packet, which is then rejected. */
export interface Assignment {
  readonly kind: 'assignment';
  readonly id: number;
  readonly cell: Value;
  readonly value: Value;
  readonly next: Node;
}

export type InnerNode = Decision | Assignment;
export type Node = InnerNode | 'accept' | 'reject';

/** Makes nodes. Both ways of a decision may lead to the same node: the test still loads its values. */
export interface Maker {
  decide(test: Test, yes: Node, no: Node): Node;
  assign(cell: Value, value: Value, next: Node): Node;
}

let lastId = 0;

/** Makes a new node each time, even when there is an equal one. */
export const fresh: Maker = {
  decide: (test, yes, no) => ({ kind: 'decision', id: ++lastId, test, yes, no }),
  assign: (cell, value, next) => ({ kind: 'assignment', id: ++lastId, cell, value, next }),
};

/** A maker that gives the same node for equal parts, as far as it made them itself. */
export function interning(): Maker {
  const interned = new Map<string, Node>();
  const intern = (key: string, make: () => Node): Node => {
    let node = interned.get(key);
    if (node === undefined) {
      node = make();
      interned.set(key, node);
    }
    return node;
  };
  return {
    decide: (test, yes, no) =>
      intern(`${test.kind} ${test.left.id} ${test.right.id} ${idOf(yes)} ${idOf(no)}`, () =>
        fresh.decide(test, yes, no),
      ),
    assign: (cell, value, next) =>
      intern(`:= ${cell.id} ${value.id} ${idOf(next)}`, () => fresh.assign(cell, value, next)),
  };
}

/** The nodes that come next. */
export function waysOf(node: InnerNode): readonly Node[] {
  return node.kind === 'decision' ? [node.yes, node.no] : [node.next];
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
      return fresh.decide(predicate.test, yes, no);
    case 'assign':
      return fresh.assign(predicate.cell, predicate.value, yes);
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

/** Every node that can be reached, each before those it leads to; the way of `no` comes last. */
export function inOrder(root: Node): readonly InnerNode[] {
  const order: InnerNode[] = [];
  const state = new Map<InnerNode, 'entered' | 'done'>();
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
      stack.push(...waysOf(node));
    }
  }
  return order.reverse();
}

/**
 * The graph made anew from its end: `make` gets each node and `renewed`, which gives what became of a node behind it.
 * Returning the node itself keeps it.
 */
export function rebuild(
  order: readonly InnerNode[],
  make: (node: InnerNode, renewed: (next: Node) => Node) => Node,
): Node {
  const made = new Map<Node, Node>();
  const renewed = (node: Node): Node => made.get(node) ?? node;
  for (let index = order.length - 1; index >= 0; index--) {
    const node = order[index]!;
    made.set(node, make(node, renewed));
  }
  return renewed(order[0]!);
}

/** The node with other nodes behind it; itself when they are the same. */
export function redirect(node: InnerNode, maker: Maker, to: (next: Node) => Node): Node {
  if (node.kind === 'assignment') {
    const next = to(node.next);
    return next === node.next ? node : maker.assign(node.cell, node.value, next);
  }
  const yes = to(node.yes);
  const no = to(node.no);
  return yes === node.yes && no === node.no ? node : maker.decide(node.test, yes, no);
}
