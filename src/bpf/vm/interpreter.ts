/**
 * The engine that needs nothing: an interpreter that checks every access to memory, counts every instruction and says
 * where a program went wrong. Registers are pairs of 32-bit words in one Int32Array, which helpers see too (why:
 * docs/rationale.md). Nothing is allocated while a program runs, but for divisions of large or
 * signed 64-bit numbers. Atomic operations are atomic for the one thread that runs the program.
 */
import { UnsupportedError } from '../../base/index.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { atomic32, atomic64 } from './atomics.ts';
import {
  type Engine,
  type Environment,
  FRAME_BYTES,
  type Helper,
  MAX_FRAMES,
  type PreparedProgram,
  packetContext,
  TrapError,
  type TrapReason,
} from './engine.ts';
import { predecode, STRIDE } from './predecode.ts';
import * as arithmetic from './words.ts';

export const interpreter: Engine = {
  name: 'interpreter',
  prepare: (program, environment) => new Machine(program, environment),
};

/** What a call saves: where to go on, and r6 to r9. */
const SAVED_WORDS = 9;

class Machine implements PreparedProgram {
  private readonly environment: Environment;
  private readonly insns: Int32Array;
  private readonly words: Int32Array;
  private readonly helpers: readonly Helper[];
  private readonly view: DataView;
  private readonly saved = new Int32Array(MAX_FRAMES * SAVED_WORDS);
  private readonly maxDepth: number;
  private depth = 0;
  /** The stack from the current frame up. */
  private stackStart = 0;
  private stackEnd = 0;

  constructor(program: EbpfProgram, environment: Environment) {
    const { insns, words, helpers } = predecode(program, environment);
    this.insns = insns;
    this.words = words;
    this.helpers = helpers;
    this.environment = environment;
    this.view = new DataView(environment.memory.buffer);
    this.maxDepth = Math.min(MAX_FRAMES, Math.floor(environment.stack.lengthBytes / FRAME_BYTES));
    if (this.maxDepth === 0) {
      throw new UnsupportedError(`stack of ${environment.stack.lengthBytes} bytes`, `${FRAME_BYTES} bytes`);
    }
  }

  get result(): bigint {
    return arithmetic.unsigned64(this.words, 0);
  }

  run(r1: number, r2: number): number {
    const { words, environment } = this;
    const { offset, lengthBytes } = environment.stack;
    words.fill(0, 0, 20);
    words[2] = r1;
    words[4] = r2;
    this.depth = 0;
    this.stackEnd = offset + lengthBytes;
    this.enterFrame();
    this.execute();
    return words[0]! >>> 0;
  }

