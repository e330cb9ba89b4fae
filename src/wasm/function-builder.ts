/**
 * The code of one WebAssembly function, instruction by instruction. Calls chain, so that a sequence reads like the text
 * format. Branches name the block that they leave, not a depth. Types are not checked: WebAssembly.validate does.
 */
import { ByteSink } from './byte-sink.ts';
import {
  type AtomicOpcode,
  atomicOpcodes,
  type MemoryOpcode,
  memoryOpcodes,
  type PlainOpcode,
  plainOpcodes,
  type ValueType,
  valueTypes,
} from './opcodes.ts';

const EMPTY_BLOCK_TYPE = 0x40;
const END = 0x0b;
const BULK_PREFIX = 0xfc;
const ATOMIC_PREFIX = 0xfe;

/** A block that is being written: what a branch leads to (its end, or the start of a loop). */
export interface BlockLabel {
  readonly depth: number;
}

/** A local variable's index; parameters come first. */
export type Local = number;

export class FunctionBuilder {
  readonly #code = new ByteSink();
  readonly #locals: ValueType[] = [];
  readonly #parameters: number;
  #depth = 0;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new variable, which starts as 0. */
  local(type: ValueType): Local {
    return this.#parameters + this.#locals.push(type) - 1;
  }

  op(opcode: PlainOpcode): this {
    this.#code.byte(plainOpcodes[opcode]);
    return this;
  }

  i32(value: number): this {
    this.#code.byte(0x41);
    this.#code.s32(value);
    return this;
  }

  i64(value: bigint | number): this {
    this.#code.byte(0x42);
    this.#code.s64(BigInt(value));
    return this;
  }

  get(local: Local): this {
    return this.#indexed(0x20, local);
  }

  set(local: Local): this {
    return this.#indexed(0x21, local);
  }

  tee(local: Local): this {
    return this.#indexed(0x22, local);
  }

  getGlobal(index: number): this {
    return this.#indexed(0x23, index);
  }

  setGlobal(index: number): this {
    return this.#indexed(0x24, index);
  }

  call(functionIndex: number): this {
    return this.#indexed(0x10, functionIndex);
  }

  /** A load or store that may be unaligned. `offset`: unsigned 32 bits, added without wrapping. */
  memory(opcode: MemoryOpcode, offset = 0): this {
    this.#code.byte(memoryOpcodes[opcode]);
    this.#code.u32(0);
    this.#code.u32(offset);
    return this;
  }

  atomic(opcode: AtomicOpcode, offset = 0): this {
    this.#code.byte(ATOMIC_PREFIX);
    this.#code.u32(atomicOpcodes[opcode]);
    this.#code.u32(opcode.includes('rmw32') ? 2 : 3);
    this.#code.u32(offset);
    return this;
  }

  /** From the stack: destination, source, number of bytes. */
  memoryCopy(): this {
    this.#code.byte(BULK_PREFIX);
    this.#code.append([10, 0, 0]);
    return this;
  }

  block(result?: ValueType): BlockLabel {
    return this.#open(0x02, result);
  }

  loop(result?: ValueType): BlockLabel {
    return this.#open(0x03, result);
  }

  /** Takes a condition from the stack. */
  if(result?: ValueType): BlockLabel {
    return this.#open(0x04, result);
  }

  else(): this {
    this.#code.byte(0x05);
    return this;
  }

  end(): this {
    this.#code.byte(END);
    this.#depth--;
    return this;
  }

  br(label: BlockLabel): this {
    return this.#indexed(0x0c, this.#depth - label.depth);
  }

  /** Takes a condition from the stack. */
  brIf(label: BlockLabel): this {
    return this.#indexed(0x0d, this.#depth - label.depth);
  }

  /** Takes an index from the stack; those beyond the list go to `otherwise`. */
  brTable(labels: readonly BlockLabel[], otherwise: BlockLabel): this {
    this.#code.byte(0x0e);
    this.#code.u32(labels.length);
    for (const label of labels) this.#code.u32(this.#depth - label.depth);
    this.#code.u32(this.#depth - otherwise.depth);
    return this;
  }

  /** The function's body as it stands in the code section. */
  encode(): readonly number[] {
    if (this.#depth !== 0) throw new Error(`${this.#depth} blocks of a function are open`);
    const body = new ByteSink();
    body.u32(this.#locals.length);
    for (const type of this.#locals) {
      body.u32(1);
      body.byte(valueTypes[type]);
    }
    body.append(this.#code.bytes);
    body.byte(END);
    return body.bytes;
  }

  #indexed(opcode: number, index: number): this {
    this.#code.byte(opcode);
    this.#code.u32(index);
    return this;
  }

  #open(opcode: number, result: ValueType | undefined): BlockLabel {
    this.#code.byte(opcode);
    this.#code.byte(result === undefined ? EMPTY_BLOCK_TYPE : valueTypes[result]);
    this.#depth++;
    return { depth: this.#depth };
  }
}
