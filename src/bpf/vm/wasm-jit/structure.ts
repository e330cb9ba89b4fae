/**
 * Blocks with arbitrary jumps to the structured control of WebAssembly.
 *
 * A reducible function follows its dominator tree (Ramsey, "Beyond Relooper", 2022): a block's code is placed inside
 * `block`s for those of its children that several ways lead to, and inside a `loop` when a jump back leads to it; a
 * jump is then a branch out of the right one. Any other function gets a loop around a table of all its blocks.
 */
import type { BlockLabel, FunctionBuilder } from '../../../wasm/index.ts';
import type { BasicBlock, FunctionFlow } from './control-flow.ts';

/** What the blocks do, given by whoever knows the instructions. */
export interface BlockCode {
  /** All of the block but its jump. An exit returns. */
  body(block: BasicBlock): void;
  /** Leaves the condition of the block's jump on the stack: not 0 for its first successor. */
  condition(block: BasicBlock): void;
  /** In front of a jump back. */
  beforeJumpBack(block: BasicBlock): void;
}

/** Emits the function's blocks. Control never gets behind them. */
export function emitStructured(code: FunctionBuilder, flow: FunctionFlow, blocks: BlockCode): void {
  if (flow.isReducible) new TreeEmitter(code, flow, blocks).emit();
  else emitTable(code, flow, blocks);
  code.op('unreachable');
}

class TreeEmitter {
  private readonly code: FunctionBuilder;
  private readonly flow: FunctionFlow;
  private readonly blocks: BlockCode;
  /** Of each block those children in the dominator tree that more than one way leads to, the last one first. */
  private readonly merges: readonly number[][];
  private readonly isMerge: readonly boolean[];
  private readonly isLoop: readonly boolean[];
  private readonly labels: BlockLabel[] = [];
  private readonly loops: BlockLabel[] = [];
  /** What is still to be emitted, the next at the end: a block with what it dominates, or the end of a `block`. */
  private readonly open: (number | 'end')[] = [0];

  constructor(code: FunctionBuilder, flow: FunctionFlow, blocks: BlockCode) {
    this.code = code;
    this.flow = flow;
    this.blocks = blocks;
    const ways = flow.blocks.map(() => 0);
    const isLoop = flow.blocks.map(() => false);
    for (const { index, successors } of flow.blocks) {
      for (const next of successors) {
        if (next > index) ways[next]!++;
        else isLoop[next] = true;
      }
    }
    this.isLoop = isLoop;
    this.isMerge = ways.map((count) => count > 1);
    this.merges = flow.blocks.map(() => []);
    for (let index = flow.blocks.length - 1; index > 0; index--) {
      if (this.isMerge[index]) this.merges[flow.dominators[index]!]!.push(index);
    }
  }

  emit(): void {
    for (let next = this.open.pop(); next !== undefined; next = this.open.pop()) {
      if (next === 'end') this.code.end();
      else this.emitTree(next);
    }
  }

  private emitTree(index: number): void {
    const { code, open } = this;
    const block = this.flow.blocks[index]!;
    if (this.isLoop[index]) {
      this.loops[index] = code.loop();
      open.push('end');
    }
    for (const merge of this.merges[index]!) {
      this.labels[merge] = code.block();
      open.push(merge, 'end');
    }
    this.blocks.body(block);
    const [first, second] = block.successors;
    if (first === undefined) return;
    if (second === undefined) {
      this.goTo(block, first);
      return;
    }
    this.blocks.condition(block);
    if (this.isPlainLabel(block, first)) {
      code.brIf(this.labels[first]!);
      this.goTo(block, second);
    } else if (this.isPlainLabel(block, second)) {
      code.op('i32.eqz').brIf(this.labels[second]!);
      this.goTo(block, first);
    } else if (first <= index) {
      code.if();
      this.goTo(block, first);
      code.end();
      this.goTo(block, second);
    } else if (second <= index) {
      code.op('i32.eqz').if();
      this.goTo(block, second);
      code.end();
      this.goTo(block, first);
    } else {
      // What is inside the `if` never reaches its end, so the rest needs no `else`.
      code.if();
      open.push(second, 'end', first);
    }
  }

  /** Whether a branch to the end of a `block` is all that the jump needs. */
  private isPlainLabel({ index }: BasicBlock, target: number): boolean {
    return target > index && this.isMerge[target]!;
  }

  private goTo(block: BasicBlock, target: number): void {
    if (target <= block.index) {
      this.blocks.beforeJumpBack(block);
      this.code.br(this.loops[target]!);
    } else if (this.isMerge[target]) {
      this.code.br(this.labels[target]!);
    } else {
      this.open.push(target);
    }
  }
}

function emitTable(code: FunctionBuilder, flow: FunctionFlow, blocks: BlockCode): void {
  const next = code.local('i32');
  const again = code.loop();
  const labels = flow.blocks.map(() => code.block()).reverse();
  const goTo = (block: BasicBlock, target: number): void => {
    if (target <= block.index) blocks.beforeJumpBack(block);
    code.i32(target).set(next).br(again);
  };
  code.get(next).brTable(labels, labels[0]!);
  for (const block of flow.blocks) {
    code.end();
    blocks.body(block);
    const [first, second] = block.successors;
    if (first === undefined) continue;
    if (second !== undefined) {
      blocks.condition(block);
      code.if();
    }
    goTo(block, first);
    if (second === undefined) continue;
    code.end();
    goTo(block, second);
  }
  code.end();
}
