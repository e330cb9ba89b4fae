/**
 * docs/method.md, walked through as it is written: each command in its order, in one shell, on the example forwarder. Of what the
 * page shows of an output, each line has to come, whatever its numbers are.
 */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { until } from './hone.ts';
import { missingDpdk } from './testpmd.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hone-method-'));
const page = readFileSync(join(root, 'docs/method.md'), 'utf8');

interface Step {
  readonly command: string;
  /** Lines that the page shows; `...` stands for others. */
  readonly shown: readonly string[];
}

/** Blocks of the walk that begin with a `$`. */
const steps: readonly Step[] = [
  ...page.slice(page.indexOf('## A walk')).matchAll(/^```\n\$ ([^`]*)^```$/gm),
].map(([, text]) => {
  const [command, ...shown] = text!.trimEnd().split('\n');
  return { command: command!, shown: shown.filter((line) => line.trim() !== '' && line.trim() !== '...') };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Numbers, their units and the spaces between columns are not compared. */
function withoutNumbers(line: string): string {
  return line
    .replace(/\d[\d,.]*(T[\d:.]+Z)?/g, '#')
    .replace(/# ?(ns|µs|ms|s)\b/g, '#')
    .replace(/@+/g, '@')
    .replace(/\s+/g, ' ')
    .trim();
}

test('the walk has its steps', () => {
  expect(steps.length).toBeGreaterThanOrEqual(6);
});

test('docs/method.md leads from the question to the cause', async (context) => {
  const missing = missingDpdk();
  if (missing !== undefined) context.skip(missing);
  cpSync(join(root, 'examples/forwarder'), join(folder, 'forwarder'), { recursive: true });
  mkdirSync(join(folder, 'bin'));
  symlinkSync(join(root, 'dist/cli/main.js'), join(folder, 'bin/hone'));
  chmodSync(join(root, 'dist/cli/main.js'), 0o755);
  const shell = spawn('bash', [], {
    cwd: join(folder, 'forwarder'),
    env: {
      ...process.env,
      PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
      HONE_NATIVE: join(root, 'native/agent'),
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  try {
    for (const [n, { command, shown }] of steps.entries()) {
      output = '';
      shell.stdin.write(`${command}\necho "step ${n} is over"\n`);
      await until(command, () => output.includes(`step ${n} is over`), 120_000);
      const seen = output.split('\n').map(withoutNumbers);
      for (const line of shown) expect(seen, `${command}\n${output}`).toContain(withoutNumbers(line));
    }
  } finally {
    shell.stdin.end('kill $(jobs -p) 2>/dev/null; wait\n');
    await new Promise((resolve) => shell.once('close', resolve));
  }
}, 300_000);
