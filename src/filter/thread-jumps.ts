/**
 * Lets a way that leads to a test whose outcome is known from the tests before it, or does not matter, lead to what
 * comes after it at once. A truncated packet fares the same: a test is skipped only when its bytes are known to be
 * there, because they, or bytes behind them, were loaded on the way, or when all that follows is reject.
 */
import {
  type Assignment,
  type Decision,
  type InnerNode,
  inOrder,
  type Maker,
  type Node,
  rebuild,
  redirect,
} from './graph.ts';
import { Knowledge } from './knowledge.ts';
import { holdsFor, type Test } from './predicate.ts';
import { reachOf, type Value } from './values.ts';

/** One pass; the same node when there was nothing to do. */
export function threadJumps(root: Node, maker: Maker): Node {
  return typeof root === 'string' ? root : new Threading(root, maker).run();
}

/** What is known at a node, whichever way led there. */
interface Facts {
  /** A bit for each test: 2 * its number when it holds, plus 1 when it does not. */
  readonly outcomes: Uint32Array;
  /** For each value the number that it equals, -1 when that is not known. */
  readonly exact: Float64Array;
  /** As many bytes of the packet are surely there. */
  readonly lengthBytes: number;
}

class Threading {
  private readonly maker: Maker;
  private readonly order: readonly InnerNode[];
  /** Equal tests, whichever node they are of, have the same number. */
  private readonly tests = new Map<string, number>();
  private readonly testNumbers = new Map<Test, number>();
  private readonly valueNumbers = new Map<Value, number>();
  /** The tests of each value that are not for equality: those say something about other tests. */
  private readonly bounds = new Map<Value, Test[]>();
  private readonly facts = new Map<Node, Facts>();

  constructor(root: InnerNode, maker: Maker) {
    this.maker = maker;
    this.order = inOrder(root);
    for (const node of this.order) if (node.kind === 'decision') this.number(node.test);
    this.facts.set(root, {
      outcomes: new Uint32Array((this.tests.size * 2 + 31) >>> 5),
      exact: new Float64Array(this.valueNumbers.size).fill(-1),
      lengthBytes: 0,
    });
    for (const node of this.order) {
      if (node.kind === 'assignment') {
        this.spread(node.next, this.factsBehind(node));
      } else {
        this.spread(node.yes, this.factsAfter(node, true));
        this.spread(node.no, this.factsAfter(node, false));
      }
    }
  }

  run(): Node {
    const [root] = this.order;
    const start = this.follow(root!, this.facts.get(root!)!);
    if (start !== root) return start;
    return rebuild(this.order, (node, renewed) => {
      if (node.kind === 'assignment') {
        return redirect(node, this.maker, (next) => renewed(this.follow(next, this.factsBehind(node))));
      }
      const yes = renewed(this.follow(node.yes, this.factsAfter(node, true)));
      const no = renewed(this.follow(node.no, this.factsAfter(node, false)));
      return yes === node.yes && no === node.no ? node : this.maker.decide(node.test, yes, no);
    });
  }

  private number(test: Test): void {
    const { kind, left, right } = test;
    const key = `${kind} ${left.id} ${right.id}`;
    let number = this.tests.get(key);
    if (number === undefined) {
      number = this.tests.size;
      this.tests.set(key, number);
      const known = this.bounds.get(left);
      if (kind === 'eq' || right.kind !== 'constant') {
        if (known === undefined) this.bounds.set(left, []);
      } else if (known === undefined) this.bounds.set(left, [test]);
      else known.push(test);
    }
    this.testNumbers.set(test, number);
    if (!this.valueNumbers.has(left)) this.valueNumbers.set(left, this.valueNumbers.size);
  }

  private factsAfter(node: Decision, holds: boolean): Facts {
    const { kind, left, right } = node.test;
    const before = this.facts.get(node)!;
    const outcomes = before.outcomes.slice();
    const fact = this.testNumbers.get(node.test)! * 2 + (holds ? 0 : 1);
    outcomes[fact >>> 5]! |= 1 << (fact & 31);
    let { exact } = before;
    if (kind === 'eq' && holds && right.kind === 'constant') {
      exact = exact.slice();
      exact[this.valueNumbers.get(left)!] = right.constant;
    }
    const lengthBytes = Math.max(before.lengthBytes, reachOf(left).atLeast, reachOf(right).atLeast);
    return { outcomes, exact, lengthBytes };
  }

  private factsBehind(node: Assignment): Facts {
    const before = this.facts.get(node)!;
    return { ...before, lengthBytes: Math.max(before.lengthBytes, reachOf(node.value).atLeast) };
  }

  /** Another way leads to a node: only what is known on all of them is known there. */
  private spread(node: Node, facts: Facts): void {
    if (typeof node === 'string') return;
    const known = this.facts.get(node);
    this.facts.set(
      node,
      known === undefined
        ? facts
        : {
            outcomes: known.outcomes.map((bits, i) => bits & facts.outcomes[i]!),
            exact: known.exact.map((number, i) => (number === facts.exact[i] ? number : -1)),
            lengthBytes: Math.min(known.lengthBytes, facts.lengthBytes),
          },
    );
  }

  /** Where a way leads when tests with known outcomes, and nodes that do not matter, are skipped. */
  private follow(target: Node, facts: Facts): Node {
    let node = target;
    while (typeof node !== 'string') {
      if (node.kind === 'assignment') {
        if (node.next !== 'reject') break;
        node = node.next;
        continue;
      }
      const outcome = this.outcome(node.test, facts);
      if (outcome !== undefined) {
        node = outcome ? node.yes : node.no;
      } else if (node.yes === node.no && (node.yes === 'reject' || isThere(node.test, facts.lengthBytes))) {
        node = node.yes;
      } else break;
    }
    return node;
  }

  /** What the test must give, or undefined. */
  private outcome(test: Test, { outcomes, exact }: Facts): boolean | undefined {
    const own = outcomeIn(outcomes, this.testNumbers.get(test)!);
    const { kind, left, right } = test;
    if (own !== undefined || right.kind !== 'constant') return own;
    const number = exact[this.valueNumbers.get(left)!]!;
    if (number >= 0) return holdsFor(kind, number, right.constant);
    const knowledge = new Knowledge(left);
    for (const bound of this.bounds.get(left)!) {
      const holds = outcomeIn(outcomes, this.testNumbers.get(bound)!);
      if (holds !== undefined && bound.right.kind === 'constant') {
        knowledge.learn(bound.kind, bound.right.constant, holds);
      }
    }
    return knowledge.outcome(kind, right.constant);
  }
}

/** What is known of a test by its number. */
function outcomeIn(outcomes: Uint32Array, number: number): boolean | undefined {
  const bits = (outcomes[number >>> 4]! >>> ((number & 15) * 2)) & 3;
  return bits === 0 ? undefined : (bits & 1) !== 0;
}

/** Whether computing the values of a test cannot reject a packet of at least this length. */
function isThere({ left, right }: Test, length: number): boolean {
  return Math.max(reachOf(left).atMost, reachOf(right).atMost) <= length;
}
