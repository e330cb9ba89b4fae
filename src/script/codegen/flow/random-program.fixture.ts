/** Random programs on the trace context that jump forward only, and what is in their numbers afterwards. */
import fc from 'fast-check';
import {
  type EbpfInsn,
  type EbpfProgram,
  interpreter,
  opcodes as o,
  TraceMachine,
} from '../../../bpf/index.ts';

export const insn = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({
  ...{ code, dst, src, off, imm },
});

const CONTEXT = 6;
export const begin: EbpfInsn = insn(o.BPF_ALU64 | o.BPF_MOV | o.BPF_X, CONTEXT, 1);

/** Where the numbers lie that programs load and store, and how many they are. */
const NUMBERS = 2048;
const COUNT = 9;
const addressOf = (index: number) => NUMBERS + 8 * index;
const loadOf = (dst: number, from: number) =>
  insn(o.BPF_LDX | o.BPF_MEM | o.BPF_DW, dst, CONTEXT, addressOf(from));
const storeOf = (src: number, to: number) =>
  insn(o.BPF_STX | o.BPF_MEM | o.BPF_DW, CONTEXT, src, addressOf(to));

const { BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV, BPF_LSH, BPF_DIV } = o;
const operations = [BPF_ADD, BPF_SUB, BPF_MUL, BPF_OR, BPF_AND, BPF_XOR, BPF_MOV, BPF_LSH, BPF_DIV];
const operation = fc.constantFrom(...operations);
const comparison = fc.constantFrom(o.BPF_JEQ, o.BPF_JNE, o.BPF_JGT, o.BPF_JSLT, o.BPF_JSET);

/** Instructions on some registers and constants, by kind. How far jumps lead is cut to what there is. */
function insnsOn(names: readonly number[], constants: fc.Arbitrary<number>, farthest: number) {
  const [register, index, over] = [fc.constantFrom(...names), fc.nat(COUNT - 2), fc.nat(farthest)];
  return {
    operate: fc
      .tuple(operation, register, register)
      .map(([op, dst, src]) => insn(o.BPF_ALU64 | op | o.BPF_X, dst, src)),
    operateConstant: fc
      .tuple(operation, register, constants)
      .map(([op, dst, imm]) => insn(o.BPF_ALU64 | op, dst, 0, 0, imm)),
    operateLow: fc
      .tuple(operation, register, constants)
      .map(([op, dst, imm]) => insn(o.BPF_ALU | op, dst, 0, 0, imm)),
    constant: fc.tuple(register, constants).map(([dst, imm]) => insn(o.BPF_ALU64 | BPF_MOV, dst, 0, 0, imm)),
    add: fc.tuple(register, constants).map(([dst, imm]) => insn(o.BPF_ALU64 | BPF_ADD, dst, 0, 0, imm)),
    copy: fc.tuple(register, register).map(([dst, src]) => insn(o.BPF_ALU64 | BPF_MOV | o.BPF_X, dst, src)),
    swap: fc
      .tuple(register, fc.constantFrom(16, 32, 64))
      .map(([dst, bits]) => insn(o.BPF_ALU | o.BPF_END | o.BPF_TO_BE, dst, 0, 0, bits)),
    load: fc.tuple(register, index).map(([dst, from]) => loadOf(dst, from)),
    store: fc.tuple(register, index).map(([src, to]) => storeOf(src, to)),
    exchange: fc
      .tuple(register, index)
      .map(([src, to]) => insn(o.BPF_STX | o.BPF_ATOMIC | o.BPF_DW, CONTEXT, src, addressOf(to), o.BPF_XCHG)),
    test: fc
      .tuple(comparison, register, register, over)
      .map(([op, dst, src, off]) => insn(o.BPF_JMP | op | o.BPF_X, dst, src, off)),
    testConstant: fc
      .tuple(fc.constantFrom(o.BPF_JMP, o.BPF_JMP, o.BPF_JMP32), comparison, register, constants, over)
      .map(([kind, op, dst, imm, off]) => insn(kind | op, dst, 0, off, imm)),
    jump: over.map((off) => insn(o.BPF_JMP | o.BPF_JA, 0, 0, off)),
  };
}

const isJump = ({ code }: EbpfInsn) => [o.BPF_JMP, o.BPF_JMP32].some((kind) => kind === o.classOf(code));

/** Every register is written first, in an order that lets some of them die early. */
function programOf(body: fc.Arbitrary<EbpfInsn[]>): fc.Arbitrary<EbpfProgram> {
  const registers = [1, 3, 7, 8, 9];
  return fc
    .tuple(fc.shuffledSubarray(registers, { minLength: 5 }), body, fc.constantFrom(...registers))
    .map(([order, insns, result]): EbpfProgram => {
      const steps = insns.map((each, i) =>
        isJump(each) ? { ...each, off: Math.min(each.off, insns.length - 1 - i) } : each,
      );
      const end = [storeOf(result, COUNT - 1), insn(o.BPF_ALU64 | BPF_MOV), insn(o.BPF_JMP | o.BPF_EXIT)];
      return [begin, ...order.map(loadOf), ...steps, ...end];
    });
}

const any = insnsOn([1, 3, 7, 8, 9], fc.integer(), 5);
/** Few registers and constants, so that the outcome of tests is known. */
const few = insnsOn([3, 7, 8], fc.constantFrom(0, 1, 2, -1, -(2 ** 31)), 12);

export const randomProgram: fc.Arbitrary<EbpfProgram> = programOf(
  fc.array(fc.oneof(any.operate, any.constant, any.swap, any.load, any.store, any.test), { maxLength: 30 }),
);

export const decidedProgram: fc.Arbitrary<EbpfProgram> = programOf(
  fc.array(
    fc.oneof(
      ...Object.values(few).map((arbitrary) => ({ weight: 1, arbitrary })),
      { weight: 2, arbitrary: few.constant },
      { weight: 2, arbitrary: few.testConstant },
    ),
    { maxLength: 40 },
  ),
);

/** Two ways that meet, one of which knows more than the other. */
export const meetingProgram: fc.Arbitrary<EbpfProgram> = programOf(
  fc
    .tuple(
      ...[fc.array(few.constant, { minLength: 1, maxLength: 2 }), few.testConstant],
      fc.array(fc.oneof(few.operate, few.operateConstant, few.add, few.copy, few.copy, few.load, few.store), {
        minLength: 3,
        maxLength: 10,
      }),
    )
    .map(([known, test, after]) => [
      ...[{ ...test, off: 1 }, insn(o.BPF_JMP | o.BPF_JA, 0, 0, known.length), ...known, ...after],
    ]),
);

/** The numbers of a seed after a run: many are small, as those that tests ask for. */
export function numbersAfter(program: EbpfProgram, seed: number): readonly bigint[] {
  const machine = new TraceMachine({ contextBytes: 4096, keyedMaps: [], seed: 0, engine: interpreter });
  for (let i = 0; i < COUNT - 1; i++) {
    const large = BigInt.asUintN(64, BigInt(seed + i) * 0x9e37_79b9_7f4a_7c15n);
    machine.view.setBigUint64(addressOf(i), i % 2 === 0 ? BigInt((seed + i) % 3) : large, true);
  }
  machine.prepare(program)();
  return Array.from({ length: COUNT }, (_, i) => machine.view.getBigUint64(addressOf(i), true));
}
