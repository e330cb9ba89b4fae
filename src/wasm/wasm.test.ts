import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteSink } from './byte-sink.ts';
import type { FunctionBuilder } from './function-builder.ts';
import { createSharedMemory, instantiate } from './host.ts';
import { ModuleBuilder } from './module-builder.ts';
import type { AtomicOpcode, MemoryOpcode, PlainOpcode, ValueType } from './opcodes.ts';

type Value = number | bigint;

/** Runs code as a function of such parameters, with 64 KiB of shared memory. */
function run<Result extends Value>(
  params: readonly ValueType[],
  result: ValueType,
  emit: (code: FunctionBuilder, module: ModuleBuilder) => void,
  ...values: readonly Value[]
): Result {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', true);
  const { index, code } = module.function({ params, results: [result] });
  emit(code, module);
  module.exportFunction('f', index);
  const exports = instantiate<{ f(...values: readonly Value[]): Result }>(module.encode(), {
    env: { memory: createSharedMemory(1) },
  });
  return exports.f(...values);
}

describe('numbers', () => {
  for (const [value, want] of [
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 1]],
    [0xffffffff, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ] as const) {
    test(`u32 ${value}`, () => {
      const sink = new ByteSink();
      sink.u32(value);
      expect(sink.bytes).toEqual(want);
    });
  }

  test('every i32 and i64 constant arrives', () => {
    fc.assert(
      fc.property(fc.integer(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (small, large) => {
        expect(run([], 'i32', (code) => code.i32(small))).toBe(small);
        expect(run([], 'i64', (code) => code.i64(large))).toBe(BigInt.asIntN(64, large));
      }),
      { numRuns: 50 },
    );
  });
});

const MAX64 = -1n;
const MIN64 = -(2n ** 63n);

/** Operands that tell each instruction from all others of its kind. */
const plain: readonly (readonly [PlainOpcode, readonly Value[], Value])[] = [
  ['i32.eqz', [0], 1],
  ['i32.eq', [5, 5], 1],
  ['i32.ne', [5, 5], 0],
  ['i32.lt_s', [-1, 1], 1],
  ['i32.lt_u', [-1, 1], 0],
  ['i32.gt_s', [-1, 1], 0],
  ['i32.gt_u', [-1, 1], 1],
  ['i32.le_s', [-1, 1], 1],
  ['i32.le_u', [-1, 1], 0],
  ['i32.ge_s', [-1, 1], 0],
  ['i32.ge_u', [-1, 1], 1],
  ['i64.eqz', [0n], 1],
  ['i64.eq', [5n, 5n], 1],
  ['i64.ne', [5n, 5n], 0],
  ['i64.lt_s', [-1n, 1n], 1],
  ['i64.lt_u', [-1n, 1n], 0],
  ['i64.gt_s', [-1n, 1n], 0],
  ['i64.gt_u', [-1n, 1n], 1],
  ['i64.le_s', [-1n, 1n], 1],
  ['i64.le_u', [-1n, 1n], 0],
  ['i64.ge_s', [-1n, 1n], 0],
  ['i64.ge_u', [-1n, 1n], 1],
  ['i32.add', [7, 2], 9],
  ['i32.sub', [7, 2], 5],
  ['i32.mul', [7, 2], 14],
  ['i32.div_s', [-7, 2], -3],
  ['i32.div_u', [-7, 2], 0x7ffffffc],
  ['i32.rem_s', [-7, 2], -1],
  ['i32.rem_u', [-7, 2], 1],
  ['i32.and', [6, 3], 2],
  ['i32.or', [6, 3], 7],
  ['i32.xor', [6, 3], 5],
  ['i32.shl', [-7, 1], -14],
  ['i32.shr_s', [-7, 1], -4],
  ['i32.shr_u', [-7, 1], 0x7ffffffc],
  ['i32.rotl', [0x80000001 | 0, 1], 3],
  ['i64.add', [7n, 2n], 9n],
  ['i64.sub', [7n, 2n], 5n],
  ['i64.mul', [7n, 2n], 14n],
  ['i64.div_s', [-7n, 2n], -3n],
  ['i64.div_u', [MAX64, 2n], 2n ** 63n - 1n],
  ['i64.rem_s', [-7n, 2n], -1n],
  ['i64.rem_u', [-7n, 2n], 1n],
  ['i64.and', [6n, 3n], 2n],
  ['i64.or', [6n, 3n], 7n],
  ['i64.xor', [6n, 3n], 5n],
  ['i64.shl', [-7n, 1n], -14n],
  ['i64.shr_s', [-7n, 1n], -4n],
  ['i64.shr_u', [-1n, 1n], 2n ** 63n - 1n],
  ['i64.rotl', [MIN64 + 1n, 1n], 3n],
  ['i32.wrap_i64', [0x1_0000_0005n], 5],
  ['i64.extend_i32_s', [-1], -1n],
  ['i64.extend_i32_u', [-1], 0xffff_ffffn],
  ['i32.extend8_s', [0x1ff], -1],
  ['i32.extend16_s', [0x1ffff], -1],
  ['i64.extend8_s', [0x1ffn], -1n],
  ['i64.extend16_s', [0x1ffffn], -1n],
  ['i64.extend32_s', [0x1_ffff_ffffn], -1n],
  ['select', [3, 4, 0], 4],
];

