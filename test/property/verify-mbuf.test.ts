/** The profile `dpdk` takes what the stricter check of translated filters takes, which the agent repeats in C. */
import { expect, test } from 'vitest';
import { VerifierError } from '../../src/base/index.ts';
import {
  BpfObject,
  checkMbufProgram,
  compileForMbuf,
  dpdkProfile,
  type EbpfProgram,
  toAgentForm,
  verifyProgram,
} from '../../src/bpf/index.ts';
import { compileFilter } from '../../src/filter/index.ts';
import { CPUS, compileC, hasClang, needsClang } from '../conformance/clang.ts';
import { randomSource } from '../conformance/object-programs.ts';
import { makeRandom } from '../conformance/packets.ts';
import { damaged, randomProgram } from '../conformance/random-programs.ts';
import { expressions } from '../conformance/table.ts';

/** What the verifier says; undefined when it takes the program. */
function refusalOf(program: EbpfProgram): string | undefined {
  try {
    verifyProgram(program, dpdkProfile());
    return undefined;
  } catch (error) {
    if (error instanceof VerifierError) return error.message;
    throw error;
  }
}

function isChecked(program: EbpfProgram): boolean {
  try {
    checkMbufProgram(program);
    return true;
  } catch {
    return false;
  }
}

test('filters', { timeout: 60_000 }, () => {
  const refused: string[] = [];
  expressions().forEach((text, i) => {
    if (i % 3 !== 0) return;
    let program: EbpfProgram;
    try {
      program = compileForMbuf(compileFilter(text), { direction: i % 2 === 0 ? 'in' : 'out' });
    } catch {
      return;
    }
    const why = refusalOf(program);
    if (why !== undefined) refused.push(`${text}: ${why}`);
  });
  expect(refused).toEqual([]);
});

test('random programs', { timeout: 60_000 }, () => {
  const random = makeRandom(21);
  const refused: string[] = [];
  let checked = 0;
  for (let i = 0; i < 2000; i++) {
    const program = randomProgram(random, 12);
    for (const each of [program, damaged(program, random)]) {
      if (!isChecked(each)) continue;
      checked++;
      const why = refusalOf(each);
      if (why !== undefined) refused.push(why);
    }
  }
  expect(refused.slice(0, 5)).toEqual([]);
  expect(checked).toBeGreaterThan(500);
});

test('what clang made of random programs in C', { timeout: 60_000 }, (ctx) => {
  if (!hasClang) ctx.skip(needsClang);
  const source = randomSource(40, makeRandom(5));
  const refused: string[] = [];
  let checked = 0;
  for (const cpu of CPUS) {
    const object = new BpfObject(compileC(source, cpu, ['-Wno-everything', '-fwrapv']));
    for (const name of object.programs) {
      let program: EbpfProgram;
      try {
        program = toAgentForm(object.link(name), object);
      } catch {
        continue;
      }
      checked++;
      const why = refusalOf(program);
      if (why !== undefined) refused.push(`${name}, -mcpu=${cpu}: ${why}`);
    }
  }
  expect(refused).toEqual([]);
  expect(checked).toBeGreaterThan(60);
});
