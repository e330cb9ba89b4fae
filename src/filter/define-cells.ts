/**
 * Gives variables that some way reads before anything was assigned to them the value 0 at the start: `geneve or arp` looks
 * for ARP behind a Geneve header that is not there. Engines refuse programs that read what nobody wrote.
 */
import { type InnerNode, inOrder, type Maker, type Node, waysOf } from './graph.ts';
import type { Value, Values } from './values.ts';

export function defineCells(root: Node, values: Values, maker: Maker): Node {
  const undefinedCells = new Map<number, Value>();
  /** For each node the cells, as bits, that every way to it has written. */
  const written = new Map<Node, number>([[root, 0]]);
  for (const node of inOrder(root)) {
    const before = written.get(node)!;
    for (const cell of cellsReadBy(node)) {
      if ((before & (1 << cell.cell)) === 0) undefinedCells.set(cell.cell, cell);
    }
    const after =
      node.kind === 'assignment' && node.cell.kind === 'cell' ? before | (1 << node.cell.cell) : before;
    for (const next of waysOf(node)) written.set(next, after & (written.get(next) ?? after));
  }
  return [...undefinedCells.values()].reduce(
    (next, cell) => maker.assign(cell, values.constant(0), next),
    root,
  );
}

type Cell = Value & { readonly kind: 'cell' };

function cellsReadBy(node: InnerNode): readonly Cell[] {
  return node.kind === 'assignment'
    ? cellsIn(node.value)
    : [...cellsIn(node.test.left), ...cellsIn(node.test.right)];
}

function cellsIn(value: Value): readonly Cell[] {
  switch (value.kind) {
    case 'cell':
      return [value];
    case 'load':
      return value.base === undefined ? [] : cellsIn(value.base);
    case 'negate':
      return cellsIn(value.operand);
    case 'binary':
      return [...cellsIn(value.left), ...cellsIn(value.right)];
    default:
      return [];
  }
}
