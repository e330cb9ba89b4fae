/** Scripts that bpftrace 0.17 takes or refuses are taken or refused here, apart from differences with a reason. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CompileError } from '../../src/base/index.ts';
import { checkScript, parseScript } from '../../src/script/index.ts';

type Verdict = 'accept' | 'reject';

const path = fileURLToPath(new URL('scripts.txt', import.meta.url));
const rows = readFileSync(path, 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [verdict, difference, script] = line.split('\t') as [Verdict, string, string];
    return { verdict, difference, script };
  });

/** Every so many rows are tried on bpftrace itself, which takes half a second for each. */
const LIVE_EVERY = 8;

function ours(script: string): Verdict {
  try {
    checkScript(parseScript(script), { form: 'kernel', positional: [], findPoints: () => [] });
    return 'accept';
  } catch (error) {
    if (error instanceof CompileError) return 'reject';
    throw error;
  }
}

describe('as the table has it', () => {
  test.each(rows)('$verdict $difference $script', ({ verdict, difference, script }) => {
    expect(ours(script) === verdict).toBe(difference === '=');
  });
});

const version = spawnSync('bpftrace', ['--version'], { encoding: 'utf8' }).stdout ?? '';
const isRoot = process.getuid?.() === 0;

describe('as the installed bpftrace has it', { timeout: 60_000 }, () => {
  const live = rows.filter((_, index) => index % LIVE_EVERY === 0);
  test.for(live)('$verdict $script', ({ verdict, script }, context) => {
    if (!version.includes('v0.17.0')) context.skip('needs bpftrace 0.17.0: apt-get install bpftrace');
    if (!isRoot) context.skip('bpftrace needs root');
    const { status } = spawnSync('bpftrace', ['-d', '-e', script], { stdio: 'ignore' });
    expect(status === 0 ? 'accept' : 'reject').toBe(verdict);
  });
});
