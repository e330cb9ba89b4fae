/** `hone doctor`: what this machine has, what is missing, and the command that fixes each. */
import { type Command, Option } from 'commander';
import type { Check } from '../target/index.ts';
import { diagnose } from '../target/index.ts';

const MARKS = { ok: 'ok', optional: '--', needed: '!!' } as const;

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('what this machine has, and what is missing')
    .description(
      'Checks what captures need. ok: there; --: missing, but a capture can do without; !!: no capture without it. ' +
        'Exits with 1 when something is !!.',
    )
    .addOption(new Option('-f, --format <format>', 'output').choices(['text', 'json']).default('text'))
    .action(doctor);
}

async function doctor({ format }: { readonly format: 'text' | 'json' }): Promise<void> {
  const checks = await diagnose();
  const isWell = checks.every(({ state }) => state !== 'needed');
  if (format === 'json') {
    const rows = checks.map(({ fix, ...check }) => ({ ...check, fix: fix ?? null }));
    process.stdout.write(`${JSON.stringify(rows)}\n`);
  } else {
    process.stdout.write(formatChecks(checks));
    process.stdout.write(
      isWell ? 'DPDK applications can be captured\n' : 'DPDK applications cannot be captured yet: see !!\n',
    );
  }
  if (!isWell) process.exitCode = 1;
}

/** A line for each check, and below it the command that helps. */
function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, state, text, fix }) => {
    const line = `${MARKS[state]}  ${name.padEnd(width)}  ${text}`;
    return fix === undefined ? [line] : [line, `${' '.repeat(width + 6)}fix: ${fix}`];
  });
  return `${lines.join('\n')}\n`;
}
