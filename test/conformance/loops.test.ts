/** The agent's loops over a burst (program_loop.c): what a program finds at each turn, and what the caller finds afterwards. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasDpdk } from './engine-harness.ts';

test.skipIf(!hasDpdk || process.arch !== 'x64')(
  'loops give a program each packet and keep what is the caller’s',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'hone-loops-'));
    try {
      const binary = join(folder, 'harness');
      const agent = join(import.meta.dirname, '../../native/agent');
      const dpdk = (option: string): readonly string[] =>
        spawnSync('pkg-config', [option, 'libdpdk'], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
      const sources = ['program_loop.c', 'program_targets.c'].map((name) => join(agent, 'src', name));
      const { stderr } = spawnSync(
        'gcc',
        [
          ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-o', binary],
          ...[`-I${join(agent, 'src')}`, `-I${join(agent, 'include')}`, ...dpdk('--cflags')],
          join(import.meta.dirname, 'loops-harness.c'),
          ...sources,
          ...dpdk('--libs'),
        ],
        { encoding: 'utf8' },
      );
      expect(stderr).toBe('');
      const { status, signal, stdout } = spawnSync(binary, { encoding: 'utf8' });
      expect({ status, signal, stdout }).toEqual({
        status: 0,
        signal: null,
        stdout: expect.stringMatching(/^\d{5} turns\n$/),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);
