import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UnsupportedError } from '../../base/index.ts';
import { createMemory } from '../../wasm/index.ts';
import { assemble } from '../asm/assemble.ts';
import { formatEbpf } from '../asm/format.ts';
import type { EbpfProgram } from '../isa/insn.ts';
import { type Engine, type Environment, packetContext } from '../vm/engine.ts';
import { interpreter } from '../vm/interpreter.ts';
import { wasmJit } from '../vm/wasm-jit/wasm-jit.ts';
import { lowerPacketLoads } from './lower-packet-loads.ts';

const CONTEXT = 64;
const PACKET = 65_536;
const packet = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 37) & 0xff);

const memory = createMemory(3);
const view = new DataView(memory.buffer);
new Uint8Array(memory.buffer).set(packet, PACKET);
const environment: Environment = {
  memory,
  stack: { offset: 1024, lengthBytes: 512 },
  areas: [
    { name: 'context', offset: CONTEXT, lengthBytes: packetContext.sizeBytes, isWritable: false },
    { name: 'packet', offset: PACKET, lengthBytes: packet.length, isWritable: false },
  ],
  helpers: new Map(),
  budgetInsns: 1000,
};
view.setUint32(CONTEXT + packetContext.bufAddr, PACKET - 128, true);
view.setUint16(CONTEXT + packetContext.dataOff, 128, true);

function run(engine: Engine, program: EbpfProgram, captured: number): bigint {
  view.setUint32(CONTEXT + packetContext.capturedLength, captured, true);
  const prepared = engine.prepare(program, environment);
  prepared.run(CONTEXT, 0);
  return prepared.result;
}

const offset = fc.oneof(
  fc.integer({ min: -2, max: 70 }),
  fc.constantFrom(0x7ffb, 0x7ffc, 0x7fff, 0x8000, 39_996, 39_999, 40_000, 0x7fffffff, -0x80000000),
);

test('a lowered load gives what the packet load gives, or ends the program with it', () => {
  const step = fc.record({
    type: fc.constantFrom('u8', 'u16', 'u32'),
    base: fc.option(fc.constantFrom(0n, 1n, 30n, 1n << 32n, (1n << 64n) - 1n, (1n << 64n) - 4n, 1n << 63n)),
    offset,
  });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(0, 1, 3, 64, 40_000),
      (steps, captured) => {
        const lines = steps.flatMap(({ type, base, offset: at }, i) => {
          const place = base === null ? `skb[${at}]` : `skb[r7 ${at < 0 ? '-' : '+'} ${Math.abs(at)}]`;
          const index = base === null ? [] : [`r7 = 0x${base.toString(16)} ll`];
          return [...index, `r0 = *(${type} *)${place}`, `r8 <<= 1`, 'r8 ^= r0', `if r8 == ${i} goto end`];
        });
        const program = assemble(
          ['r6 = r1', 'r8 = 0', ...lines, 'end: r8 += 1', 'r0 = r8', 'exit'].join('\n'),
        );
        const lowered = lowerPacketLoads(program);
        expect(formatEbpf(lowered)).not.toContain('skb');
        const want = run(interpreter, program, captured);
        for (const engine of [interpreter, wasmJit]) expect(run(engine, lowered, captured)).toBe(want);
      },
    ),
    { numRuns: 300 },
  );
});

describe('programs', () => {
  test('without packet loads stay as they are', () => {
    const program = assemble('r0 = 1\nexit');
    expect(lowerPacketLoads(program)).toBe(program);
  });

  test('what an absolute load becomes', () => {
    expect(formatEbpf(lowerPacketLoads(assemble('r6 = r1\nr0 = *(u16 *)skb[12]\nexit')))).toBe(
      [
        '   0: r6 = r1',
        '   1: r2 = *(u32 *)(r6 + 56)',
        '   2: if r2 < 0xe goto +6',
        '   3: r3 = *(u64 *)(r6 + 0)',
        '   4: r4 = *(u16 *)(r6 + 16)',
        '   5: r3 += r4',
        '   6: r0 = *(u16 *)(r3 + 12)',
        '   7: r0 = be16 r0',
        '   8: exit',
        '   9: w0 = 0x0',
        '  10: exit',
        '',
      ].join('\n'),
    );
  });

  test('with functions are refused', () => {
    const program = assemble('r6 = r1\ncall f\nexit\nf: r0 = *(u8 *)skb[0]\nexit');
    expect(() => lowerPacketLoads(program)).toThrow(UnsupportedError);
  });
});
