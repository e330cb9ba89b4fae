/** Loads, stores, atomic operations and packet loads of the instruction table as WebAssembly. */
import type { AtomicOpcode, FunctionBuilder, Local, MemoryOpcode, PlainOpcode } from '../../../wasm/index.ts';
import type { EbpfInsn } from '../../isa/insn.ts';
import type { InsnRow } from '../../isa/table.ts';
import { packetContext } from '../engine.ts';
import type { ArithmeticCode } from './arithmetic-code.ts';

/** Register 6 holds the context where there are packet loads. */
const CONTEXT = 6;

/**
 * Emits memory accesses for one function. An address is the lower half of a register: what the verifier lets through
 * has nothing in the upper half, and linear memory ends what it did not see.
 */
export class MemoryCode {
  private readonly code: FunctionBuilder;
  private readonly registers: readonly Local[];
  private readonly arithmetic: ArithmeticCode;
  private readonly isShared: boolean;
  /** What was in memory before an atomic operation. */
  private readonly old: Local;

  constructor(
    code: FunctionBuilder,
    registers: readonly Local[],
    arithmetic: ArithmeticCode,
    isShared: boolean,
  ) {
    this.code = code;
    this.isShared = isShared;
    this.old = code.local('i64');
    this.registers = registers;
    this.arithmetic = arithmetic;
  }

  load({ kind, sizeBits }: InsnRow, { dst, src, off }: EbpfInsn): void {
    const sign = kind === 'loadsx' ? 's' : 'u';
    const offset = this.address(src, off);
    this.code.memory(sizeBits === 64 ? 'i64.load' : `i64.load${sizeBits}_${sign}`, offset);
    this.code.set(this.registers[dst]!);
  }

  store({ sizeBits, operand }: InsnRow, { dst, src, off, imm }: EbpfInsn): void {
    const offset = this.address(dst, off);
    if (operand === 'imm') this.code.i64(imm);
    else this.code.get(this.registers[src]!);
    this.code.memory(sizeBits === 64 ? 'i64.store' : `i64.store${sizeBits}`, offset);
  }

  /** In memory of one thread plain accesses do, and need no alignment. Shared memory traps unaligned ones. */
  atomic(row: InsnRow, insn: EbpfInsn): void {
    if (this.isShared) this.sharedAtomic(row, insn);
    else this.ownAtomic(row, insn);
  }

  private sharedAtomic({ operation, fetches, sizeBits }: InsnRow, { dst, src, off }: EbpfInsn): void {
    const { code, registers } = this;
    const offset = this.address(dst, off);
    const isExchange = operation === 'cmpxchg';
    if (isExchange) this.expected(sizeBits);
    code.get(registers[src]!);
    const name = sizeBits === 64 ? `i64.atomic.rmw.${operation}` : `i64.atomic.rmw32.${operation}_u`;
    code.atomic(name as AtomicOpcode, offset);
    if (fetches) code.set(registers[isExchange ? 0 : src]!);
    else code.op('drop');
  }

  private ownAtomic({ operation, fetches, sizeBits }: InsnRow, { dst, src, off }: EbpfInsn): void {
    const { code, registers } = this;
    const load = sizeBits === 64 ? 'i64.load' : 'i64.load32_u';
    const store = sizeBits === 64 ? 'i64.store' : 'i64.store32';
    this.address(dst, off);
    code.memory(load, Math.max(off, 0)).set(this.old);
    const offset = this.address(dst, off);
    switch (operation) {
      case 'xchg':
        code.get(registers[src]!);
        break;
      case 'cmpxchg':
        code.get(registers[src]!).get(this.old).get(this.old);
        this.expected(sizeBits);
        code.op('i64.eq').op('select');
        break;
      default:
        code
          .get(this.old)
          .get(registers[src]!)
          .op(`i64.${operation}` as PlainOpcode);
    }
    code.memory(store, offset);
    if (fetches) code.get(this.old).set(registers[operation === 'cmpxchg' ? 0 : src]!);
  }

  /** What a comparing exchange looks for. */
  private expected(sizeBits: number): void {
    this.code.get(this.registers[0]!);
    if (sizeBits === 32) this.code.i64(0xffff_ffff).op('i64.and');
  }

  /** r0 = bytes of the packet, big-endian; `end` is emitted for what lies beyond it. */
  packet({ operation, sizeBits }: InsnRow, { src, imm }: EbpfInsn, end: () => void): void {
    const { code, registers } = this;
    const sizeBytes = sizeBits / 8;
    const index = registers[0]!;
    if (operation === 'ind') code.get(registers[src]!).i64(imm).op('i64.add').set(index);
    else code.i64(imm).set(index);
    // Looked at twice, so that a sum that wraps is beyond too.
    code.get(index);
    this.contextField('i64.load32_u', packetContext.capturedLength);
    code.op('i64.gt_u').get(index).i64(sizeBytes).op('i64.add');
    this.contextField('i64.load32_u', packetContext.capturedLength);
    code.op('i64.gt_u').op('i32.or').if();
    end();
    code.end();
    this.contextField('i32.load', packetContext.bufAddr);
    this.contextField('i32.load16_u', packetContext.dataOff);
    code.op('i32.add').get(index).op('i32.wrap_i64').op('i32.add');
    code.memory(`i64.load${sizeBits as 8 | 16 | 32}_u`);
    this.arithmetic.swap(sizeBits, index);
    code.set(index);
  }

  private contextField(opcode: MemoryOpcode, offset: number): void {
    this.code.get(this.registers[CONTEXT]!).op('i32.wrap_i64').memory(opcode, offset);
  }

  /** Leaves the address on the stack, but for the displacement that it gives back. */
  private address(register: number, off: number): number {
    const { code } = this;
    code.get(this.registers[register]!).op('i32.wrap_i64');
    if (off >= 0) return off;
    code.i32(off).op('i32.add');
    return 0;
  }
}
