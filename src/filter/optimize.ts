/**
 * Makes a graph of decisions smaller without changing any verdict: a way that leads to a test whose outcome is known
 * from the tests before it goes to that outcome at once. Equal parts that this leaves behind become one, as nodes are
 * interned. A test goes away only when its values were computed on the way, so a truncated packet fares the same.
 */
import { type Decision, type Graph, inOrder, type Node } from './graph.ts';
import { holdsFor, type Test } from './predicate.ts';
import type { Value } from './values.ts';

/** The same filter with fewer tests. */
export function optimize(graph: Graph, root: Node): Node {
  let node = root;
  for (;;) {
    const next = new Threading(graph, node).run();
    if (next === node) return node;
    node = next;
  }
}

/** One pass over a graph. An edge is numbered 2 * the index of its node, plus 1 for the way of `no`. */
class Threading {
  private readonly graph: Graph;
  private readonly root: Node;
  private readonly order: readonly Decision[];
  private readonly indexOf = new Map<Node, number>();
  /** For each node the edges that every way to it passes, as a bit set; undefined when no way leads there. */
  private readonly dominators: (Uint32Array | undefined)[] = [];
  /** The edges out of tests of each value, in order. */
  private readonly edgesOf = new Map<Value, number[]>();

  constructor(graph: Graph, root: Node) {
    this.graph = graph;
    this.root = root;
    this.order = inOrder(root);
    this.order.forEach((node, index) => {
      this.indexOf.set(node, index);
    });
  }

  run(): Node {
    const { order } = this;
    if (order.length === 0) return this.root;
    const targets: (readonly [Node, Node] | undefined)[] = [];
    this.dominators[0] = new Uint32Array((order.length * 2 + 31) >>> 5);
    order.forEach((node, index) => {
      if (this.dominators[index] === undefined) return;
      const edges = this.edgesOf.get(node.test.left) ?? [];
      edges.push(index * 2, index * 2 + 1);
      this.edgesOf.set(node.test.left, edges);
      targets[index] = [this.follow(index * 2, node.yes), this.follow(index * 2 + 1, node.no)];
    });
    return this.rebuild(targets);
  }

  /** Where the edge leads when known outcomes are skipped; tells that node which edges lie before it. */
  private follow(edge: number, target: Node): Node {
    const before = Uint32Array.from(this.dominators[edge >>> 1]!);
    before[edge >>> 5]! |= 1 << (edge & 31);
    let node = target;
    while (typeof node !== 'string') {
      const outcome = this.outcome(node.test, before);
      if (outcome === undefined) break;
      node = outcome ? node.yes : node.no;
    }
    const index = this.indexOf.get(node);
    if (index !== undefined) {
      const known = this.dominators[index];
      if (known === undefined) this.dominators[index] = before;
      else
        known.forEach((word, i) => {
          known[i] = word & before[i]!;
        });
    }
    return node;
  }

  /** What the test must give behind these edges, or undefined. */
  private outcome(test: Test, edges: Uint32Array): boolean | undefined {
    const known = new Knowledge(test.left);
    for (const edge of this.edgesOf.get(test.left) ?? []) {
      if (((edges[edge >>> 5]! >>> (edge & 31)) & 1) === 0) continue;
      const before = this.order[edge >>> 1]!.test;
      const holds = (edge & 1) === 0;
      if (before.kind === test.kind && before.right === test.right) return holds;
      if (before.right.kind === 'constant') known.learn(before, before.right.constant, holds);
    }
    return test.right.kind === 'constant' ? known.outcome(test, test.right.constant) : undefined;
  }

  private rebuild(targets: readonly (readonly [Node, Node] | undefined)[]): Node {
    const rebuilt = new Map<Node, Node>();
    const replacement = (node: Node): Node => rebuilt.get(node) ?? node;
    for (let index = this.order.length - 1; index >= 0; index--) {
      const node = this.order[index]!;
      const [yes, no] = targets[index] ?? [];
      if (yes === undefined || no === undefined) continue;
      rebuilt.set(node, this.graph.decide(node.test, replacement(yes), replacement(no)));
    }
    return replacement(this.root);
  }
}

/** What earlier tests told about a value. */
class Knowledge {
  private learnt = false;
  private low = 0;
  private high: number;
  private zeroBits = 0;
  private readonly notZero: number[] = [];
  private readonly excluded: number[] = [];

  constructor(value: Value) {
    this.high = largest(value);
  }

  learn({ kind }: Test, constant: number, holds: boolean): void {
    this.learnt = true;
    switch (kind) {
      case 'eq':
        if (holds) this.narrow(constant, constant);
        else this.excluded.push(constant);
        break;
      case 'gt':
      case 'ge': {
        const from = kind === 'gt' ? constant + 1 : constant;
        if (holds) this.narrow(from, this.high);
        else this.narrow(this.low, from - 1);
        break;
      }
      case 'set':
        if (holds) this.notZero.push(constant);
        else this.zeroBits |= constant;
    }
  }

  private narrow(low: number, high: number): void {
    this.low = Math.max(this.low, low);
    this.high = Math.min(this.high, high);
  }

  /** The outcome of a test with a constant; undefined without earlier tests, as then nothing was loaded yet. */
  outcome({ kind }: Test, constant: number): boolean | undefined {
    if (!this.learnt) return undefined;
    if (this.low === this.high) return holdsFor(kind, this.low, constant);
    switch (kind) {
      case 'eq':
        return this.excludes(constant) ? false : undefined;
      case 'gt':
      case 'ge': {
        const from = kind === 'gt' ? constant + 1 : constant;
        if (this.low >= from) return true;
        return this.high < from ? false : undefined;
      }
      case 'set':
        if ((constant & ~this.zeroBits) === 0) return false;
        return this.notZero.some((bits) => (bits & ~this.zeroBits & ~constant) === 0) ? true : undefined;
    }
  }

  private excludes(constant: number): boolean {
    return (
      constant < this.low ||
      constant > this.high ||
      (constant & this.zeroBits) !== 0 ||
      this.excluded.includes(constant) ||
      this.notZero.some((bits) => (bits & constant) === 0)
    );
  }
}

/** The largest number that a value can be, as far as its form tells. */
function largest(value: Value): number {
  switch (value.kind) {
    case 'load':
      return 2 ** (8 * value.size) - 1;
    case 'headerLength':
      return 60;
    default:
      return 0xffff_ffff;
  }
}
