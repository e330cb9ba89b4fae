/**
 * Every valid classic opcode, once: its mnemonic and operand as tcpdump prints them. Validation, printing and the
 * other users of the instruction set take what is valid from here. Source: bpf(4) and tcpdump's -d output.
 */
import * as isa from './isa.ts';

/** How the operand is written: `#5`, `#0x5`, `[5]`, `[x + 5]`, `4*([5]&0xf)`, `M[5]`, `#pktlen`, `x`, or nothing. */
type Operand =
  | 'none'
  | 'decimal'
  | 'hex'
  | 'absolute'
  | 'indirect'
  | 'msh'
  | 'memory'
  | 'pktlen'
  | 'x'
  | 'target';

interface Opcode {
  readonly mnemonic: string;
  readonly operand: Operand;
}

const { BPF_LD, BPF_LDX, BPF_ST, BPF_STX, BPF_ALU, BPF_JMP, BPF_RET, BPF_MISC } = isa;
const { BPF_W, BPF_H, BPF_B, BPF_IMM, BPF_ABS, BPF_IND, BPF_MEM, BPF_LEN, BPF_MSH } = isa;

const alu: readonly (readonly [number, string, Operand])[] = [
  [isa.BPF_ADD, 'add', 'decimal'],
  [isa.BPF_SUB, 'sub', 'decimal'],
  [isa.BPF_MUL, 'mul', 'decimal'],
  [isa.BPF_DIV, 'div', 'decimal'],
  [isa.BPF_MOD, 'mod', 'decimal'],
  [isa.BPF_AND, 'and', 'hex'],
  [isa.BPF_OR, 'or', 'hex'],
  [isa.BPF_XOR, 'xor', 'hex'],
  [isa.BPF_LSH, 'lsh', 'decimal'],
  [isa.BPF_RSH, 'rsh', 'decimal'],
];

const jumps: readonly (readonly [number, string])[] = [
  [isa.BPF_JGT, 'jgt'],
  [isa.BPF_JGE, 'jge'],
  [isa.BPF_JEQ, 'jeq'],
  [isa.BPF_JSET, 'jset'],
];

export const opcodes: ReadonlyMap<number, Opcode> = new Map<number, Opcode>([
  [BPF_RET | isa.BPF_K, { mnemonic: 'ret', operand: 'decimal' }],
  [BPF_RET | isa.BPF_A, { mnemonic: 'ret', operand: 'none' }],
  [BPF_LD | BPF_W | BPF_ABS, { mnemonic: 'ld', operand: 'absolute' }],
  [BPF_LD | BPF_H | BPF_ABS, { mnemonic: 'ldh', operand: 'absolute' }],
  [BPF_LD | BPF_B | BPF_ABS, { mnemonic: 'ldb', operand: 'absolute' }],
  [BPF_LD | BPF_W | BPF_IND, { mnemonic: 'ld', operand: 'indirect' }],
  [BPF_LD | BPF_H | BPF_IND, { mnemonic: 'ldh', operand: 'indirect' }],
  [BPF_LD | BPF_B | BPF_IND, { mnemonic: 'ldb', operand: 'indirect' }],
  [BPF_LD | BPF_W | BPF_LEN, { mnemonic: 'ld', operand: 'pktlen' }],
  [BPF_LD | BPF_IMM, { mnemonic: 'ld', operand: 'hex' }],
  [BPF_LD | BPF_MEM, { mnemonic: 'ld', operand: 'memory' }],
  [BPF_LDX | BPF_IMM, { mnemonic: 'ldx', operand: 'hex' }],
  [BPF_LDX | BPF_MEM, { mnemonic: 'ldx', operand: 'memory' }],
  [BPF_LDX | BPF_W | BPF_LEN, { mnemonic: 'ldx', operand: 'pktlen' }],
  [BPF_LDX | BPF_B | BPF_MSH, { mnemonic: 'ldxb', operand: 'msh' }],
  [BPF_ST, { mnemonic: 'st', operand: 'memory' }],
  [BPF_STX, { mnemonic: 'stx', operand: 'memory' }],
  [BPF_JMP | isa.BPF_JA, { mnemonic: 'ja', operand: 'target' }],
  ...jumps.flatMap(([op, mnemonic]): [number, Opcode][] => [
    [BPF_JMP | op | isa.BPF_K, { mnemonic, operand: 'hex' }],
    [BPF_JMP | op | isa.BPF_X, { mnemonic, operand: 'x' }],
  ]),
  ...alu.flatMap(([op, mnemonic, operand]): [number, Opcode][] => [
    [BPF_ALU | op | isa.BPF_K, { mnemonic, operand }],
    [BPF_ALU | op | isa.BPF_X, { mnemonic, operand: 'x' }],
  ]),
  [BPF_ALU | isa.BPF_NEG, { mnemonic: 'neg', operand: 'none' }],
  [BPF_MISC | isa.BPF_TAX, { mnemonic: 'tax', operand: 'none' }],
  [BPF_MISC | isa.BPF_TXA, { mnemonic: 'txa', operand: 'none' }],
]);
