/**
 * hone's own cases for the engines. Those of arithmetic, comparisons, memory and atomic operations are made from the rows of
 * the instruction table and the model; the rest are programs as text with what they give.
 */
import { assemble } from '../../src/bpf/asm/assemble.ts';
import type { EbpfInsn, EbpfProgram } from '../../src/bpf/isa/insn.ts';
import { type InsnRow, insnTable } from '../../src/bpf/isa/table.ts';
import { type Attempt, type BpfCase, BUDGET, DATA } from './bpf-case.ts';
import { modelAlu, modelAtomic, modelByteOrder, modelJump, modelMovsx } from './bpf-model.ts';

const values: readonly bigint[] = [
  0n,
  1n,
  2n,
  7n,
  31n,
  32n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0x7fffn,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x1fffffffffffffn,
  0x20000000000001n,
  0x123456789abcdef0n,
  0x7fffffffffffffffn,
  0x8000000000000000n,
  0xfffffffffffffff8n,
  0xffffffff80000000n,
  0xffffffffffffffffn,
];

const constants = [0, 1, 3, 7, 31, 33, 63, 0x7fff, 0x12345678, 0x7fffffff, -1, -7, -0x80000000] as const;

const op = (code: number, dst = 0, src = 0, off = 0, imm = 0): EbpfInsn => ({ code, dst, src, off, imm });

const unsigned = (value: number): bigint => BigInt.asUintN(64, BigInt(value));