const typeOf = (value: Value): ValueType => (typeof value === 'bigint' ? 'i64' : 'i32');

test.each(plain)('%s', (opcode, values, want) => {
  const push = (code: FunctionBuilder): void => values.forEach((_, index) => void code.get(index));
  expect(
    run(
      values.map(typeOf),
      typeOf(want),
      (code) => {
        push(code);
        code.op(opcode);
      },
      ...values,
    ),
  ).toBe(want);
});

const PATTERN = 0x8182_8384_8586_8788n;

const loads: readonly (readonly [MemoryOpcode, Value])[] = [
  ['i32.load', 0x85868788 | 0],
  ['i64.load', BigInt.asIntN(64, PATTERN)],
  ['i32.load8_s', 0xffffff88 | 0],
  ['i32.load8_u', 0x88],
  ['i32.load16_s', 0xffff8788 | 0],
  ['i32.load16_u', 0x8788],
  ['i64.load8_s', BigInt.asIntN(8, PATTERN)],
  ['i64.load8_u', 0x88n],
  ['i64.load16_s', BigInt.asIntN(16, PATTERN)],
  ['i64.load16_u', 0x8788n],
  ['i64.load32_s', BigInt.asIntN(32, PATTERN)],
  ['i64.load32_u', 0x85868788n],
];

test.each(loads)('%s', (opcode, want) => {
  expect(
    run([], typeOf(want), (code) => {
      code.i32(100).i64(PATTERN).memory('i64.store', 23);
      code.i32(123).memory(opcode);
    }),
  ).toBe(want);
});

const stores: readonly (readonly [MemoryOpcode, ValueType, bigint])[] = [
  ['i32.store', 'i32', 0x0000_0000_8586_8788n],
  ['i64.store', 'i64', BigInt.asIntN(64, PATTERN)],
  ['i32.store8', 'i32', 0x88n],
  ['i32.store16', 'i32', 0x8788n],
  ['i64.store8', 'i64', 0x88n],
  ['i64.store16', 'i64', 0x8788n],
  ['i64.store32', 'i64', 0x8586_8788n],
];

test.each(stores)('%s', (opcode, type, want) => {
  expect(
    run([], 'i64', (code) => {
      code.i32(9);
      if (type === 'i32') code.i32(Number(BigInt.asIntN(32, PATTERN)));
      else code.i64(PATTERN);
      code.memory(opcode).i32(9).memory('i64.load');
    }),
  ).toBe(want);
});

/** With 0xf_0000_000c in memory and 0xa as the operand: the old value, and what is there afterwards. */
const atomics: readonly (readonly [AtomicOpcode, bigint, bigint])[] = [
  ['i64.atomic.rmw.add', 0xf_0000_000cn, 0xf_0000_0016n],
  ['i64.atomic.rmw32.add_u', 0xcn, 0xf_0000_0016n],
  ['i64.atomic.rmw.and', 0xf_0000_000cn, 8n],
  ['i64.atomic.rmw32.and_u', 0xcn, 0xf_0000_0008n],
  ['i64.atomic.rmw.or', 0xf_0000_000cn, 0xf_0000_000en],
  ['i64.atomic.rmw32.or_u', 0xcn, 0xf_0000_000en],
  ['i64.atomic.rmw.xor', 0xf_0000_000cn, 0xf_0000_0006n],
  ['i64.atomic.rmw32.xor_u', 0xcn, 0xf_0000_0006n],
  ['i64.atomic.rmw.xchg', 0xf_0000_000cn, 0xan],
  ['i64.atomic.rmw32.xchg_u', 0xcn, 0xf_0000_000an],
  ['i64.atomic.rmw.cmpxchg', 0xf_0000_000cn, 0xan],
  ['i64.atomic.rmw32.cmpxchg_u', 0xcn, 0xf_0000_000an],
];

