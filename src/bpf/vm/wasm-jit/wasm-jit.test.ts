import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../../base/index.ts';
import { createMemory, createSharedMemory } from '../../../wasm/index.ts';
import { assemble } from '../../asm/assemble.ts';
import type { EbpfProgram } from '../../isa/insn.ts';
import { validateProgram } from '../../isa/validate.ts';
import { type Engine, type Environment, type Helper, TrapError } from '../engine.ts';
import { interpreter } from '../interpreter.ts';
import { analyzeFunctions } from './control-flow.ts';
import { wasmJit } from './wasm-jit.ts';

const DATA = 0x8000;

const environment = (changes: Partial<Environment> = {}): Environment => ({
  memory: createMemory(1),
  stack: { offset: 0x1000, lengthBytes: 4096 },
  areas: [{ name: 'data', offset: DATA, lengthBytes: 64, isWritable: true }],
  helpers: new Map(),
  budgetInsns: 100_000,
  ...changes,
});

describe('jumps to anywhere', () => {
  /** Instructions that count the ways through the program into r0, and jump by what they have counted. */
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('count' as const), value: fc.integer({ min: 1, max: 9 }) }),
      fc.record({
        kind: fc.constantFrom('jset' as const, 'jgt' as const, 'ja' as const),
        value: fc.constantFrom(1, 2, 4, 8, 100),
        to: fc.nat(),
      }),
    ),
    { minLength: 2, maxLength: 30 },
  );

  const programOf = (list: typeof steps extends fc.Arbitrary<infer Steps> ? Steps : never): EbpfProgram =>
    assemble(
      [
        'r0 = 0',
        ...list.map((step, i) => {
          if (step.kind === 'count') return `l${i}: r0 += ${step.value}`;
          const to = `l${step.to % (list.length + 1)}`;
          if (step.kind === 'ja') return `l${i}: goto ${to}`;
          return `l${i}: if r0 ${step.kind === 'jset' ? '&' : '>'} ${step.value} goto ${to}`;
        }),
        `l${list.length}: exit`,
      ].join('\n'),
    );

  function outcome(engine: Engine, program: EbpfProgram, budgetInsns: number): number | string {
    try {
      return engine.prepare(program, environment({ budgetInsns })).run(0, 0);
    } catch (error) {
      if (error instanceof TrapError) return error.reason;
      throw error;
    }
  }

  test('the same way as the interpreter, in loops with one entry and with several', () => {
    let irreducible = 0;
    fc.assert(
      fc.property(steps, (list) => {
        const program = programOf(list);
        if (!analyzeFunctions(program, validateProgram(program)).get(0)!.isReducible) irreducible++;
        const want = outcome(interpreter, program, 1000);
        // A block may be counted when it is entered, or not at all when nothing goes back.
        expect(outcome(wasmJit, program, want === 'budget' ? 900 : 1100)).toBe(want);
      }),
      { numRuns: 1000 },
    );
    expect(irreducible).toBeGreaterThan(20);
  });
});

test('atomic operations on shared memory', () => {
  const memory = createSharedMemory(1);
  const shared = environment({ memory });
  const view = new DataView(memory.buffer);
  for (const [text, after, result] of [
    ['lock add [r1+8], r2', 0xf_0000_0016n, 0xan],
    ['lock fetch and32 [r1+8], r2', 0xf_0000_0008n, 0xcn],
    ['lock xchg [r1+8], r2', 0xan, 0xf_0000_000cn],
    ['lock cmpxchg32 [r1+8], r2', 0xf_0000_000an, 0xan],
  ] as const) {
    view.setBigUint64(DATA + 8, 0xf_0000_000cn, true);
    const program = assemble(`lddw r0, 0x50000000c\nmov r2, 10\n${text}\nmov r0, r2\nexit`);
    const prepared = wasmJit.prepare(program, shared);
    prepared.run(DATA, 0);
    expect([text, view.getBigUint64(DATA + 8, true), prepared.result]).toEqual([text, after, result]);
  }
  const unaligned = wasmJit.prepare(assemble('mov r2, 1\nlock add [r1+1], r2\nmov r0, 0\nexit'), shared);
  expect(() => unaligned.run(DATA, 0)).toThrow(TrapError);
});

test('an access outside of the memory', () => {
  const prepared = wasmJit.prepare(assemble('ldxdw r0, [r1+0]\nexit'), environment());
  expect(prepared.run(DATA, 0)).toBe(0);
  expect(() => prepared.run(0xffff_0000, 0)).toThrow(TrapError);
  expect(() => prepared.run(0xffff_0000, 0)).toThrow('access outside of its memory');
  expect(prepared.run(DATA, 0)).toBe(0);
});

test('what a helper throws reaches the caller', () => {
  const helper: Helper = {
    name: 'fails',
    arguments: [],
    result: 'scalar',
    call: () => {
      throw new RangeError('no more room');
    },
  };
  const prepared = wasmJit.prepare(
    assemble('call 9\nexit'),
    environment({ helpers: new Map([[9, helper]]) }),
  );
  expect(() => prepared.run(0, 0)).toThrow(RangeError);
});

test('memory that no module can import, and a stack without room', () => {
  const program = assemble('r0 = 0\nexit');
  const bare = environment({ memory: { buffer: new ArrayBuffer(65_536) } });
  expect(() => wasmJit.prepare(program, bare)).toThrow(UnsupportedError);
  expect(() => wasmJit.prepare(program, environment({ stack: { offset: 64, lengthBytes: 511 } }))).toThrow(
    'stack of 511 bytes',
  );
});

test('a budget above 32 bits', () => {
  const loop = assemble('r0 = 3\na: r0 -= 1\nif r0 != 0 goto a\nexit');
  expect(wasmJit.prepare(loop, environment({ budgetInsns: 2 ** 40 })).run(0, 0)).toBe(0);
});
