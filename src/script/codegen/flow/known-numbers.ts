/** What is known of the registers on a way through a program: the few numbers that each can hold. */
import { type EbpfInsn, opcodes as o } from '../../../bpf/index.ts';
import { bits64 } from '../integer.ts';
import type { Jump } from './items.ts';
import { usesOf } from './live-registers.ts';

const REGISTERS = 11;
const MOST_NUMBERS = 4;

/** Of 64 bits, unsigned; undefined for any number. */
type Numbers = readonly bigint[] | undefined;
export type Known = readonly Numbers[];

export const nothingKnown: Known = Array.from({ length: REGISTERS }, () => undefined);

/** What holds on both ways. */
export function meet(a: Known, b: Known): Known {
  return a.map((numbers, register) => {
    const others = b[register];
    return numbers === undefined || others === undefined ? undefined : few([...numbers, ...others]);
  });
}

export function knownAfter(known: Known, insn: EbpfInsn): Known {
  const { writes } = usesOf(insn);
  if (writes === 0) return known;
  const result = computed(known, insn);
  return known.map((numbers, register) => {
    if (((writes >> register) & 1) === 0) return numbers;
    return register === insn.dst ? result : undefined;
  });
}

/** Whether a conditional jump is taken; undefined when that is not known. */
export function outcomeOf(jump: Jump, known: Known): boolean | undefined {
  const outcomes = new Set(pairs(known[jump.dst], operandOf(jump, known), (a, b) => holds(jump, a, b)));
  return outcomes.size === 1 ? [...outcomes][0] : undefined;
}

/** What is known besides where a conditional jump with a constant is taken, or where it is not. */
export function assume(jump: Jump, known: Known, isTaken: boolean): Known {
  if (jump.code & o.BPF_X || o.classOf(jump.code) !== o.BPF_JMP) return known;
  const constant = immediateOf(jump);
  const isEqual = o.operationOf(jump.code) === (isTaken ? o.BPF_JEQ : o.BPF_JNE);
  const numbers = isEqual
    ? [constant]
    : known[jump.dst]?.filter((number) => holds(jump, number, constant) === isTaken);
  return known.map((each, register) => (register === jump.dst ? numbers : each));
}

/** The result of an operation on two numbers; undefined for those that are not computed here. */
export function operate(code: number, a: bigint, b: bigint): bigint | undefined {
  if (o.classOf(code) !== o.BPF_ALU64) return undefined;
  const shift = b & 63n;
  switch (o.operationOf(code)) {
    case o.BPF_MOV:
      return b;
    case o.BPF_ADD:
      return bits64(a + b);
    case o.BPF_SUB:
      return bits64(a - b);
    case o.BPF_AND:
      return a & b;
    case o.BPF_OR:
      return a | b;
    case o.BPF_XOR:
      return a ^ b;
    case o.BPF_LSH:
      return bits64(a << shift);
    case o.BPF_RSH:
      return a >> shift;
    default:
      return undefined;
  }
}

function computed(known: Known, insn: EbpfInsn): Numbers {
  const { code, dst } = insn;
  const isMove = o.operationOf(code) === o.BPF_MOV;
  return few(pairs(isMove ? [0n] : known[dst], operandOf(insn, known), (a, b) => operate(code, a, b)));
}

function operandOf(insn: EbpfInsn | Jump, known: Known): Numbers {
  return insn.code & o.BPF_X ? known[insn.src] : [immediateOf(insn)];
}

/** A constant of an instruction, sign-extended. */
export function immediateOf({ imm }: Pick<EbpfInsn, 'imm'>): bigint {
  return bits64(BigInt(imm));
}

function pairs<T>(
  left: Numbers,
  right: Numbers,
  result: (a: bigint, b: bigint) => T,
): readonly T[] | undefined {
  if (left === undefined || right === undefined) return undefined;
  return left.flatMap((a) => right.map((b) => result(a, b)));
}

function few(numbers: readonly (bigint | undefined)[] | undefined): Numbers {
  const different = new Set(numbers);
  return numbers === undefined || different.has(undefined) || different.size > MOST_NUMBERS
    ? undefined
    : ([...different] as bigint[]);
}

function holds({ code }: Jump, a: bigint, b: bigint): boolean | undefined {
  if (o.classOf(code) !== o.BPF_JMP) return undefined;
  const [signedA, signedB] = [BigInt.asIntN(64, a), BigInt.asIntN(64, b)];
  switch (o.operationOf(code)) {
    case o.BPF_JEQ:
      return a === b;
    case o.BPF_JNE:
      return a !== b;
    case o.BPF_JGT:
      return a > b;
    case o.BPF_JGE:
      return a >= b;
    case o.BPF_JLT:
      return a < b;
    case o.BPF_JLE:
      return a <= b;
    case o.BPF_JSGT:
      return signedA > signedB;
    case o.BPF_JSGE:
      return signedA >= signedB;
    case o.BPF_JSLT:
      return signedA < signedB;
    case o.BPF_JSLE:
      return signedA <= signedB;
    case o.BPF_JSET:
      return (a & b) !== 0n;
    default:
      return undefined;
  }
}
