/**
 * The reference interpreter of classic BPF: simple and exact, not fast. A load beyond the packet and a division by
 * zero reject the packet, as in every implementation of bpf(4). Expects a program that passed `validateCbpf`.
 */
import * as isa from './isa.ts';

/**
 * Runs the program over one packet. `packet` holds the captured bytes (borrowed), `wireLength` is the length that
 * the packet had on the wire, which is what `len` tells. Returns the verdict as an unsigned number: 0 rejects.
 */
export function runCbpf(program: isa.CbpfProgram, packet: Uint8Array, wireLength: number): number {
  const memory = new Uint32Array(isa.BPF_MEMWORDS);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    const { code, jt, jf, k } = program[pc]!;
    const operand = (code & isa.BPF_X) !== 0 ? x : k;
    switch (isa.classOf(code)) {
      case isa.BPF_LD: {
        const value = loadA(code, k, x, packet, wireLength, memory);
        if (value === undefined) return 0;
        a = value;
        break;
      }
      case isa.BPF_LDX:
        if (isa.modeOf(code) === isa.BPF_MSH) {
          const byte = packet[k];
          if (byte === undefined) return 0;
          x = (byte & 0xf) << 2;
        } else {
          x =
            isa.modeOf(code) === isa.BPF_IMM ? k : isa.modeOf(code) === isa.BPF_LEN ? wireLength : memory[k]!;
        }
        break;
      case isa.BPF_ST:
        memory[k] = a;
        break;
      case isa.BPF_STX:
        memory[k] = x;
        break;
      case isa.BPF_ALU: {
        const value = operate(isa.operationOf(code), a, operand);
        if (value === undefined) return 0;
        a = value;
        break;
      }
      case isa.BPF_JMP:
        pc += isa.operationOf(code) === isa.BPF_JA ? k : holds(isa.operationOf(code), a, operand) ? jt : jf;
        break;
      case isa.BPF_RET:
        return (code & 0x18) === isa.BPF_A ? a : k;
      case isa.BPF_MISC:
        if ((code & 0xf8) === isa.BPF_TAX) x = a;
        else a = x;
    }
  }
}

function loadA(
  code: number,
  k: number,
  x: number,
  packet: Uint8Array,
  wireLength: number,
  memory: Uint32Array,
): number | undefined {
  switch (isa.modeOf(code)) {
    case isa.BPF_IMM:
      return k;
    case isa.BPF_LEN:
      return wireLength;
    case isa.BPF_MEM:
      return memory[k];
    default: {
      const offset = isa.modeOf(code) === isa.BPF_IND ? (x + k) >>> 0 : k;
      return readPacket(packet, offset, isa.loadBytes(isa.sizeOf(code)));
    }
  }
}

/** A big-endian unsigned field of the packet, or undefined when it does not lie wholly inside. */
function readPacket(packet: Uint8Array, offset: number, lengthBytes: number): number | undefined {
  if (offset + lengthBytes > packet.length) return undefined;
  let value = 0;
  for (let i = 0; i < lengthBytes; i++) value = value * 256 + packet[offset + i]!;
  return value;
}

/** One 32-bit operation; undefined for a division by zero. A shift by 32 or more gives 0. */
export function operate(operation: number, a: number, operand: number): number | undefined {
  switch (operation) {
    case isa.BPF_ADD:
      return (a + operand) >>> 0;
    case isa.BPF_SUB:
      return (a - operand) >>> 0;
    case isa.BPF_MUL:
      return Math.imul(a, operand) >>> 0;
    case isa.BPF_DIV:
      return operand === 0 ? undefined : Math.floor(a / operand);
    case isa.BPF_MOD:
      return operand === 0 ? undefined : a % operand;
    case isa.BPF_AND:
      return (a & operand) >>> 0;
    case isa.BPF_OR:
      return (a | operand) >>> 0;
    case isa.BPF_XOR:
      return (a ^ operand) >>> 0;
    case isa.BPF_LSH:
      return operand < 32 ? (a << operand) >>> 0 : 0;
    case isa.BPF_RSH:
      return operand < 32 ? a >>> operand : 0;
    case isa.BPF_NEG:
      return -a >>> 0;
    default:
      throw new Error(`not a classic ALU operation: 0x${operation.toString(16)}`);
  }
}

/** The outcome of a conditional jump's comparison, unsigned. */
export function holds(operation: number, a: number, operand: number): boolean {
  switch (operation) {
    case isa.BPF_JEQ:
      return a === operand;
    case isa.BPF_JGT:
      return a > operand;
    case isa.BPF_JGE:
      return a >= operand;
    default:
      return (a & operand) !== 0;
  }
}