test.each(atomics)('%s', (opcode, old, after) => {
  const emit = (code: FunctionBuilder): void => {
    code.i32(64).i64(0xf_0000_000cn).memory('i64.store');
    code.i32(56);
    if (opcode.includes('cmpxchg')) code.i64(opcode.includes('rmw32') ? 0xcn : 0xf_0000_000cn);
    code.i64(0xan).atomic(opcode, 8);
  };
  expect(run([], 'i64', emit)).toBe(old);
  const emitAfter = (code: FunctionBuilder): void => {
    emit(code);
    code.op('drop').i32(64).memory('i64.load');
  };
  expect(run([], 'i64', emitAfter)).toBe(after);
});

describe('structure', () => {
  test('a loop with a way out: the sum of 1 to n', () => {
    const sum = (code: FunctionBuilder): void => {
      const total = code.local('i64');
      const out = code.block();
      const again = code.loop();
      code.get(0).op('i32.eqz').brIf(out);
      code.get(total).get(0).op('i64.extend_i32_u').op('i64.add').set(total);
      code.get(0).i32(1).op('i32.sub').set(0).br(again);
      code.end().end().get(total);
    };
    expect(run(['i32'], 'i64', sum, 100)).toBe(5050n);
  });

  test('if, else, and a table of branches', () => {
    const choose = (code: FunctionBuilder): void => {
      const other = code.block();
      const two = code.block();
      const one = code.block();
      code.get(0).brTable([one, two], other);
      code.end().i32(10).op('return');
      code.end().get(0).if('i32');
      code.i32(20).else().i32(30).end().op('return');
      code.end().i32(40);
    };
    for (const [index, want] of [
      [0, 10],
      [1, 20],
      [2, 40],
      [-1, 40],
    ] as const) {
      expect(run(['i32'], 'i32', choose, index)).toBe(want);
    }
  });

  test('memory.copy, overlapping', () => {
    const copy = (code: FunctionBuilder): void => {
      code.i32(0).i64(0x0807060504030201n).memory('i64.store');
      code.i32(1).i32(0).i32(4).memoryCopy().i32(0).memory('i64.load');
    };
    expect(run([], 'i64', copy)).toBe(0x0807060403020101n);
  });

  test('functions that call each other, imports and globals', () => {
    const module = new ModuleBuilder();
    const double = module.importFunction('env', 'double', { params: ['i32'], results: ['i32'] });
    const counter = module.global('i64');
    const odd = module.function({ params: ['i32'], results: ['i32'] });
    const even = module.function({ params: ['i32'], results: ['i32'] });
    for (const [{ code }, other, atZero] of [
      [odd, even, 0],
      [even, odd, 1],
    ] as const) {
      code.getGlobal(counter).i64(1).op('i64.add').setGlobal(counter);
      code.get(0).op('i32.eqz').if('i32');
      code.i32(atZero).call(double).else();
      code.get(0).i32(1).op('i32.sub').call(other.index).end();
    }
    module.exportFunction('odd', odd.index);
    module.exportGlobal('counter', counter);
    const exports = instantiate<{ odd(value: number): number; counter: { value: bigint } }>(module.encode(), {
      env: { double: (value: number) => 2 * value },
    });
    expect(exports.odd(7)).toBe(2);
    expect(exports.odd(8)).toBe(0);
    expect(exports.counter.value).toBe(17n);
  });

  test('an open block is a mistake', () => {
    const module = new ModuleBuilder();
    module.function({ params: [], results: [] }).code.block();
    expect(() => module.encode()).toThrow('1 blocks of a function are open');
  });
});