const bytesOf = (...numbers: readonly bigint[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(numbers).buffer);

/** Two numbers of memory into r3 and r4, the instruction on them, r3 out. */
const around = (insn: EbpfInsn): EbpfProgram => [
  ...assemble('ldxdw r3, [r1]\nldxdw r4, [r1+8]'),
  insn,
  ...assemble('mov r0, r3\nexit'),
];

const pairs: readonly (readonly [bigint, bigint])[] = values.flatMap((a) =>
  values.map((b) => [a, b] as const),
);

export function ownCases(): readonly BpfCase[] {
  return [...insnTable.flatMap(rowCases), ...textCases];
}

function rowCases(row: InsnRow): readonly BpfCase[] {
  const off = row.fixed.off ?? 0;
  switch (row.kind) {
    case 'alu':
    case 'jump':
      return row.operand === 'imm' ? constantCases(row) : [registerCase(row)];
    case 'movsx':
      return [valueCase(row, op(row.code, 3, 3, off), (a) => modelMovsx(row, a))];
    case 'end':
      return [valueCase(row, op(row.code, 3, 0, 0, row.sizeBits), (a) => modelByteOrder(row, a))];
    case 'load':
    case 'loadsx':
      return [loadCase(row)];
    case 'store':
      return [storeCase(row)];
    case 'atomic':
      return atomicCases(row);
    default:
      return [];
  }
}

const valueCase = (row: InsnRow, insn: EbpfInsn, model: (a: bigint) => bigint): BpfCase => ({
  name: row.name,
  program: around(insn),
  attempts: values.map((a) => ({ memory: bytesOf(a, 0n), result: model(a) })),
});

function registerCase(row: InsnRow): BpfCase {
  const program =
    row.kind === 'alu'
      ? around(op(row.code, 3, row.operand === 'reg' ? 4 : 0, row.fixed.off))
      : branch(op(row.code, 3, 4, 2));
  const model = row.kind === 'alu' ? modelAlu : modelTaken;
  return {
    name: row.name,
    program,
    attempts: pairs.map(([a, b]) => ({ memory: bytesOf(a, b), result: model(row, a, b) })),
  };
}

const constantCases = (row: InsnRow): readonly BpfCase[] =>
  constants.map((imm) => ({
    name: `${row.name} ${imm}`,
    program:
      row.kind === 'alu'
        ? around(op(row.code, 3, 0, row.fixed.off, imm))
        : branch(op(row.code, 3, 0, 2, imm)),
    attempts: values.map((a) => ({
      memory: bytesOf(a, 0n),
      result: (row.kind === 'alu' ? modelAlu : modelTaken)(row, a, unsigned(imm)),
    })),
  }));

/** 1 when the jump over two instructions is taken. */
const branch = (jump: EbpfInsn): EbpfProgram => [
  ...assemble('ldxdw r3, [r1]\nldxdw r4, [r1+8]'),
  jump,
  ...assemble('mov r0, 0\nexit\nmov r0, 1\nexit'),
];

const modelTaken = (row: InsnRow, a: bigint, b: bigint): bigint => (modelJump(row, a, b) ? 1n : 0n);

/** Loads at an address that is not aligned. */
const loadCase = (row: InsnRow): BpfCase => ({
  name: row.name,
  program: [...assemble('mov r0, -1\nadd r1, 8'), op(row.code, 0, 1, -5), ...assemble('exit')],
  attempts: values.map((a) => {
    const memory = new Uint8Array(16).fill(0xa5);
    memory.set(bytesOf(a), 3);
    const part = row.kind === 'load' ? BigInt.asUintN(row.sizeBits, a) : BigInt.asIntN(row.sizeBits, a);
    return { memory, result: BigInt.asUintN(64, part) };
  }),
});

function storeCase(row: InsnRow): BpfCase {
  const imm = row.operand === 'imm' ? -0x12345678 : 0;
  return {
    name: row.name,
    program: [
      ...assemble('ldxdw r3, [r1]'),
      op(row.code, 1, row.operand === 'reg' ? 3 : 0, 11, imm),
      ...assemble('mov r0, 0\nexit'),
    ],
    attempts: values.map((a) => {
      const memory = new Uint8Array(24).fill(0xa5);
      memory.set(bytesOf(a), 0);
      const memoryAfter = memory.slice();
      const stored = row.operand === 'reg' ? a : unsigned(imm);
      memoryAfter.set(bytesOf(stored).subarray(0, row.sizeBits / 8), 11);
      return { memory, memoryAfter, result: 0n };
    }),
  };
}

/** For what happens to memory, to src, and to r0. */
function atomicCases(row: InsnRow): readonly BpfCase[] {
  return (['src', 'r0'] as const).map((register) => ({
    name: `${row.name}, ${register}`,
    program: [
      ...assemble('ldxdw r0, [r1+16]\nldxdw r3, [r1]'),
      op(row.code, 1, 3, 8, row.fixed.imm),
      ...assemble(`mov r0, ${register === 'src' ? 'r3' : 'r0'}\nexit`),
    ],
    attempts: pairs.map(([src, old], i) => {
      const r0 = i % 3 === 0 ? old : i % 3 === 1 ? BigInt.asUintN(32, old) : src;
      const after = modelAtomic(row, old, src, r0);
      return {
        memory: bytesOf(src, old, r0),
        memoryAfter: bytesOf(src, after.memory, r0),
        result: after[register],
      };
    }),
  }));
}

type Want = Attempt['result'] | number;

const text = (
  name: string,
  source: string,
  ...attempts: readonly (readonly [Want, Omit<Attempt, 'result'>?])[]
): BpfCase => ({
  name,
  program: assemble(source),
  attempts: attempts.map(([result, input = {}]) => ({
    ...input,
    result: typeof result === 'number' ? BigInt(result) : result,
  })),
});

const packet = Uint8Array.from([0x11, 0x22, 0x33, 0x44, 0x85, 0x96, 0xa7, 0xb8]);

const textCases: readonly BpfCase[] = [
  text('exit', 'r0 = 7\nexit', [7]),
  text('the arguments', 'r0 = r1\nr0 <<= 8\nr0 |= r2\nexit', [
    (DATA << 8) | 3,
    { memory: new Uint8Array(3) },
  ]),
  text('ja', 'r0 = 1\ngoto +1\nr0 = 2\nexit', [1]),
  text('ja back', 'r0 = 1\ngoto over\nend: exit\nover: r0 += 1\ngoto end', [2]),
  text('ja32', 'r0 = 1\ngotol +1\nr0 = 2\nexit', [1]),
  text('ja32 far', `r0 = 1\ngotol end\n${'r0 = 2\n'.repeat(40_000)}end: exit`, [1]),
  text('a loop', 'r0 = 0\nr1 = 100\nagain: r0 += r1\nr1 -= 1\nif r1 != 0 goto again\nexit', [5050]),
  text('a loop without end', 'again: goto again', ['budget']),
  text('a loop without end, of two', 'a: if r0 == 0 goto b\nexit\nb: w0 = 0\ngoto a', ['budget']),
  text(
    'a loop that is just long enough',
    `r1 = ${BUDGET / 2 - 10}\na: r1 -= 1\nif r1 != 0 goto a\nr0 = 3\nexit`,
    [3],
  ),
  text('lddw', 'r0 = 0x8000000080000000 ll\nexit', [0x8000000080000000n]),
  text('lddw over a jump', 'r0 = 1\nif r0 == 1 goto +2\nr0 = 5 ll\nexit', [1]),
  ...(['map_by_fd', 'var_addr', 'code_addr', 'map_by_idx'] as const).map((kind) =>
    text(`lddw ${kind}`, `r0 = ${kind}(3)\nexit`, [DATA + kind.length * 16 + 3]),
  ),
  ...(['map_by_fd', 'map_by_idx'] as const).map((kind) =>
    text(`lddw map_val(${kind})`, `r0 = map_val(${kind}(3)) + 8\nexit`, [
      DATA + kind.replace('map_by', 'map_val_by').length * 16 + 11,
    ]),
  ),
  text('lddw of what nobody knows', 'r0 = map_by_fd(404)\nexit', [
    { refusal: 'nothing is known of map_by_fd(404)' },
  ]),
  text('the upper half is cleared by 32-bit operations', 'r0 = -1\nw0 += 0\nexit', [0xffffffff]),
  text('the upper half is cleared by mov32 to itself', 'r0 = -1\nw0 = w0\nexit', [0xffffffff]),
  text('the upper half is cleared by mod32 by 0', 'r0 = -1\nr1 = 0\nw0 %= w1\nexit', [0xffffffff]),
  text('the upper half is cleared by a shift by 32', 'r0 = -1\nw0 <<= 32\nexit', [0xffffffff]),
  text(
    'the stack',
    '*(u64 *)(r10 - 8) = -2\nr1 = r10\nr1 += -512\n*(u8 *)(r1 + 0) = 3\nr0 = *(u64 *)(r10 - 8)\nexit',
    [0xfffffffffffffffen],
  ),
  text('r10 keeps its value', 'r0 = r10\nr0 -= r10\nexit', [0]),
  text('call helper', 'r1 = 1\nr2 = 2\nr3 = 3\nr4 = 4\nr5 = 5\ncall 1\nexit', [
    (((1 * 31 + 2) * 31 + 3) * 31 + 4) * 31 + 5,
  ]),
  text('call helper, 64 bits', 'call 2\nexit', [0xffffffffffffffffn]),
  text(
    'call helper keeps r6 to r9',
    'r6 = 1\nr7 = 2\nr8 = 3\nr9 = 4\ncall 2\nr0 = r6\nr0 += r7\nr0 += r8\nr0 += r9\nexit',
    [10],
  ),
  text('call of a helper that is not there', 'call 77\nexit', [{ refusal: 'helper 77' }]),
  text('call btf', 'call btf 77\nexit', [{ refusal: 'BTF id 77' }]),
  text('callx', 'r1 = 0x123456789 ll\nr2 = 5\ncallx r2\nexit', [0x123456789]),
  text('callx of a helper that is not there', 'r2 = 0x100000005 ll\ncallx r2\nexit', ['helper']),
  text('call local', 'r1 = 5\ncall double\nr0 += 1\nexit\ndouble: r0 = r1\nr0 += r1\nexit', [11]),
  text(
    'call local keeps r6 to r9',
    'r6 = 1\nr9 = -1\ncall f\nr0 = r6\nr0 += r9\nexit\nf: r6 = 7\nr9 = 7\nr0 = 7\nexit',
    [0],
  ),
  text(
    'call local has its own stack, and sees its caller’s',
    `*(u64 *)(r10 - 8) = 1\nr1 = r10\nr1 += -8\ncall f\nr2 = *(u64 *)(r10 - 8)\nr0 += r2\nexit
     f: *(u64 *)(r10 - 8) = 40\nr2 = *(u64 *)(r1 + 0)\nr2 += 2\n*(u64 *)(r1 + 0) = r2\nr0 = *(u64 *)(r10 - 8)\nexit`,
    [43],
  ),
  text('eight functions at once', nested(8), [8]),
  text('nine functions at once', nested(9), ['frames']),
  text('recursion without end', 'f: call f\nexit', ['frames']),
  text('ldabsb', 'r6 = r1\nldabsb 4\nexit', [0x85, { packet }]),
  text('ldabsh', 'r6 = r1\nldabsh 6\nexit', [0xa7b8, { packet }], [0, { packet: packet.subarray(0, 7) }]),
  text('ldabsw', 'r6 = r1\nldabsw 4\nexit', [0x8596a7b8, { packet }], [0, { packet: packet.subarray(0, 7) }]),
  text('ldindb', 'r6 = r1\nr2 = 5\nldindb r2, 1\nexit', [0xa7, { packet }]),
  text('ldindh', 'r6 = r1\nr2 = -1\nldindh r2, 2\nexit', [0x2233, { packet }]),
  text('ldindw', 'r6 = r1\nr2 = 3\nldindw r2, -1\nexit', [0x33448596, { packet }]),
  text('a packet load beyond the packet ends with 0', 'r6 = r1\nr0 = 7\nldabsb 8\nr0 = 9\nexit', [
    0,
    { packet },
  ]),
  text('a packet load before the packet ends with 0', 'r6 = r1\nldabsb -1\nr0 = 9\nexit', [0, { packet }]),
  text('a packet load does not wrap at 32 bits', 'r6 = r1\nr2 = 0x100000000 ll\nldindb r2, 0\nr0 = 9\nexit', [
    0,
    { packet },
  ]),
  text(
    'a packet load does not wrap at 32 bits with a displacement',
    'r6 = r1\nw2 = -1\nldindb r2, 2\nr0 = 9\nexit',
    [0, { packet }],
  ),
  text(
    'a packet load in a function ends the program',
    'r6 = r1\ncall f\nr0 = 9\nexit\nf: ldabsb 99\nr0 = 8\nexit',
    [0, { packet }],
  ),
];

/** Functions that call each other, `count` of them; r0 counts them. */
function nested(count: number): string {
  const functions = Array.from({ length: count }, (_, i) =>
    i === count - 1 ? `f${i}: r0 = 1\nexit` : `f${i}: call f${i + 1}\nr0 += 1\nexit`,
  );
  return functions.join('\n');
}
