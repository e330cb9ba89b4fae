/** The agent's loops over a burst (program_loop.c): what a program finds at each turn, and what the caller finds afterwards. */
import { expect, test } from 'vitest';
import { hasDpdk, runHarness } from './agent-harness.ts';

test.skipIf(!hasDpdk || process.arch !== 'x64')(
  'loops give a program each packet and keep what is the caller’s',
  () => {
    expect(runHarness('loops-harness.c', ['program_loop.c', 'program_targets.c'])).toEqual({
      status: 0,
      signal: null,
      stdout: expect.stringMatching(/^\d{5} turns\n$/),
    });
  },
  60_000,
);
