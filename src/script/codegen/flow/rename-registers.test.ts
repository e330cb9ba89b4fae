import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type EbpfProgram, opcodes as o } from '../../../bpf/index.ts';
import { compile } from '../run-script.fixture.ts';
import { begin, insn, numbersAfter, randomProgram } from './random-program.fixture.ts';
import { renameRegisters } from './rename-registers.ts';

const CONTEXT = 6;

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
  ['two layers and a sum', 'dpdk:rx_packet /tcp.dport == 443/ { @ = sum(args.len); }', 0],
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
