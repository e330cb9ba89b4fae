/** The oracle: filters compiled by the installed tcpdump, and so by libpcap. */
import { spawnSync } from 'node:child_process';
import type { CbpfProgram } from '../../src/bpf/index.ts';

export const hasTcpdump: boolean = spawnSync('tcpdump', ['--version']).status === 0;

/** What libpcap makes of an expression: a program with and one without its optimiser, or its refusal. */
export interface Oracle {
  readonly optimized: CbpfProgram | string;
  readonly plain: CbpfProgram | string;
}

const cache = new Map<string, Oracle>();

export function askTcpdump(expression: string): Oracle {
  let answer = cache.get(expression);
  if (answer === undefined) {
    answer = { optimized: compile(expression, []), plain: compile(expression, ['-O']) };
    cache.set(expression, answer);
  }
  return answer;
}

function compile(expression: string, options: readonly string[]): CbpfProgram | string {
  const { status, stdout, stderr } = spawnSync(
    'tcpdump',
    [...options, '-ddd', '-y', 'EN10MB', '--', expression],
    {
      encoding: 'utf8',
    },
  );
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
export function printedByTcpdump(expression: string, style: 'd' | 'dd' | 'ddd'): string {
  return spawnSync('tcpdump', [`-${style}`, '-y', 'EN10MB', '--', expression], { encoding: 'utf8' }).stdout;
}
