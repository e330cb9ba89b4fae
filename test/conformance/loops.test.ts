/** The agent's loops over a burst (program_loop.c): what a program finds at each turn, and what the caller finds afterwards. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileHarness, hasDpdk } from './agent-harness.ts';

test.skipIf(!hasDpdk || process.arch !== 'x64')(
  'loops give a program each packet and keep what is the caller’s',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'hone-loops-'));
    try {
      const binary = join(folder, 'harness');
      compileHarness(binary, 'loops-harness.c', ['program_loop.c', 'program_targets.c']);
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
