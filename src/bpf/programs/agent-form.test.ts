/** Programs in the agent's form do what the kernel's instruction set says of the original. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as isa from '../isa/insn.ts';
import { prepareMbufProgram } from '../mbuf/run.ts';
import { toAgentForm } from './agent-form.ts';

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0): isa.EbpfInsn => ({ code, dst, src, off, imm });
const exit = op(isa.BPF_JMP | isa.BPF_EXIT);
const move = (dst: number, imm: number) => op(isa.BPF_ALU64 | isa.BPF_MOV, dst, 0, 0, imm);
const copy = (dst: number, src: number) => op(isa.BPF_ALU64 | isa.BPF_MOV | isa.BPF_X, dst, src);
const add = (dst: number, src: number) => op(isa.BPF_ALU64 | isa.BPF_ADD | isa.BPF_X, dst, src);
const field = (dst: number, src: number, off: number) =>
  op(isa.BPF_LDX | isa.BPF_MEM | isa.BPF_W, dst, src, off);
const packetByte = (offset: number) => op(isa.BPF_LD | isa.BPF_ABS | isa.BPF_B, 0, 0, 0, offset);
const jump = (off: number) => op(isa.BPF_JMP | isa.BPF_JA, 0, 0, off);
const constant = (dst: number, value: bigint) => [
  op(isa.BPF_LD | isa.BPF_IMM | isa.BPF_DW, dst, 0, 0, Number(BigInt.asIntN(32, value))),
  op(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
];

function agentForm(insns: isa.EbpfProgram): isa.EbpfProgram {
  return toAgentForm({ name: 'p', insns, functions: [] }, { maps: [] });
}

/** r0 for a packet of these bytes. */
function run(insns: isa.EbpfProgram, frame: readonly number[] = [7, 8, 9]): number {
  return prepareMbufProgram(agentForm(insns))({
    ...{ frame: Uint8Array.from(frame), pktLen: 111, olFlagsLow: 0, olFlagsHigh: 0, vlanTci: 0, port: 0 },
    ...{ vlanTciOuter: 0, nbSegs: 1, packetType: 0, rss: 222, fdirHi: 0 },
  });
}

const relations: readonly (readonly [number, (a: bigint, b: bigint) => boolean, isSigned: boolean])[] = [
  [isa.BPF_JEQ, (a, b) => a === b, false],
  [isa.BPF_JNE, (a, b) => a !== b, false],
  [isa.BPF_JGT, (a, b) => a > b, false],
  [isa.BPF_JGE, (a, b) => a >= b, false],
  [isa.BPF_JLT, (a, b) => a < b, false],
  [isa.BPF_JLE, (a, b) => a <= b, false],
  [isa.BPF_JSET, (a, b) => (a & b) !== 0n, false],
  [isa.BPF_JSGT, (a, b) => a > b, true],
  [isa.BPF_JSGE, (a, b) => a >= b, true],
  [isa.BPF_JSLT, (a, b) => a < b, true],
  [isa.BPF_JSLE, (a, b) => a <= b, true],
];

const values = [
  ...[0n, 1n, 5n, 0x7fn, 0x80n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0xffff_fffbn],
  ...[0x1_0000_0005n, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x5555_5555_aaaa_aaaan],
];