  private execute(): void {
    const { insns, words, view } = this;
    let budget = this.environment.budgetInsns;
    for (let at = 0; ; at += STRIDE) {
      if (--budget < 0) {
        throw this.trap('budget', at, `no end after ${this.environment.budgetInsns} instructions`);
      }
      const dst = insns[at + 1]!;
      const src = insns[at + 2]!;
      // Cases are opcodes of the table with a register operand, and the codes of predecode.ts: literals, so that the
      // switch becomes a jump table.
      switch (insns[at]!) {
        // 64-bit arithmetic.
        case 0x0f: {
          const sum = (words[dst]! >>> 0) + (words[src]! >>> 0);
          words[dst + 1] = words[dst + 1]! + words[src + 1]! + (sum > 0xffffffff ? 1 : 0);
          words[dst] = sum;
          break;
        }
        case 0x1f: {
          const difference = (words[dst]! >>> 0) - (words[src]! >>> 0);
          words[dst + 1] = words[dst + 1]! - words[src + 1]! - (difference < 0 ? 1 : 0);
          words[dst] = difference;
          break;
        }
        case 0x2f:
          arithmetic.multiply64(words, dst, src);
          break;
        case 0x3f:
          arithmetic.divide64(words, dst, src);
          break;
        case 0xe7:
          arithmetic.divideSigned64(words, dst, src);
          break;
        case 0x4f:
          words[dst]! |= words[src]!;
          words[dst + 1]! |= words[src + 1]!;
          break;
        case 0x5f:
          words[dst]! &= words[src]!;
          words[dst + 1]! &= words[src + 1]!;
          break;
        case 0x6f:
          arithmetic.shiftLeft64(words, dst, src);
          break;
        case 0x7f:
          arithmetic.shiftRight64(words, dst, src);
          break;
        case 0xcf:
          arithmetic.shiftRightSigned64(words, dst, src);
          break;
        case 0x87:
          arithmetic.negate64(words, dst);
          break;
        case 0x9f:
          arithmetic.modulo64(words, dst, src);
          break;
        case 0xf7:
          arithmetic.moduloSigned64(words, dst, src);
          break;
        case 0xaf:
          words[dst]! ^= words[src]!;
          words[dst + 1]! ^= words[src + 1]!;
          break;
        case 0xbf:
          words[dst] = words[src]!;
          words[dst + 1] = words[src + 1]!;
          break;
        case 0xef: {
          const shift = 32 - insns[at + 3]!;
          words[dst] = (words[src]! << shift) >> shift;
          words[dst + 1] = words[dst]! >> 31;
          break;
        }
        case 0x18:
          words[dst] = words[src]!;
          words[dst + 1] = words[src + 1]!;
          at += STRIDE;
          break;

        // 32-bit arithmetic.
        case 0x0c:
          words[dst] = words[dst]! + words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x1c:
          words[dst] = words[dst]! - words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x2c:
          words[dst] = Math.imul(words[dst]!, words[src]!);
          words[dst + 1] = 0;
          break;
        case 0x3c:
          words[dst] = words[src] === 0 ? 0 : (words[dst]! >>> 0) / (words[src]! >>> 0);
          words[dst + 1] = 0;
          break;
        case 0xe4:
          words[dst] = words[src] === 0 ? 0 : words[dst]! / words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x4c:
          words[dst]! |= words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x5c:
          words[dst]! &= words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x6c:
          words[dst] = words[dst]! << words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x7c:
          words[dst] = words[dst]! >>> words[src]!;
          words[dst + 1] = 0;
          break;
        case 0xcc:
          words[dst] = words[dst]! >> words[src]!;
          words[dst + 1] = 0;
          break;
        case 0x84:
          words[dst] = -words[dst]!;
          words[dst + 1] = 0;
          break;
        case 0x9c:
          if (words[src] !== 0) words[dst] = (words[dst]! >>> 0) % (words[src]! >>> 0);
          words[dst + 1] = 0;
          break;
        case 0xf4:
          if (words[src] !== 0) words[dst] = words[dst]! % words[src]!;
          words[dst + 1] = 0;
          break;
        case 0xac:
          words[dst]! ^= words[src]!;
          words[dst + 1] = 0;
          break;
        case 0xbc:
          words[dst] = words[src]!;
          words[dst + 1] = 0;
          break;
        case 0xec: {
          const shift = 32 - insns[at + 3]!;
          words[dst] = (words[src]! << shift) >> shift;
          words[dst + 1] = 0;
          break;
        }

        // Byte order: the machine is little-endian.
        case 0xd4:
          arithmetic.truncate(words, dst, insns[at + 3]!);
          break;
        case 0xdc:
        case 0xd7:
          arithmetic.swapBytes(words, dst, insns[at + 3]!);
          break;

        // Memory.
        case 0x71:
          words[dst] = view.getUint8(this.place(src, 1, false, at));
          words[dst + 1] = 0;
          break;
        case 0x69:
          words[dst] = view.getUint16(this.place(src, 2, false, at), true);
          words[dst + 1] = 0;
          break;
        case 0x61:
          words[dst] = view.getInt32(this.place(src, 4, false, at), true);
          words[dst + 1] = 0;
          break;
        case 0x79: {
          const place = this.place(src, 8, false, at);
          words[dst] = view.getInt32(place, true);
          words[dst + 1] = view.getInt32(place + 4, true);
          break;
        }
        case 0x91:
          words[dst] = view.getInt8(this.place(src, 1, false, at));
          words[dst + 1] = words[dst]! >> 31;
          break;
        case 0x89:
          words[dst] = view.getInt16(this.place(src, 2, false, at), true);
          words[dst + 1] = words[dst]! >> 31;
          break;
        case 0x81:
          words[dst] = view.getInt32(this.place(src, 4, false, at), true);
          words[dst + 1] = words[dst]! >> 31;
          break;
        case 0x73:
          view.setInt8(this.place(dst, 1, true, at), words[src]!);
          break;
        case 0x6b:
          view.setInt16(this.place(dst, 2, true, at), words[src]!, true);
          break;
        case 0x63:
          view.setInt32(this.place(dst, 4, true, at), words[src]!, true);
          break;
        case 0x7b: {
          const place = this.place(dst, 8, true, at);
          view.setInt32(place, words[src]!, true);
          view.setInt32(place + 4, words[src + 1]!, true);
          break;
        }
        case 0xc3:
          atomic32(words, view, this.atomicPlace(dst, 4, at), insns[at + 3]! >> 16, src);
          break;
        case 0xdb:
          atomic64(words, view, this.atomicPlace(dst, 8, at), insns[at + 3]! >> 16, src);
          break;

        // 64-bit comparisons.
        case 0x1d:
          if (words[dst] === words[src] && words[dst + 1] === words[src + 1]) at = insns[at + 3]! - STRIDE;
          break;
        case 0x5d:
          if (words[dst] !== words[src] || words[dst + 1] !== words[src + 1]) at = insns[at + 3]! - STRIDE;
          break;
        case 0x4d:
          if (((words[dst]! & words[src]!) | (words[dst + 1]! & words[src + 1]!)) !== 0) {
            at = insns[at + 3]! - STRIDE;
          }
          break;
        case 0x2d:
          if (arithmetic.isLess(words, src, dst)) at = insns[at + 3]! - STRIDE;
          break;
        case 0x3d:
          if (!arithmetic.isLess(words, dst, src)) at = insns[at + 3]! - STRIDE;
          break;
        case 0xad:
          if (arithmetic.isLess(words, dst, src)) at = insns[at + 3]! - STRIDE;
          break;
        case 0xbd:
          if (!arithmetic.isLess(words, src, dst)) at = insns[at + 3]! - STRIDE;
          break;
        case 0x6d:
          if (arithmetic.isLessSigned(words, src, dst)) at = insns[at + 3]! - STRIDE;
          break;
        case 0x7d:
          if (!arithmetic.isLessSigned(words, dst, src)) at = insns[at + 3]! - STRIDE;
          break;
        case 0xcd:
          if (arithmetic.isLessSigned(words, dst, src)) at = insns[at + 3]! - STRIDE;
          break;
        case 0xdd:
          if (!arithmetic.isLessSigned(words, src, dst)) at = insns[at + 3]! - STRIDE;
          break;

        // 32-bit comparisons.
        case 0x1e:
          if (words[dst] === words[src]) at = insns[at + 3]! - STRIDE;
          break;
        case 0x5e:
          if (words[dst] !== words[src]) at = insns[at + 3]! - STRIDE;
          break;
        case 0x4e:
          if ((words[dst]! & words[src]!) !== 0) at = insns[at + 3]! - STRIDE;
          break;
        case 0x2e:
          if (words[dst]! >>> 0 > words[src]! >>> 0) at = insns[at + 3]! - STRIDE;
          break;
        case 0x3e:
          if (words[dst]! >>> 0 >= words[src]! >>> 0) at = insns[at + 3]! - STRIDE;
          break;
        case 0xae:
          if (words[dst]! >>> 0 < words[src]! >>> 0) at = insns[at + 3]! - STRIDE;
          break;
        case 0xbe:
          if (words[dst]! >>> 0 <= words[src]! >>> 0) at = insns[at + 3]! - STRIDE;
          break;
        case 0x6e:
          if (words[dst]! > words[src]!) at = insns[at + 3]! - STRIDE;
          break;
        case 0x7e:
          if (words[dst]! >= words[src]!) at = insns[at + 3]! - STRIDE;
          break;
        case 0xce:
          if (words[dst]! < words[src]!) at = insns[at + 3]! - STRIDE;
          break;
        case 0xde:
          if (words[dst]! <= words[src]!) at = insns[at + 3]! - STRIDE;
          break;

        // Control.
        case 0x05:
        case 0x06:
          at = insns[at + 3]! - STRIDE;
          break;
        case 0x85:
          this.helpers[insns[at + 3]!]!.call(words);
          break;
        case 0x8d:
          this.callByRegister(dst, at);
          break;
        case 0xed:
          this.save(at);
          at = insns[at + 3]! - STRIDE;
          break;
        case 0x95:
          if (this.depth === 1) return;
          at = this.restore();
          break;

        // Packet loads: 0x20 and 0x40 with a size.
        default:
          if (!this.loadPacket(insns[at]!, src, insns[at + 3]!, at)) {
            words[0] = 0;
            words[1] = 0;
            return;
          }
      }
    }
  }

