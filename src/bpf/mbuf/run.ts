/**
 * An interpreter for programs of the profile `dpdk`, for packets that lie in JavaScript's memory: what the agent's
 * engines do in C. It needs no budget: the profile has no jumps backwards, so a program ends after at most as many
 * instructions as it has. Registers are kept as two 32-bit halves; nothing is allocated for a packet.
 */
import * as cbpf from '../cbpf/isa.ts';
import * as ebpf from '../isa/insn.ts';
import { checkMbufProgram } from './check.ts';
import { type MbufFieldName, mbufFields } from './fields.ts';

/** A packet as a program sees it: what would be in an mbuf. Borrowed for the call. */
export interface MbufContext {
  /** The bytes in memory, without tags that were stripped or shall be inserted; they may be fewer than `pktLen`. */
  frame: Uint8Array;
  /** The length of the whole packet in memory. */
  pktLen: number;
  /** The lower and upper half of ol_flags. */
  olFlagsLow: number;
  olFlagsHigh: number;
  /** Host byte order, as all fields below. */
  vlanTci: number;
  vlanTciOuter: number;
  port: number;
  nbSegs: number;
  packetType: number;
  rss: number;
  fdirHi: number;
}

/** The verdict on one packet: r0 at exit, 0 rejects. Above 2^53 the number is rounded, never to 0. */
export type MbufRunner = (context: MbufContext) => number;

const fieldAt: ReadonlyMap<number, MbufFieldName> = new Map(
  Object.entries(mbufFields).map(([name, { offset }]) => [offset, name as MbufFieldName]),
);

/** Checks the program (throws VerifierError) and makes it ready to run on any number of packets. */
export function prepareMbufProgram(program: ebpf.EbpfProgram): MbufRunner {
  checkMbufProgram(program);
  const machine = new Machine(program);
  return (context) => machine.run(context);
}

class Machine {
  /** Five numbers an instruction: code, dst, src, off, imm. */
  private readonly insns: Int32Array;
  private readonly low = new Int32Array(11);
  private readonly high = new Int32Array(11);
  private readonly stack = new DataView(new ArrayBuffer(ebpf.MAX_BPF_STACK));

  constructor(program: ebpf.EbpfProgram) {
    this.insns = Int32Array.from(
      program.flatMap(({ code, dst, src, off, imm }) => [code, dst, src, off, imm]),
    );
  }

  run(context: MbufContext): number {
    const { insns, low, high } = this;
    const { frame } = context;
    // The first instruction, r6 = r1, has no meaning here.
    for (let at = 5; ; at += 5) {
      const code = insns[at]!;
      const dst = insns[at + 1]!;
      const src = insns[at + 2]!;
      const imm = insns[at + 4]!;
      switch (code & 7) {
        case cbpf.BPF_LD: {
          const offset = (code & 0xe0) === cbpf.BPF_IND ? (low[src]! >>> 0) + imm : imm;
          const lengthBytes = cbpf.loadBytes(code & 0x18);
          if (offset + lengthBytes > frame.length) return 0;
          low[0] = readBigEndian(frame, offset, lengthBytes);
          high[0] = 0;
          break;
        }
        case cbpf.BPF_LDX:
          if (src === 10) this.loadStack(code & 0x18, dst, ebpf.MAX_BPF_STACK + insns[at + 3]!);
          else this.loadField(context, dst, insns[at + 3]!);
          break;
        case cbpf.BPF_ST:
          this.store(code & 0x18, ebpf.MAX_BPF_STACK + insns[at + 3]!, imm, imm >> 31);
          break;
        case cbpf.BPF_STX:
          this.store(code & 0x18, ebpf.MAX_BPF_STACK + insns[at + 3]!, low[src]!, high[src]!);
          break;
        case cbpf.BPF_JMP: {
          if (code === (cbpf.BPF_JMP | ebpf.BPF_EXIT)) return (high[0]! >>> 0) * 2 ** 32 + (low[0]! >>> 0);
          const isConstant = (code & cbpf.BPF_X) === 0;
          const operandLow = isConstant ? imm : low[src]!;
          const operandHigh = isConstant ? imm >> 31 : high[src]!;
          if (holds(code & 0xf0, low[dst]!, high[dst]!, operandLow, operandHigh)) at += 5 * insns[at + 3]!;
          break;
        }
        default: {
          const isConstant = (code & cbpf.BPF_X) === 0;
          const operandLow = isConstant ? imm : low[src]!;
          const operandHigh = isConstant ? imm >> 31 : high[src]!;
          const isDefined =
            (code & 7) === cbpf.BPF_ALU
              ? this.operate32(code, dst, operandLow, imm)
              : this.operate64(code & 0xf0, dst, operandLow, operandHigh);
          if (!isDefined) return 0;
        }
      }
    }
  }