test('comparisons of 32 bits and bit tests, on any values and with few registers free', () => {
  const value = fc.constantFrom(...values);
  fc.assert(
    fc.property(
      fc.record({
        relation: fc.constantFrom(...relations),
        bits: fc.constantFrom(32, 64),
        left: value,
        right: value,
        isConstant: fc.boolean(),
        live: fc.subarray([0, 1, 2, 5, 7, 8, 9]),
      }),
      ({ relation: [operation, holds, isSigned], bits, left, right, isConstant, live }) => {
        // Two registers stay free for what the comparison needs.
        const kept = live.slice(0, 5);
        const imm = Number(BigInt.asIntN(32, right));
        const operand = isConstant ? BigInt(imm) : right;
        const cut = (one: bigint) => (isSigned ? BigInt.asIntN(bits, one) : BigInt.asUintN(bits, one));
        const wanted = holds(cut(left), cut(operand));
        const jumps = (bits === 32 ? isa.BPF_JMP32 : isa.BPF_JMP) | operation;
        const sum = kept.filter((register) => register !== 0);
        const program = [
          ...constant(3, left),
          ...constant(4, right),
          ...kept.map((register) => move(register, register + 1)),
          isConstant ? op(jumps, 3, 0, 2, imm) : op(jumps | isa.BPF_X, 3, 4, 2),
          move(6, 100),
          jump(1),
          move(6, 200),
          ...(kept.includes(0) ? [] : [move(0, 0)]),
          ...sum.map((register) => add(0, register)),
          add(0, 6),
          exit,
        ];
        const expected = (wanted ? 200 : 100) + kept.reduce((total, register) => total + register + 1, 0);
        // r6 needs a place as well: without one the program is refused.
        if (live.length < 7 || ![7, 8, 9].every((register) => kept.includes(register))) {
          expect(run(program)).toBe(expected);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test.each(values)('a constant of 64 bits: %s', (value) => {
  const below = (isMore: boolean) => [
    ...constant(2, value),
    op(isa.BPF_ALU64 | isa.BPF_RSH, 2, 0, 0, isMore ? 32 : 0),
    op(isa.BPF_ALU | isa.BPF_MOV | isa.BPF_X, 0, 2),
    exit,
  ];
  expect([run(below(true)), run(below(false))]).toEqual([Number(value >> 32n), Number(value & 0xffff_ffffn)]);
});

describe('the context', () => {
  test('is found in copies, and r6 gives way', () => {
    const program = [
      move(6, 1000),
      copy(3, 1),
      copy(1, 3),
      field(1, 1, 36),
      field(2, 3, 44),
      copy(0, 6),
      add(0, 1),
      add(0, 2),
      exit,
    ];
    expect(run(program)).toBe(1333);
    expect(agentForm(program).filter(({ src, dst }) => src === 6 || dst === 6)).toHaveLength(3);
  });

  test('other values of r6 live on over loads of the packet', () => {
    const program = [move(6, 1000), copy(7, 6), copy(6, 1), packetByte(1), add(0, 7), exit];
    expect(run(program)).toBe(1008);
  });

  test('what holds it on one way only cannot be used', () => {
    const program = [
      field(2, 1, 36),
      op(isa.BPF_JMP | isa.BPF_JEQ, 2, 0, 1, 1),
      copy(3, 1),
      field(0, 3, 36),
      exit,
    ];
    expect(() => agentForm(program)).toThrow('r3 is no pointer');
  });

  test('a program that needs r6 to r9 over packet loads is refused', () => {
    const all = [6, 7, 8, 9].map((register) => move(register, register));
    const program = [...all, packetByte(0), ...[6, 7, 8, 9].map((register) => add(0, register)), exit];
    expect(() => agentForm(program)).toThrow('it uses all registers: expected r6 free for the packet');
  });
});

describe('control', () => {
  test('blocks in any order, several exits', () => {
    // 0: goto 4; 1: r0 = 1, exit; 3: goto 1; 4: if the length is 111 goto 3; r0 = 2, exit
    const program = [
      jump(3),
      move(0, 1),
      exit,
      jump(-3),
      field(2, 1, 36),
      op(isa.BPF_JMP | isa.BPF_JEQ, 2, 0, -3, 111),
      move(0, 2),
      exit,
    ];
    expect(run(program)).toBe(1);
    expect(agentForm(program).every(({ code, off }) => (code & 7) !== isa.BPF_JMP || off >= 0)).toBe(true);
  });

  test('code that nothing leads to disappears', () => {
    expect(agentForm([move(0, 1), exit, move(0, 2), exit])).toHaveLength(3);
  });

  test.each([
    ['a loop', [move(0, 1), jump(-2), exit], 'it has a loop at instruction 0 of 3'],
    ['a jump outside', [jump(5), exit], 'instruction 0: control goes to 6 of 2'],
    ['no exit', [move(0, 1)], 'instruction 0: control goes to 1 of 1'],
    ['a jump into a constant', [jump(1), ...constant(0, 1n), exit], 'control goes to -1'],
    ['half a constant', constant(0, 1n).slice(0, 1), 'control goes to -1'],
    ['nothing', [], 'r0 is read before it is written'],
  ])('%s is refused', (_, program, message) => {
    expect(() => agentForm(program)).toThrow(message);
  });
});

test('two shifts that clear the upper half keep the bounds that packet loads need', () => {
  const shift = (operation: number) => op(isa.BPF_ALU64 | operation, 7, 0, 0, 32);
  const program = [
    copy(6, 1),
    packetByte(0),
    copy(7, 0),
    shift(isa.BPF_LSH),
    shift(isa.BPF_RSH),
    op(isa.BPF_LD | isa.BPF_IND | isa.BPF_B, 0, 7, 0, 1),
    exit,
  ];
  expect(run(program, [1, 8, 9])).toBe(9);
});
