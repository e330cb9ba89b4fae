/**
 * A filter as a graph of decisions: each node is a test with a node to go to when it holds and one when it does not,
 * down to accept or reject. Nodes are interned, so equal parts exist once. No cycles.
 */
import { assertUnreachable } from '../base/index.ts';
import type { Predicate, Test } from './predicate.ts';

export interface Decision {
  /** Unique within its graph. */
  readonly id: number;
  readonly test: Test;
  readonly yes: Node;
  readonly no: Node;
}

export type Node = Decision | 'accept' | 'reject';

/** Makes nodes; equal ones are the same object. */
export class Graph {
  private readonly interned = new Map<string, Decision>();

  /** A decision, or what comes after it when both ways lead there. */
  decide(test: Test, yes: Node, no: Node): Node {
    if (yes === no) return yes;
    const key = `${test.kind} ${test.left.id} ${test.right.id} ${idOf(yes)} ${idOf(no)}`;
    const known = this.interned.get(key);
    if (known !== undefined) return known;
    const made: Decision = { id: this.interned.size, test, yes, no };
    this.interned.set(key, made);
    return made;
  }

  /** The graph that goes to `yes` for packets that match, else to `no`. */
  build(predicate: Predicate, yes: Node, no: Node): Node {
    switch (predicate.kind) {
      case 'constant':
        return predicate.holds ? yes : no;
      case 'test':
        return this.decide(predicate.test, yes, no);
      case 'not':
        return this.build(predicate.operand, no, yes);
      case 'and':
        return predicate.operands.reduceRight((rest, operand) => this.build(operand, rest, no), yes);
      case 'or':
        return predicate.operands.reduceRight((rest, operand) => this.build(operand, yes, rest), no);
      default:
        return assertUnreachable(predicate);
    }
  }
}

function idOf(node: Node): number | string {
  return typeof node === 'string' ? node : node.id;
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
