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

type Optimiser = 'optimized' | 'plain';

const keyOf = ({ linkType, expression }: Entry, optimiser: Optimiser): string =>
  `${optimiser} ${linkType} ${expression}`;

/** With libpcap's optimiser or without; asked once for each expression. */
export function askTcpdump(entry: Entry, optimiser: Optimiser): Answer {
  askTcpdumpAll([entry], optimiser);
  return cache.get(keyOf(entry, optimiser))!;
}

/** As many expressions as a command line takes. */
const BATCH = 200;

/** Asks for many expressions at once, for `askTcpdump` to answer later: starting tcpdump from a shell is much cheaper. */
export function askTcpdumpAll(entries: readonly Entry[], optimiser: Optimiser): void {
  const unknown = entries.filter((entry) => !cache.has(keyOf(entry, optimiser)));
  for (let first = 0; first < unknown.length; first += BATCH) {
    const batch = unknown.slice(first, first + BATCH);
    const option = optimiser === 'plain' ? '-O' : '';
    const script = `for each; do tcpdump -ddd ${option} -y "\${each%% *}" -- "\${each#* }" 2>&1; echo "=$?"; done`;
    const { stdout } = spawnSync(
      'sh',
      ['-c', script, 'sh', ...batch.map(({ linkType, expression }) => `${linkType} ${expression}`)],
      { encoding: 'utf8', maxBuffer: 2 ** 26 },
    );
    const answers = stdout.split(/=([0-9]+)\n/);
    batch.forEach((entry, index) => {
      const [text, status] = answers.slice(index * 2) as [string, string];
      cache.set(
        keyOf(entry, optimiser),
        status === '0' ? parseNumbers(text) : text.replace(/^tcpdump: /, '').trim(),
      );
    });
  }
}

/** What -ddd prints: the count, then four numbers an instruction. */
function parseNumbers(text: string): CbpfProgram {
  return text
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
