/**
 * Classic programs against their interpreter, as WebAssembly and as extended programs for flat packets: compiled filters and
 * random programs, on all kinds of packets.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addClassicFilter } from '../../src/bpf/batch/classic-filter.ts';
import { compileForFlat } from '../../src/bpf/flat/translate.ts';
import { type CbpfInsn, type CbpfProgram, insn, runCbpf, validateCbpf } from '../../src/bpf/index.ts';
import { type Engine, type Environment, packetContext } from '../../src/bpf/vm/engine.ts';
import { interpreter } from '../../src/bpf/vm/interpreter.ts';
import { wasmJit } from '../../src/bpf/vm/wasm-jit/wasm-jit.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { createMemory, instantiate, ModuleBuilder, PAGE_BYTES } from '../../src/wasm/index.ts';
import {
  composedPackets,
  corpusPackets,
  hasCorpora,
  makeRandom,
  mutated,
  truncated,
} from '../conformance/packets.ts';
import { expressions } from '../conformance/table.ts';

type Verdict = (packet: Uint8Array, wireLength: number) => number;

const memory = createMemory(2);
const bytes = new Uint8Array(memory.buffer);

/** Packets lie at the very end of the memory: what is read behind them traps. */
function prepare(program: CbpfProgram): Verdict {
  const module = new ModuleBuilder();
  module.importMemory('env', 'memory', false);
  module.exportFunction('filter', addClassicFilter(module, program));
  const { filter } = instantiate<{ filter(at: number, captured: number, original: number): number }>(
    module.encode(),
    { env: { memory } },
  );
  return (packet, wireLength) => {
    const at = 2 * PAGE_BYTES - packet.length;
    bytes.set(packet, at);
    return filter(at, packet.length, wireLength) >>> 0;
  };
}

const CONTEXT = 64;
const view = new DataView(memory.buffer);
const environment: Environment = {
  memory,
  stack: { offset: 1024, lengthBytes: 512 },
  areas: [
    { name: 'context', offset: CONTEXT, lengthBytes: packetContext.sizeBytes, isWritable: false },
    { name: 'packet', offset: PAGE_BYTES, lengthBytes: PAGE_BYTES, isWritable: false },
  ],
  helpers: new Map(),
  budgetInsns: 1_000_000,
};

function prepareFlat(program: CbpfProgram, engine: Engine): Verdict {
  const prepared = engine.prepare(compileForFlat(program), environment);
  return (packet, wireLength) => {
    const at = 2 * PAGE_BYTES - packet.length;
    bytes.set(packet, at);
    view.setUint32(CONTEXT + packetContext.bufAddr, at, true);
    view.setUint32(CONTEXT + packetContext.pktLen, wireLength, true);
    view.setUint32(CONTEXT + packetContext.capturedLength, packet.length, true);
    return prepared.run(CONTEXT, 0);
  };
}

test('compiled filters on whole, cut and damaged packets', { timeout: 60_000 }, () => {
  const random = makeRandom(7);
  const whole = [...composedPackets(), ...(hasCorpora ? corpusPackets() : [])].filter(() => random(4) === 0);
  const packets = [...whole, ...truncated(whole, random), ...mutated(whole, random)];
  for (const expression of expressions()) {
    let program: CbpfProgram;
    try {
      program = compileFilter(expression);
    } catch {
      continue;
    }
    const verdict = prepare(program);
    const flat = prepareFlat(program, wasmJit);
    const wrong = packets.filter(({ bytes: packet, wireLength }) => {
      const want = runCbpf(program, packet, wireLength);
      return verdict(packet, wireLength) !== want || flat(packet, wireLength) !== want;
    });
    expect({ expression, wrong }).toEqual({ expression, wrong: [] });
  }
});

describe('random programs', () => {
  const constant = fc.oneof(
    fc.integer({ min: 0, max: 70 }),
    fc.constantFrom(0x800, 0x1ff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff),
  );
  const codes = [
    ...[0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x07, 0x87],
    ...[0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x94, 0x9c, 0x44, 0x4c, 0x54, 0x5c, 0xa4, 0xac],
    ...[0x64, 0x6c, 0x74, 0x7c, 0x84, 0x20, 0x28, 0x28, 0x30, 0x48],
  ];
  const jumps = [0x05, 0x15, 0x15, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x45, 0x4d];
  const step: fc.Arbitrary<CbpfInsn> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        code: fc.constantFrom(...codes),
        jt: fc.constant(0),
        jf: fc.constant(0),
        k: constant,
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        code: fc.constantFrom(...jumps),
        jt: fc.integer({ min: 0, max: 5 }),
        jf: fc.integer({ min: 0, max: 5 }),
        k: constant,
      }),
    },
    { weight: 1, arbitrary: fc.constantFrom(insn(0x16), insn(0x06, 1), insn(0x06, 0)) },
  );

  /** Cells that exist, jumps that stay inside, no division by a constant 0, and an end. */
  function repaired(steps: readonly CbpfInsn[]): CbpfProgram {
    const end = steps.length;
    const inside = steps.map(({ code, jt, jf, k }, pc): CbpfInsn => {
      const room = end - pc - 1;
      const isMemory = [0x60, 0x61, 0x02, 0x03].includes(code);
      const divides = code === 0x34 || code === 0x94;
      return {
        code,
        jt: Math.min(jt, room),
        jf: Math.min(jf, room),
        k: code === 0x05 ? Math.min(k % 5, room) : isMemory ? k % 16 : divides && k === 0 ? 3 : k,
      };
    });
    return [...inside, insn(0x16)];
  }

  test('the same verdict', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 25 }).map(repaired),
        fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 6 }),
        (program, packets) => {
          validateCbpf(program);
          const verdicts = [prepare(program), prepareFlat(program, interpreter)];
          for (const packet of packets) {
            const want = runCbpf(program, packet, packet.length + 4);
            for (const verdict of verdicts) expect(verdict(packet, packet.length + 4)).toBe(want);
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});