  /** The offset in memory of `sizeBytes` at the register's address and the instruction's displacement, or a trap. */
  private place(register: number, sizeBytes: number, isWrite: boolean, at: number): number {
    return this.placeAt(register, this.insns[at + 3]!, sizeBytes, isWrite, at);
  }

  private placeAt(register: number, off: number, sizeBytes: number, isWrite: boolean, at: number): number {
    const { words } = this;
    const start = (words[register]! >>> 0) + off;
    if (words[register + 1] === 0) {
      if (start >= this.stackStart && start + sizeBytes <= this.stackEnd) return start;
      if (this.isInArea(start, sizeBytes, isWrite)) return start;
    }
    const address = `0x${arithmetic.unsigned64(words, register).toString(16)} ${off < 0 ? '-' : '+'} ${Math.abs(off)}`;
    const what = `${isWrite ? 'write' : 'read'} of ${sizeBytes} bytes at ${address}`;
    throw this.trap('memory', at, `${what}, which is not in its memory`);
  }

  private isInArea(start: number, sizeBytes: number, isWrite: boolean): boolean {
    const { areas } = this.environment;
    for (let i = 0; i < areas.length; i++) {
      const area = areas[i]!;
      if (start < area.offset || start + sizeBytes > area.offset + area.lengthBytes) continue;
      if (!isWrite || area.isWritable) return true;
    }
    return false;
  }

