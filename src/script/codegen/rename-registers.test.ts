import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EbpfInsn, type EbpfProgram, interpreter, opcodes as o, TraceMachine } from '../../bpf/index.ts';
import { renameRegisters } from './rename-registers.ts';
import { compile } from './run-script.fixture.ts';

const insn = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({ code, dst, src, off, imm });
const ALU = [
  o.BPF_ADD,
  o.BPF_SUB,
  o.BPF_MUL,
  o.BPF_OR,
  o.BPF_AND,
  o.BPF_XOR,
  o.BPF_MOV,
  o.BPF_LSH,
  o.BPF_DIV,
];
const JUMPS = [o.BPF_JEQ, o.BPF_JNE, o.BPF_JGT, o.BPF_JSLT, o.BPF_JSET];
const CONTEXT = 6;
/** Where the numbers begin that programs load and store. */
const NUMBERS = 2048;
const begin = insn(o.BPF_ALU64 | o.BPF_MOV | o.BPF_X, CONTEXT, 1);

/** Registers that random programs name beside r6 and r0: few, so that there is something to gain. */
const registers = fc.constantFrom(1, 3, 7, 8, 9);
const step = fc.oneof(
  fc.record({
    kind: fc.constant('alu' as const),
    op: fc.constantFrom(...ALU),
    dst: registers,
    src: registers,
  }),
  fc.record({ kind: fc.constant('constant' as const), dst: registers, imm: fc.integer() }),
  fc.record({ kind: fc.constant('swap' as const), dst: registers, imm: fc.constantFrom(16, 32, 64) }),
  fc.record({ kind: fc.constant('load' as const), dst: registers, at: fc.nat(7) }),
  fc.record({ kind: fc.constant('store' as const), src: registers, at: fc.nat(7) }),
  fc.record({
    kind: fc.constant('jump' as const),
    op: fc.constantFrom(...JUMPS),
    dst: registers,
    src: registers,
    over: fc.nat(5),
  }),
);

/** Every register is written first, in an order that lets some of them die early. */
const randomProgram = fc
  .tuple(fc.shuffledSubarray([1, 3, 7, 8, 9], { minLength: 5 }), fc.array(step, { maxLength: 30 }), registers)
  .map(([order, steps, result]): EbpfProgram => {
    const at = (index: number) => NUMBERS + 8 * index;
    const starts = order.map((register, i) =>
      insn(o.BPF_LDX | o.BPF_MEM | o.BPF_DW, register, CONTEXT, at(i)),
    );
    const body = steps.map((each, i): EbpfInsn => {
      const left = steps.length - 1 - i;
      switch (each.kind) {
        case 'alu':
          return insn(o.BPF_ALU64 | each.op | o.BPF_X, each.dst, each.src);
        case 'constant':
          return insn(o.BPF_ALU64 | o.BPF_MOV, each.dst, 0, 0, each.imm);
        case 'swap':
          return insn(o.BPF_ALU | o.BPF_END | o.BPF_TO_BE, each.dst, 0, 0, each.imm);
        case 'load':
          return insn(o.BPF_LDX | o.BPF_MEM | o.BPF_DW, each.dst, CONTEXT, at(each.at));
        case 'store':
          return insn(o.BPF_STX | o.BPF_MEM | o.BPF_DW, CONTEXT, each.src, at(each.at));
        default:
          return insn(o.BPF_JMP | each.op | o.BPF_X, each.dst, each.src, Math.min(each.over, left));
      }
    });
    const store = insn(o.BPF_STX | o.BPF_MEM | o.BPF_DW, CONTEXT, result, at(8));
    const end = insn(o.BPF_ALU64 | o.BPF_MOV, 0, 0, 0, 0);
    return [begin, ...starts, ...body, store, end, insn(o.BPF_JMP | o.BPF_EXIT)];
  });

function numbersAfter(program: EbpfProgram, seed: number): readonly bigint[] {
  const machine = new TraceMachine({ contextBytes: 4096, keyedMaps: [], seed: 0, engine: interpreter });
  for (let i = 0; i < 8; i++) {
    machine.view.setBigUint64(
      NUMBERS + 8 * i,
      BigInt.asUintN(64, BigInt(seed + i) * 0x9e37_79b9_7f4a_7c15n),
      true,
    );
  }
  machine.prepare(program)();
  return Array.from({ length: 9 }, (_, i) => machine.view.getBigUint64(NUMBERS + 8 * i, true));
}

const keptIn = (program: EbpfProgram) =>
  new Set(program.flatMap(({ dst, src }) => [dst, src]).filter((register) => register >= 6 && register < 10));

test('random programs do the same with other registers', () => {
  let renamed = 0;
  fc.assert(
    fc.property(randomProgram, fc.nat(1000), (program, seed) => {
      const other = renameRegisters(program);
      if (other !== program) renamed++;
      expect(numbersAfter(other, seed)).toEqual(numbersAfter(program, seed));
      expect(keptIn(other).size).toBeLessThanOrEqual(keptIn(program).size);
    }),
    { numRuns: 500 },
  );
  // Most have something to gain, or this shows nothing.
  expect(renamed).toBeGreaterThan(250);
});

test.each([
  ['a count by protocol', 'dpdk:rx_packet { @[ip.proto] = count(); }', 0],
  ['a histogram', 'dpdk:rx_burst { @ = hist(args.nb_rx); }', 0],
  ['two layers and a sum', 'dpdk:rx_packet /tcp.dport == 443/ { @ = sum(args.len); }', 1],
])('%s: registers that are to be saved', (_, script, most) => {
  expect(keptIn(compile(script).probes[0]!.program).size).toBe(most);
});

test('what calls a helper, and what begins with a jump, stays as it is', () => {
  const { program } = compile('dpdk:rx_packet { @[args.hash] = count(); }').probes[0]!;
  expect(keptIn(program).has(CONTEXT)).toBe(true);
  const jumping = [
    begin,
    insn(o.BPF_JMP | o.BPF_JEQ, CONTEXT, 0, 0, 1),
    insn(o.BPF_ALU64 | o.BPF_MOV),
    insn(o.BPF_JMP | o.BPF_EXIT),
  ];
  expect(renameRegisters(jumping)).toBe(jumping);
});
