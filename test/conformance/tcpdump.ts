/** The oracle: filters compiled by the installed tcpdump, and so by libpcap. */
import { spawnSync } from 'node:child_process';
import { BPF_JA, BPF_JMP, BPF_RET, type CbpfProgram } from '../../src/bpf/index.ts';
import type { Entry } from './table.ts';

export const hasTcpdump: boolean = spawnSync('tcpdump', ['--version']).status === 0;

/** What libpcap makes of an expression: a program, or its refusal. */
export type Answer = CbpfProgram | string;

/** The verdict of a program that went where `unrolled` knows that libpcap is wrong. */
export const UNKNOWN = 0xdead_0000;

const cache = new Map<string, Answer>();

/** With libpcap's optimiser or without; asked once for each expression. */
export function askTcpdump({ linkType, expression }: Entry, optimiser: 'optimized' | 'plain'): Answer {
  const key = `${optimiser} ${linkType} ${expression}`;
  let answer = cache.get(key);
  if (answer === undefined) {
    answer = compile(['-y', linkType, ...(optimiser === 'plain' ? ['-O'] : []), '--', expression]);
    cache.set(key, answer);
  }
  return answer;
}

function compile(words: readonly string[]): Answer {
  const { status, stdout, stderr } = spawnSync('tcpdump', ['-ddd', ...words], { encoding: 'utf8' });
  if (status !== 0) return stderr.replace(/^tcpdump: /, '').trim();
  return stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [code, jt, jf, k] = line.split(' ').map(Number) as [number, number, number, number];
      return { code, jt, jf, k };
    });
}

/** What `tcpdump -d` and the like print for an expression that compiles. */
export function printedByTcpdump({ linkType, expression }: Entry, style: 'd' | 'dd' | 'ddd'): string {
  return spawnSync('tcpdump', [`-${style}`, '-y', linkType, '--', expression], { encoding: 'utf8' }).stdout;
}

const JA = BPF_JMP | BPF_JA;

/** Whether the program has a loop, as those of `protochain` have. */
export function hasLoop(program: CbpfProgram): boolean {
  return program.some(({ code, k }) => code === JA && k >= 2 ** 31);
}

/** More rounds than any packet of the tests has headers. */
const ROUNDS = 6;

/**
 * A program without loops that does as many rounds: the program several times over, where a jump back leads into
 * the next copy. Behind an authentication header libpcap has forgotten where the packet began: there the verdict is
 * UNKNOWN, as it is when the rounds are over.
 */
export function unrolled(program: CbpfProgram): CbpfProgram {
  return Array.from({ length: ROUNDS }, (_, round) =>
    program.map((insn, pc) => {
      if (insn.code !== JA || insn.k < 2 ** 31) return insn;
      const skipsAuthentication = program[pc - 3]?.k === 4;
      if (skipsAuthentication || round === ROUNDS - 1) return { code: BPF_RET, jt: 0, jf: 0, k: UNKNOWN };
      return { ...insn, k: (insn.k | 0) + program.length };
    }),
  ).flat();
}