  private loadField(context: MbufContext, dst: number, offset: number): void {
    this.high[dst] = 0;
    const name = fieldAt.get(offset)!;
    switch (name) {
      case 'olFlags':
        this.low[dst] = context.olFlagsLow;
        this.high[dst] = context.olFlagsHigh;
        break;
      case 'dataLen':
        this.low[dst] = context.frame.length & 0xffff;
        break;
      default:
        this.low[dst] = context[name];
    }
  }

  private loadStack(size: number, dst: number, offset: number): void {
    const { low, high, stack } = this;
    high[dst] = 0;
    switch (size) {
      case cbpf.BPF_B:
        low[dst] = stack.getUint8(offset);
        break;
      case cbpf.BPF_H:
        low[dst] = stack.getUint16(offset, true);
        break;
      case ebpf.BPF_DW:
        high[dst] = stack.getInt32(offset + 4, true);
        low[dst] = stack.getInt32(offset, true);
        break;
      default:
        low[dst] = stack.getInt32(offset, true);
    }
  }

  private store(size: number, offset: number, low: number, high: number): void {
    const { stack } = this;
    switch (size) {
      case cbpf.BPF_B:
        stack.setUint8(offset, low);
        break;
      case cbpf.BPF_H:
        stack.setUint16(offset, low, true);
        break;
      case ebpf.BPF_DW:
        stack.setInt32(offset + 4, high, true);
        stack.setInt32(offset, low, true);
        break;
      default:
        stack.setInt32(offset, low, true);
    }
  }

  /** False for a division by zero. Clears the upper half, except for a byte swap of 64 bits. */
  private operate32(code: number, dst: number, operand: number, bits: number): boolean {
    const { low } = this;
    const a = low[dst]!;
    switch (code & 0xf0) {
      case cbpf.BPF_ADD:
        low[dst] = a + operand;
        break;
      case cbpf.BPF_SUB:
        low[dst] = a - operand;
        break;
      case cbpf.BPF_MUL:
        low[dst] = Math.imul(a, operand);
        break;
      case cbpf.BPF_DIV:
        if (operand === 0) return false;
        low[dst] = (a >>> 0) / (operand >>> 0);
        break;
      case cbpf.BPF_MOD:
        if (operand === 0) return false;
        low[dst] = (a >>> 0) % (operand >>> 0);
        break;
      case cbpf.BPF_OR:
        low[dst] = a | operand;
        break;
      case cbpf.BPF_AND:
        low[dst] = a & operand;
        break;
      case cbpf.BPF_XOR:
        low[dst] = a ^ operand;
        break;
      case cbpf.BPF_LSH:
        low[dst] = a << operand;
        break;
      case cbpf.BPF_RSH:
        low[dst] = a >>> operand;
        break;
      case ebpf.BPF_ARSH:
        low[dst] = a >> operand;
        break;
      case cbpf.BPF_NEG:
        low[dst] = -a;
        break;
      case ebpf.BPF_END:
        this.convert(dst, bits, (code & ebpf.BPF_TO_BE) !== 0);
        return true;
      default:
        low[dst] = operand;
    }
    this.high[dst] = 0;
    return true;
  }

  /** To big-endian or little-endian; the machine that is played here is little-endian. */
  private convert(dst: number, bits: number, toBigEndian: boolean): void {
    const { low, high } = this;
    const a = low[dst]!;
    const upper = bits === 64 ? high[dst]! : 0;
    const lower = bits === 16 ? a & 0xffff : a;
    if (!toBigEndian) {
      low[dst] = lower;
      high[dst] = upper;
    } else if (bits === 64) {
      low[dst] = swap32(upper);
      high[dst] = swap32(lower);
    } else {
      low[dst] = swap32(lower) >>> (32 - bits);
      high[dst] = 0;
    }
  }

