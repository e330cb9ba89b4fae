/**
 * Lets a way that leads to a test whose outcome is known from the tests before it, or does not matter, lead to what
 * comes after it at once. A truncated packet fares the same: a test is skipped only when its bytes are known to be
 * there, because they, or bytes behind them, were loaded on the way, or when all that follows is reject.
 */
import { type Decide, type Decision, inOrder, type Node, rebuild } from './graph.ts';
import { Knowledge } from './knowledge.ts';
import type { Test } from './predicate.ts';
import { reachOf, type Value } from './values.ts';

/** One pass; the same node when there was nothing to do. */
export function threadJumps(root: Node, decide: Decide): Node {
  return typeof root === 'string' ? root : new Threading(root, decide).run();
}

/** A fact is that a test holds, or does not: numbered 2 * the number of the test, plus 1 when it does not hold. */
class Threading {
  private readonly decide: Decide;
  private readonly order: readonly Decision[];
  private readonly testNumbers = new Map<Test, number>();
  /** Equal tests, whichever node they are of, have the same number. */
  private readonly tests: Test[] = [];
  /** The numbers of the tests of each value. */
  private readonly testsOf = new Map<Value, number[]>();
  /** The facts that hold at each node, whichever way led there, as a bit set. */
  private readonly facts = new Map<Node, Uint32Array>();
  /** As many bytes of the packet are surely there when a node is reached. */
  private readonly lengths = new Map<Node, number>();

  constructor(root: Decision, decide: Decide) {
    this.decide = decide;
    this.order = inOrder(root);
    this.numberTests();
    this.facts.set(root, new Uint32Array((this.tests.length * 2 + 31) >>> 5));
    this.lengths.set(root, 0);
    for (const node of this.order) {
      const length = this.lengthAfter(node);
      this.spread(node.yes, this.factsAfter(node, true), length);
      this.spread(node.no, this.factsAfter(node, false), length);
    }
  }

  run(): Node {
    const [root] = this.order;
    const nothing = this.facts.get(root!)!;
    const start = this.follow(root!, nothing, 0);
    if (start !== root) return start;
    return rebuild(this.order, (node, renewed) => {
      const length = this.lengthAfter(node);
      const yes = renewed(this.follow(node.yes, this.factsAfter(node, true), length));
      const no = renewed(this.follow(node.no, this.factsAfter(node, false), length));
      return yes === node.yes && no === node.no ? node : this.decide(node.test, yes, no);
    });
  }

  private numberTests(): void {
    const numbers = new Map<string, number>();
    for (const { test } of this.order) {
      const key = `${test.kind} ${test.left.id} ${test.right.id}`;
      let number = numbers.get(key);
      if (number === undefined) {
        number = this.tests.length;
        numbers.set(key, number);
        this.tests.push(test);
        const same = this.testsOf.get(test.left);
        if (same === undefined) this.testsOf.set(test.left, [number]);
        else same.push(number);
      }
      this.testNumbers.set(test, number);
    }
  }

  private factsAfter(node: Decision, holds: boolean): Uint32Array {
    const facts = Uint32Array.from(this.facts.get(node)!);
    const fact = this.testNumbers.get(node.test)! * 2 + (holds ? 0 : 1);
    facts[fact >>> 5]! |= 1 << (fact & 31);
    return facts;
  }

  /** Another way leads to a node: only what is known on all of them is known there. */
  private spread(node: Node, facts: Uint32Array, length: number): void {
    if (typeof node === 'string') return;
    this.lengths.set(node, Math.min(this.lengths.get(node) ?? length, length));
    const known = this.facts.get(node);
    if (known === undefined) this.facts.set(node, facts);
    else for (let i = 0; i < known.length; i++) known[i]! &= facts[i]!;
  }

  private lengthAfter(node: Decision): number {
    const { left, right } = node.test;
    return Math.max(this.lengths.get(node)!, reachOf(left).atLeast, reachOf(right).atLeast);
  }

  /** Where a way leads when tests with known outcomes, and tests that do not matter, are skipped. */
  private follow(target: Node, facts: Uint32Array, length: number): Node {
    let node = target;
    while (typeof node !== 'string') {
      const outcome = this.outcome(node.test, facts);
      if (outcome !== undefined) {
        node = outcome ? node.yes : node.no;
      } else if (node.yes === node.no && (node.yes === 'reject' || isThere(node.test, length))) {
        node = node.yes;
      } else break;
    }
    return node;
  }

  private outcome(test: Test, facts: Uint32Array): boolean | undefined {
    const own = this.testNumbers.get(test)!;
    const knowledge = new Knowledge(test.left);
    for (const number of this.testsOf.get(test.left)!) {
      const bits = (facts[number >>> 4]! >>> ((number & 15) * 2)) & 3;
      if (bits === 0) continue;
      const holds = (bits & 1) !== 0;
      if (number === own) return holds;
      const { kind, right } = this.tests[number]!;
      if (right.kind === 'constant') knowledge.learn(kind, right.constant, holds);
    }
    return test.right.kind === 'constant' ? knowledge.outcome(test.kind, test.right.constant) : undefined;
  }
}

/** Whether computing the values of a test cannot reject a packet of at least this length. */
function isThere({ left, right }: Test, length: number): boolean {
  return Math.max(reachOf(left).atMost, reachOf(right).atMost) <= length;
}