  /** Where in memory an atomic operation happens: its number shares the last word of the slot with the displacement. */
  private atomicPlace(dst: number, sizeBytes: number, at: number): number {
    return this.placeAt(dst, (this.insns[at + 3]! << 16) >> 16, sizeBytes, true, at);
  }

  private callByRegister(register: number, at: number): void {
    const { words } = this;
    const helper = words[register + 1] === 0 ? this.environment.helpers.get(words[register]!) : undefined;
    if (helper === undefined) {
      throw this.trap('helper', at, `no helper has the number ${arithmetic.unsigned64(words, register)}`);
    }
    helper.call(words);
  }

  private save(at: number): void {
    const { saved, words, depth } = this;
    if (depth === this.maxDepth) throw this.trap('frames', at, `calls nest deeper than ${depth} functions`);
    const start = depth * SAVED_WORDS;
    saved[start] = at;
    for (let i = 0; i < 8; i++) saved[start + 1 + i] = words[12 + i]!;
    this.enterFrame();
  }

  /** Gives where the call was. */
  private restore(): number {
    const { saved, words } = this;
    this.depth -= 2;
    this.enterFrame();
    const start = this.depth * SAVED_WORDS;
    for (let i = 0; i < 8; i++) words[12 + i] = saved[start + 1 + i]!;
    return saved[start]!;
  }

  private enterFrame(): void {
    this.words[20] = this.stackEnd - this.depth * FRAME_BYTES;
    this.words[21] = 0;
    this.depth++;
    this.stackStart = this.stackEnd - this.depth * FRAME_BYTES;
  }

  /** False beyond the packet. */
  private loadPacket(code: number, src: number, imm: number, at: number): boolean {
    const { words, view } = this;
    const context = words[12]! >>> 0;
    if (words[13] !== 0 || !this.isInArea(context, packetContext.sizeBytes, false)) {
      throw this.trap('memory', at, 'r6 is not the context of a packet');
    }
    const index = (code & 0xe0) === 0x40 ? words[src + 1]! * 2 ** 32 + (words[src]! >>> 0) : 0;
    const start = index + imm;
    const sizeBytes = (code & 0x18) === 0x10 ? 1 : (code & 0x18) === 0x08 ? 2 : 4;
    const capturedLength = view.getUint32(context + packetContext.capturedLength, true);
    if (start < 0 || start + sizeBytes > capturedLength) return false;
    const packet =
      view.getUint32(context + packetContext.bufAddr, true) +
      view.getUint16(context + packetContext.dataOff, true);
    if (!this.isInArea(packet + start, sizeBytes, false)) {
      throw this.trap('memory', at, 'the context leads outside of the packet');
    }
    const place = packet + start;
    words[0] =
      sizeBytes === 1 ? view.getUint8(place) : sizeBytes === 2 ? view.getUint16(place) : view.getInt32(place);
    words[1] = 0;
    return true;
  }

  private trap(reason: TrapReason, at: number, message: string): TrapError {
    return new TrapError(reason, at / STRIDE, `eBPF program stopped: ${message}`);
  }
}
