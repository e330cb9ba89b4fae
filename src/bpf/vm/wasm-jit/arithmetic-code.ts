/**
 * Arithmetic, byte order and comparisons of the instruction table as WebAssembly. Registers are i64 locals; a 32-bit
 * operation works on their lower halves and clears the upper one. Both machines mask shift distances alike.
 */
import type { FunctionBuilder, Local, PlainOpcode, ValueType } from '../../../wasm/index.ts';
import type { EbpfInsn } from '../../isa/insn.ts';
import type { InsnRow } from '../../isa/table.ts';

type Width = 32 | 64;

const operations: Readonly<Record<string, string>> = {
  add: 'add',
  sub: 'sub',
  mul: 'mul',
  or: 'or',
  and: 'and',
  xor: 'xor',
  lsh: 'shl',
  rsh: 'shr_u',
  arsh: 'shr_s',
};

const comparisons: Readonly<Record<string, string>> = {
  jeq: 'eq',
  jne: 'ne',
  jgt: 'gt_u',
  jge: 'ge_u',
  jlt: 'lt_u',
  jle: 'le_u',
  jsgt: 'gt_s',
  jsge: 'ge_s',
  jslt: 'lt_s',
  jsle: 'le_s',
};

const opcode = (bits: Width, name: string): PlainOpcode => `i${bits}.${name}` as PlainOpcode;
const typeOf = (bits: Width): ValueType => `i${bits}`;

/** Emits arithmetic for one function, whose registers are these locals. */
export class ArithmeticCode {
  private readonly code: FunctionBuilder;
  private readonly registers: readonly Local[];

  constructor(code: FunctionBuilder, registers: readonly Local[]) {
    this.code = code;
    this.registers = registers;
  }

  /** dst = dst operation operand, or a move. */
  alu(row: InsnRow, insn: EbpfInsn): void {
    const { code } = this;
    const { bits, operation } = row;
    switch (operation) {
      case 'mov':
        this.operand(row, insn);
        break;
      case 'neg':
        this.constant(bits, 0);
        this.value(bits, insn.dst);
        code.op(opcode(bits, 'sub'));
        break;
      case 'div':
      case 'sdiv':
      case 'mod':
      case 'smod':
        this.divide(row, insn);
        break;
      default:
        this.value(bits, insn.dst);
        this.operand(row, insn);
        code.op(opcode(bits, operations[operation]!));
    }
    this.put(bits, insn.dst);
  }

  movsx({ bits, sizeBits }: InsnRow, { dst, src }: EbpfInsn): void {
    this.value(bits, src);
    this.code.op(opcode(bits, `extend${sizeBits}_s`));
    this.put(bits, dst);
  }

  /** The machine is little-endian: `le` only cuts. */
  byteOrder({ operation, sizeBits }: InsnRow, { dst }: EbpfInsn): void {
    const { code } = this;
    code.get(this.registers[dst]!);
    if (sizeBits < 64) code.i64(2n ** BigInt(sizeBits) - 1n).op('i64.and');
    if (operation !== 'le') this.swap(sizeBits as 16 | 32 | 64, this.registers[dst]!);
    code.set(this.registers[dst]!);
  }

  /** Reverses the lowest bytes of the i64 on the stack, whose other bytes are 0; `scratch` is overwritten. */
  swap(sizeBits: 8 | 16 | 32 | 64, scratch: Local): void {
    const { code } = this;
    if (sizeBits === 8) return;
    this.swapGroups(0x00ff_00ff_00ff_00ffn, 8, scratch);
    if (sizeBits >= 32) this.swapGroups(0x0000_ffff_0000_ffffn, 16, scratch);
    if (sizeBits === 64) code.i64(32).op('i64.rotl');
  }

  /** Leaves 0 or not 0 on the stack. */
  condition(row: InsnRow, insn: EbpfInsn): void {
    const { code } = this;
    const { bits, operation } = row;
    this.value(bits, insn.dst);
    this.operand(row, insn);
    if (operation === 'jset') {
      code.op(opcode(bits, 'and'));
      this.constant(bits, 0);
      code.op(opcode(bits, 'ne'));
    } else {
      code.op(opcode(bits, comparisons[operation]!));
    }
  }

  private swapGroups(mask: bigint, distance: number, scratch: Local): void {
    const { code } = this;
    code.tee(scratch).i64(mask).op('i64.and').i64(distance).op('i64.shl');
    code.get(scratch).i64(distance).op('i64.shr_u').i64(mask).op('i64.and').op('i64.or');
  }

  /** A division by 0 gives 0, a remainder by 0 what was divided; the smallest number by -1 gives itself, and 0. */
  private divide(row: InsnRow, insn: EbpfInsn): void {
    const { code } = this;
    const { bits, operation } = row;
    const isSigned = operation.startsWith('s');
    const isRemainder = operation.endsWith('mod');
    this.operand(row, insn);
    code.op(opcode(bits, 'eqz')).if(typeOf(bits));
    if (isRemainder) this.value(bits, insn.dst);
    else this.constant(bits, 0);
    code.else();
    const overflows = isSigned && !isRemainder;
    if (overflows) {
      this.operand(row, insn);
      this.constant(bits, -1);
      code.op(opcode(bits, 'eq')).if(typeOf(bits));
      this.constant(bits, 0);
      this.value(bits, insn.dst);
      code.op(opcode(bits, 'sub')).else();
    }
    this.value(bits, insn.dst);
    this.operand(row, insn);
    code.op(opcode(bits, `${isRemainder ? 'rem' : 'div'}_${isSigned ? 's' : 'u'}`)).end();
    if (overflows) code.end();
  }

  private operand({ bits, operand }: InsnRow, { src, imm }: EbpfInsn): void {
    if (operand === 'imm') this.constant(bits, imm);
    else this.value(bits, src);
  }

  private constant(bits: Width, value: number): void {
    if (bits === 64) this.code.i64(value);
    else this.code.i32(value);
  }

  private value(bits: Width, register: number): void {
    this.code.get(this.registers[register]!);
    if (bits === 32) this.code.op('i32.wrap_i64');
  }

  private put(bits: Width, register: number): void {
    if (bits === 32) this.code.op('i64.extend_i32_u');
    this.code.set(this.registers[register]!);
  }
}