  private operate64(operation: number, dst: number, operandLow: number, operandHigh: number): boolean {
    const { low, high } = this;
    const a = low[dst]!;
    const upper = high[dst]!;
    switch (operation) {
      case ebpf.BPF_MOV:
        low[dst] = operandLow;
        high[dst] = operandHigh;
        return true;
      case cbpf.BPF_ADD: {
        const sum = (a >>> 0) + (operandLow >>> 0);
        low[dst] = sum;
        high[dst] = upper + operandHigh + (sum > 0xffff_ffff ? 1 : 0);
        return true;
      }
      case cbpf.BPF_SUB:
        low[dst] = a - operandLow;
        high[dst] = upper - operandHigh - (a >>> 0 < operandLow >>> 0 ? 1 : 0);
        return true;
      case cbpf.BPF_NEG:
        low[dst] = -a;
        high[dst] = ~upper + (a === 0 ? 1 : 0);
        return true;
      case cbpf.BPF_OR:
        low[dst] = a | operandLow;
        high[dst] = upper | operandHigh;
        return true;
      case cbpf.BPF_AND:
        low[dst] = a & operandLow;
        high[dst] = upper & operandHigh;
        return true;
      case cbpf.BPF_XOR:
        low[dst] = a ^ operandLow;
        high[dst] = upper ^ operandHigh;
        return true;
      case cbpf.BPF_LSH:
      case cbpf.BPF_RSH:
      case ebpf.BPF_ARSH:
        this.shift64(operation, dst, operandLow & 63);
        return true;
      default:
        return this.operateBig(operation, dst, operandLow, operandHigh);
    }
  }

  private shift64(operation: number, dst: number, bits: number): void {
    const { low, high } = this;
    const a = low[dst]!;
    const upper = high[dst]!;
    const isLeft = operation === cbpf.BPF_LSH;
    const fill = operation === ebpf.BPF_ARSH ? upper >> 31 : 0;
    if (bits === 0) return;
    if (bits >= 32) {
      low[dst] = isLeft ? 0 : operation === ebpf.BPF_ARSH ? upper >> (bits - 32) : upper >>> (bits - 32);
      high[dst] = isLeft ? a << (bits - 32) : fill;
    } else if (isLeft) {
      low[dst] = a << bits;
      high[dst] = (upper << bits) | (a >>> (32 - bits));
    } else {
      low[dst] = (a >>> bits) | (upper << (32 - bits));
      high[dst] = operation === ebpf.BPF_ARSH ? upper >> bits : upper >>> bits;
    }
  }

  /** Multiplication and division, which compiled filters do in 32 bits: exact, not fast. */
  private operateBig(operation: number, dst: number, operandLow: number, operandHigh: number): boolean {
    const a = join(this.low[dst]!, this.high[dst]!);
    const b = join(operandLow, operandHigh);
    if (operation !== cbpf.BPF_MUL && b === 0n) return false;
    const result = operation === cbpf.BPF_MUL ? a * b : operation === cbpf.BPF_DIV ? a / b : a % b;
    this.low[dst] = Number(BigInt.asIntN(32, result));
    this.high[dst] = Number(BigInt.asIntN(32, result >> 32n));
    return true;
  }
}

function join(low: number, high: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}

function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24);
}

function readBigEndian(bytes: Uint8Array, offset: number, lengthBytes: 1 | 2 | 4): number {
  switch (lengthBytes) {
    case 1:
      return bytes[offset]!;
    case 2:
      return (bytes[offset]! << 8) | bytes[offset + 1]!;
    case 4:
      return (
        (bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!
      );
  }
}

function holds(
  operation: number,
  low: number,
  high: number,
  operandLow: number,
  operandHigh: number,
): boolean {
  switch (operation) {
    case cbpf.BPF_JA:
      return true;
    case cbpf.BPF_JEQ:
      return low === operandLow && high === operandHigh;
    case ebpf.BPF_JNE:
      return low !== operandLow || high !== operandHigh;
    case cbpf.BPF_JSET:
      return ((low & operandLow) | (high & operandHigh)) !== 0;
    case cbpf.BPF_JGT:
      return isBelow(operandHigh >>> 0, operandLow, high >>> 0, low);
    case ebpf.BPF_JLE:
      return !isBelow(operandHigh >>> 0, operandLow, high >>> 0, low);
    case ebpf.BPF_JLT:
      return isBelow(high >>> 0, low, operandHigh >>> 0, operandLow);
    case cbpf.BPF_JGE:
      return !isBelow(high >>> 0, low, operandHigh >>> 0, operandLow);
    case ebpf.BPF_JSGT:
      return isBelow(operandHigh, operandLow, high, low);
    case ebpf.BPF_JSLE:
      return !isBelow(operandHigh, operandLow, high, low);
    case ebpf.BPF_JSLT:
      return isBelow(high, low, operandHigh, operandLow);
    default:
      return !isBelow(high, low, operandHigh, operandLow);
  }
}

/** Whether one 64-bit value is below another; the upper halves are signed or unsigned as the caller gives them. */
function isBelow(high: number, low: number, otherHigh: number, otherLow: number): boolean {
  return high < otherHigh || (high === otherHigh && low >>> 0 < otherLow >>> 0);
}
