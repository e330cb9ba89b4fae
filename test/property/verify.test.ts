/**
 * What the verifier takes runs: random programs, and such with one field changed, on every engine, on many packets,
 * without a trap, with one result, whatever the stack held before.
 */
import { expect, test } from 'vitest';
import { VerifierError } from '../../src/base/index.ts';
import { assemble } from '../../src/bpf/asm/assemble.ts';
import { formatEbpf } from '../../src/bpf/asm/format.ts';
import type { EbpfInsn, EbpfProgram } from '../../src/bpf/isa/insn.ts';
import { verifyProgram } from '../../src/bpf/verify/verify.ts';
import type { Engine } from '../../src/bpf/vm/engine.ts';
import { engines } from '../conformance/bpf-engines.ts';
import { makeRandom } from '../conformance/packets.ts';
import { type Input, profileOf, randomInput, runAll, settingOf } from './verify-memory.ts';
import { type Kind, type Random, randomProgram } from './verify-programs.ts';

function isTaken(program: EbpfProgram, kind: Kind): boolean {
  try {
    verifyProgram(program, profileOf[kind], settingOf);
    return true;
  } catch (error) {
    if (error instanceof VerifierError) return false;
    throw error;
  }
}

/** What goes wrong; undefined when nothing does. */
function faultOf(program: EbpfProgram, kind: Kind, inputs: readonly Input[]): string | undefined {
  const run = (engine: Engine, garbage: number): string => {
    try {
      return runAll(engine, program, kind, inputs, garbage);
    } catch (error) {
      return `${engine.name}: ${(error as Error).message}`;
    }
  };
  const first = run(engines[0]!, 0x11);
  const isSame =
    first === run(engines[0]!, 0xee) && engines.slice(1).every((engine) => run(engine, 0x77) === first);
  return isSame && !first.includes(':') ? undefined : `${first.slice(0, 200)}\n${formatEbpf(program)}`;
}

/** A copy with one field of one instruction changed a little. */
function changed(program: EbpfProgram, random: Random): EbpfProgram {
  const at = random(program.length);
  const old = program[at]!;
  const changes: readonly Partial<EbpfInsn>[] = [
    { dst: random(11) },
    { src: random(11) },
    { off: old.off + random(17) - 8 },
    { imm: old.imm + random(9) - 4 },
    { imm: old.imm ^ (1 << random(32)) },
    { code: old.code ^ (1 << random(8)) },
    { code: (old.code & 0x0f) | (random(14) << 4) },
  ];
  return program.map((insn, i) => (i === at ? { ...insn, ...changes[random(changes.length)] } : insn));
}

for (const [kind, seed] of [
  ['context', 11],
  ['flat', 12],
] as const) {
  test(`programs with the ${kind} that are taken run`, { timeout: 120_000 }, () => {
    const random = makeRandom(seed);
    const inputs = Array.from({ length: 6 }, () => randomInput(random));
    const faults: string[] = [];
    let taken = 0;
    let changedAndTaken = 0;
    for (let i = 0; i < 1500; i++) {
      const program = assemble(randomProgram(random, kind));
      const variants = [program, changed(program, random)];
      variants.forEach((variant, index) => {
        if (!isTaken(variant, kind)) return;
        if (index === 0) taken++;
        else changedAndTaken++;
        const fault = faultOf(variant, kind, inputs);
        if (fault !== undefined) faults.push(fault);
      });
    }
    expect(faults.slice(0, 2)).toEqual([]);
    expect(taken).toBeGreaterThan(450);
    expect(changedAndTaken).toBeGreaterThan(200);
  });
}
